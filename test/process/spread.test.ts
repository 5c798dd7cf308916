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

test('64 connections over two workers: no worse than 60 to 40', async () => {
  const server = await startCapra({ app, args: ['--workers', '2'] });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const { wires, pids } = await connectMany(server.port, 64);
      assert.ok(largestShare(pids) <= 0.6, `${largestShare(pids)} of 64 went to one worker`);
      for (const wire of wires) wire.close();
    }
  } finally {
    await server.stop();
  }
});

test('one after the other as well', async () => {
  const server = await startCapra({ app, args: ['--workers', '2'] });
  const all: Awaited<ReturnType<typeof connectMany>>[] = [];
  try {
    for (let i = 0; i < 64; i++) all.push(await connectMany(server.port, 1));
    const pids = all.flatMap((one) => one.pids);
    assert.ok(largestShare(pids) <= 0.6, `${largestShare(pids)} of 64 went to one worker`);
  } finally {
    for (const { wires } of all) for (const wire of wires) wire.close();
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
