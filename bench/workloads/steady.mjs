// SPDX-License-Identifier: MIT
import { inTurns } from '../tools/rounds.mjs';
import { HELLO_BODY } from '../tools/server.mjs';

const LOAD = { connections: 64, length: HELLO_BODY.length };
const SHARE = 0.7;

/** Requests a second that all can do but the slowest, each with room to spare. */
const SAME_RATE = 30_000;

const COLUMNS = [
  { key: 'p50', title: 'p50 µs', digits: 0 },
  { key: 'p99', title: 'p99 µs', digits: 0 },
  { key: 'p999', title: 'p99.9 µs', digits: 0 },
  { key: 'slotP99', title: 'p99 µs of the middle 0.1 s', digits: 0 },
  { key: 'sameP50', title: 'p50 µs at 30,000/s', digits: 0 },
  { key: 'sameP99', title: 'p99 µs at 30,000/s', digits: 0 },
  { key: 'sameSlotP99', title: '… of the middle 0.1 s', digits: 0 },
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
    const steadily = async (rate) => {
      await bench.load(server, { ...LOAD, rate, seconds: warmup });
      return bench.load(server, { ...LOAD, rate, seconds });
    };
    const own = await steadily(rate);
    const same = SAME_RATE <= rate ? await steadily(SAME_RATE) : undefined;
    const { p50, p99, p999, slotP99 } = own.latencyUs;
    return {
      p50,
      p99,
      p999,
      slotP99,
      sameP50: same?.latencyUs.p50,
      sameP99: same?.latencyUs.p99,
      sameSlotP99: same?.latencyUs.slotP99,
      rate,
      most,
      errors: full.errors + own.errors + (same?.errors ?? 0),
    };
  } finally {
    await server.stop();
  }
}

const JS_PEERS = ['node', 'fastify', 'hono', 'bun', 'deno', 'next'];

/** How Capra's p99 stands to the least of the JavaScript peers. */
const toTheBest = (key) => (row) =>
  row('capra-js')?.[key] /
  Math.min(...JS_PEERS.map((name) => row(name)?.[key]).filter(Number.isFinite));

/**
 * Each server at 70 % of what it can do itself, requests due at fixed times, and then all of them at
 * the same rate. How long one waits is counted from when it was due.
 *
 * At 70 % of its own a faster server is asked more often, and the load's own thread with it; the same
 * rate tells what a client of one service would see.
 *
 * Goals are about the whole time, and about the middle tenth of a second: a machine that stands still for ten
 * milliseconds, now and then, writes its own pauses into everybody's p99.
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
      value: toTheBest('p99'),
      aim: 1,
    },
    {
      text: 'capra-js ÷ the best JS peer, p99 at the same rate',
      unit: '×',
      value: toTheBest('sameP99'),
      aim: 1,
    },
    {
      text: 'capra-js ÷ the best JS peer, p99 of the middle 0.1 s',
      unit: '×',
      value: toTheBest('slotP99'),
      aim: 1,
    },
    {
      text: 'capra-js ÷ the best JS peer, p99 of the middle 0.1 s at the same rate',
      unit: '×',
      value: toTheBest('sameSlotP99'),
      aim: 1,
    },
  ],
};
