// SPDX-License-Identifier: MIT
import { inTurns } from '../tools/rounds.mjs';
import { HELLO_BODY } from '../tools/server.mjs';

const LOAD = { connections: 64, length: HELLO_BODY.length };
const SHARE = 0.7;

const COLUMNS = [
  { key: 'p50', title: 'p50 µs', digits: 0 },
  { key: 'p99', title: 'p99 µs', digits: 0 },
  { key: 'p999', title: 'p99.9 µs', digits: 0 },
  { key: 'rate', title: 'req/s asked', digits: 0 },
  { key: 'most', title: 'req/s at most', digits: 0 },
];

async function measure(bench, peer) {
  const { seconds, warmup } = bench.settings;
  const server = await bench.start(peer, 'hello');
  try {
    const full = await bench.load(server, { ...LOAD, seconds: warmup });
    const most = full.requests / full.seconds;
    const rate = Math.round(most * SHARE);
    await bench.load(server, { ...LOAD, rate, seconds: warmup });
    const report = await bench.load(server, { ...LOAD, rate, seconds });
    const { p50, p99, p999 } = report.latencyUs;
    return { p50, p99, p999, rate, most, errors: full.errors + report.errors };
  } finally {
    await server.stop();
  }
}

/**
 * Each server at 70 % of what it can do itself, requests due at fixed times. How long one waits is
 * counted from when it was due.
 */
export const workload = {
  order: 4,
  title: () => 'steady: hello at 70 % of each server’s own most, 64 connections',
  async run(bench) {
    const rows = await inTurns(bench, await bench.serversFor('hello'), {
      rounds: bench.settings.rounds,
      measure: (peer) => measure(bench, peer),
    });
    return { columns: COLUMNS, rows };
  },
  goals: [
    {
      text: 'capra-js ÷ the best JS peer, p99',
      unit: '×',
      value: (row) =>
        row('capra-js')?.p99 /
        Math.min(
          ...['node', 'fastify', 'hono', 'bun', 'deno', 'next']
            .map((name) => row(name)?.p99)
            .filter(Number.isFinite),
        ),
      aim: 1,
    },
  ],
};
