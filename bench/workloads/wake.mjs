// SPDX-License-Identifier: MIT
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { KIB } from '../tools/figures.mjs';
import { pssOf, treeOf } from '../tools/process-tree.mjs';
import { inTurns } from '../tools/rounds.mjs';
import { HELLO_PATH } from '../tools/server.mjs';

const OPTIONS = ['--min-workers', '0', '--idle-timeout', '200ms'];
const PATIENCE_MS = 20_000;
const WAKES = 10;

const COLUMNS = [
  { key: 'ms', title: 'first answer, ms', digits: 1 },
  { key: 'startMs', title: 'a whole start, ms', digits: 1 },
  { key: 'overStart', title: 'over a start, ms', digits: 1 },
  { key: 'idleKib', title: 'KiB asleep', digits: 0 },
];

/** One request on a connection of its own; milliseconds until its answer has come. */
const askOnce = (url) =>
  new Promise((resolve, reject) => {
    const begin = performance.now();
    const outgoing = request(url, { agent: false }, (response) => {
      response.resume().on('end', () => resolve(performance.now() - begin));
    });
    outgoing.on('error', reject).end();
  });

/** Until only the supervisor is left. */
async function untilAsleep(pid) {
  const begin = performance.now();
  while (treeOf(pid).length > 1) {
    if (performance.now() - begin > PATIENCE_MS) throw new Error('its workers never went to sleep');
    await delay(20);
  }
}

async function measure(bench, peer) {
  const server = await bench.start(peer, 'hello', { options: OPTIONS });
  try {
    const times = [];
    let idleKib;
    for (let i = 0; i < WAKES; i++) {
      await untilAsleep(server.pid);
      idleKib = pssOf(server.pid) / KIB;
      times.push(await askOnce(server.origin + HELLO_PATH));
    }
    const ms = times.toSorted((a, b) => a - b)[WAKES >> 1];
    const port = server.port;
    await server.stop();
    const command = peer.command({ bench, port, app: 'hello' });
    const startMs = (await bench.startTime(command, server.origin + HELLO_PATH)) / 1000;
    return { ms, startMs, overStart: ms - startMs, idleKib };
  } finally {
    await server.stop();
  }
}

/** Scale to zero: with no traffic only the supervisor is left; the first request wakes a worker. */
export const workload = {
  order: 40,
  title: () => 'wake: from a connection to its first answer, while no worker runs',
  async run(bench) {
    const peers = (await bench.serversFor('hello')).filter(({ isCapra }) => isCapra);
    const rows = await inTurns(bench, peers, {
      rounds: bench.settings.rounds,
      measure: (peer) => measure(bench, peer),
    });
    return { columns: COLUMNS, rows };
  },
  goals: [
    {
      text: 'capra-js, waking, over a start of its own',
      unit: 'ms',
      value: (row) => row('capra-js')?.overStart,
      aim: 60,
    },
    {
      text: 'capra-c, waking',
      unit: 'ms',
      value: (row) => row('capra-c')?.ms,
      aim: 10,
    },
    {
      text: 'memory asleep',
      unit: 'KiB',
      value: (row) => row('capra-js')?.idleKib,
      aim: 3072,
    },
  ],
};
