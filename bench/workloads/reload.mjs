// SPDX-License-Identifier: MIT
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { inTurns } from '../tools/rounds.mjs';

const SAVES = 10;
const PATIENCE_MS = 15_000;

const COLUMNS = [
  { key: 'ms', title: 'median ms', digits: 1 },
  { key: 'least', title: 'least ms', digits: 1 },
  { key: 'most', title: 'most ms', digits: 1 },
];

const source = (text) => `export default function handler(_req, res) {
  res.status(200).json({ message: '${text}' });
}
`;

/** One answer's body, on a connection of its own. */
const ask = (url) =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece) => {
        body += piece;
      });
      response.on('end', () => resolve(body)).on('error', reject);
    });
    outgoing.on('error', reject).end();
  });

/** Milliseconds from a save to the first answer of the new code; asked all the time. */
async function saveOnce(file, url, text) {
  const begin = performance.now();
  writeFileSync(file, source(text));
  while (performance.now() - begin < PATIENCE_MS)
    if ((await ask(url)).includes(text)) return performance.now() - begin;
  throw new Error('the new code never answered');
}

async function measure(bench, peer) {
  const folder = bench.scratch('reload');
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(bench.folder, 'apps/hello-js'), folder, { recursive: true });
  const server = await bench.start(peer, 'hello', { folder, command: 'dev' });
  try {
    const times = [];
    for (let i = 0; i < SAVES; i++) {
      const file = join(folder, 'pages/api/hello.ts');
      times.push(await saveOnce(file, `${server.origin}/api/hello`, `Saved ${i}`));
    }
    const sorted = times.toSorted((a, b) => a - b);
    return { ms: sorted[SAVES >> 1], least: sorted[0], most: sorted.at(-1) };
  } finally {
    await server.stop();
  }
}

/** `capra dev`: from saving a file to the first answer of what is in it. */
export const workload = {
  order: 41,
  title: () => 'reload: from saving a route to its first new answer',
  async run(bench) {
    const peers = (await bench.serversFor('hello')).filter(({ name }) => name === 'capra-js');
    const rows = await inTurns(bench, peers, {
      rounds: bench.settings.rounds,
      measure: (peer) => measure(bench, peer),
    });
    return { columns: COLUMNS, rows };
  },
  goals: [
    {
      text: 'capra-js, save to new answer',
      unit: 'ms',
      value: (row) => row('capra-js')?.ms,
      aim: 150,
    },
  ],
};
