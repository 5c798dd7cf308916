// SPDX-License-Identifier: MIT

// New connections go evenly to all workers, whatever one of them is busy with.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

const app = {
  'pages/api/pid.js': `
    export default function handler(req, res) {
      res.status(200).send(String(process.pid));
    }`,
  'pages/api/block.js': `
    export default function handler(req, res) {
      console.error('stuck');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(req.query.ms));
      res.status(200).end();
    }`,
};
const askPid = format('GET /api/pid');

/** The worker behind each of so many new connections, which stay open. */
async function connectMany(
  port: number,
  count: number,
): Promise<{ wires: Wire[]; pids: string[] }> {
  const wires = await Promise.all(Array.from({ length: count }, () => Wire.open(port)));
  const pids = await Promise.all(
    wires.map(async (wire) => {
      await wire.send(askPid);
      return (await wire.answer()).text;
    }),
  );
  return { wires, pids };
}

function largestShare(pids: string[]): number {
  const counts = new Map<string, number>();
  for (const pid of pids) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  return Math.max(...counts.values()) / pids.length;
}

const ROUNDS = 5;

/** Such a number of connections, all at once or one after the other. */
const MANNERS: Record<string, (port: number) => ReturnType<typeof connectMany>> = {
  'at once': (port) => connectMany(port, 64),
  'one after the other': async (port) => {
    const all = { wires: [] as Wire[], pids: [] as string[] };
    while (all.pids.length < 64) {
      const { wires, pids } = await connectMany(port, 1);
      all.wires.push(...wires);
      all.pids.push(...pids);
    }
    return all;
  },
};

// The middle of a few rounds counts. A worker that a busy system does not let run for as long as its neighbour waits for
// it loses the connections of half a second: that may happen to a round, and must not be the rule.
for (const [manner, connect] of Object.entries(MANNERS))
  test(`64 connections over two workers, ${manner}: no worse than 60 to 40`, async () => {
    const server = await startCapra({ app, args: ['--workers', '2'] });
    const shares: number[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const { wires, pids } = await connect(server.port);
        shares.push(largestShare(pids));
        for (const wire of wires) wire.close();
      }
      const middle = shares.toSorted((a, b) => a - b)[ROUNDS >> 1] as number;
      assert.ok(middle <= 0.6, `to one of the two went ${shares.join(', ')} of them`);
    } finally {
      await server.stop();
    }
  });

test('a worker that is stuck in a handler holds no new connection up', async () => {
  const server = await startCapra({ app, args: ['--workers', '2'] });
  const blocker = await Wire.open(server.port);
  try {
    await blocker.send(format('GET /api/block?ms=20000'));
    await server.logged(/stuck/);
    const { wires, pids } = await connectMany(server.port, 32);
    assert.equal(new Set(pids).size, 1);
    assert.equal(blocker.waiting, 0);
    for (const wire of wires) wire.close();
  } finally {
    blocker.close();
    const workers = server.workers();
    const stopped = server.stop('SIGKILL');
    for (const worker of workers) process.kill(worker, 'SIGKILL');
    await stopped;
  }
});
