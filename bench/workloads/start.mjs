// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { inTurns } from '../tools/rounds.mjs';
import { freePort, HELLO_PATH } from '../tools/server.mjs';

const COLUMNS = [
  { key: 'ms', title: 'median ms', digits: 1 },
  { key: 'least', title: 'least ms', digits: 1 },
  { key: 'p90', title: 'p90 ms', digits: 1 },
  { key: 'overNode', title: 'over empty Node, ms', digits: 1 },
];

/** The yardstick: this Node, started on a file with nothing in it, until it has exited. */
const emptyNode = {
  name: 'node-empty',
  title: 'node empty.cjs, to its exit',
};

async function startTime(bench, peer) {
  if (peer === emptyNode)
    return bench.startTime({ argv: [process.execPath, join(bench.folder, 'apps/empty.cjs')] });
  const port = await freePort();
  const command = peer.command({ bench, port, app: 'hello' });
  return bench.startTime(command, `http://127.0.0.1:${port}${HELLO_PATH}`);
}

/** From the start of the process to the first answer, median of many starts in turns. */
export const workload = {
  order: 4,
  title: () => 'start: process start to first answer',
  async run(bench) {
    const rows = await inTurns(bench, [emptyNode, ...(await bench.serversFor('hello'))], {
      rounds: bench.settings.starts,
      measure: async (peer) => ({ ms: (await startTime(bench, peer)) / 1000 }),
    });
    for (const row of rows) {
      const sorted = row.samples.map(({ ms }) => ms).toSorted((a, b) => a - b);
      row.least = sorted[0];
      row.p90 = sorted[Math.floor(sorted.length * 0.9)];
      row.overNode = row.ms - rows[0].ms;
    }
    return { columns: COLUMNS, rows };
  },
  goals: [
    {
      text: 'capra-c, start to first answer',
      unit: 'ms',
      value: (row) => row('capra-c')?.ms,
      first: 10,
      aim: 5,
    },
    {
      text: 'capra-js, start to first answer, over an empty Node',
      unit: 'ms',
      value: (row) => row('capra-js')?.overNode,
      first: 25,
      aim: 10,
    },
  ],
};
