// SPDX-License-Identifier: MIT
import { KIB, MIB } from '../tools/figures.mjs';
import { pssOf } from '../tools/process-tree.mjs';
import { inTurns } from '../tools/rounds.mjs';
import { HELLO_BODY } from '../tools/server.mjs';

const OTHERS = { connections: 8, length: HELLO_BODY.length };
const WARMUP_REQUESTS = 20_000;
const MOST_ROUNDS = 3;

const COLUMNS = [
  { key: 'eachKib', title: 'KiB/connection', digits: 2 },
  { key: 'openedKib', title: 'just opened', digits: 2 },
  { key: 'baseMib', title: 'MiB before', digits: 1 },
  { key: 'heldMib', title: 'MiB with', digits: 1 },
  { key: 'held', title: 'connections', digits: 0 },
  { key: 'lost', title: 'lost', digits: 0 },
  { key: 'rate', title: 'others req/s', digits: 0 },
  { key: 'p99', title: 'others p99 µs', digits: 0 },
];

async function measure(bench, peer) {
  const { connections, seconds } = bench.settings;
  const server = await bench.start(peer, 'hello');
  try {
    await bench.load(server, { ...OTHERS, requests: WARMUP_REQUESTS });
    const base = pssOf(server.pid);
    const crowd = await bench.hold(server, { connections });
    const opened = pssOf(server.pid);
    const others = await bench.load(server, { ...OTHERS, seconds });
    const during = pssOf(server.pid);
    const report = await crowd.release();
    const lost = 2 * connections - report.requests;
    return {
      eachKib: (during - base) / KIB / crowd.held,
      openedKib: (opened - base) / KIB / crowd.held,
      baseMib: base / MIB,
      heldMib: during / MIB,
      held: crowd.held,
      lost,
      rate: others.requests / others.seconds,
      p99: others.latencyUs.p99,
      errors: others.errors + lost,
    };
  } finally {
    await server.stop();
  }
}

/**
 * Many connections that have asked once and then say nothing: what each costs in memory while
 * others are answered, and whether all are still served at the end. The sockets' own buffers are
 * the kernel's and the same for everybody; they are not in here.
 */
export const workload = {
  order: 5,
  title: (bench) => `idle: ${bench.settings.connections} idle keep-alive connections`,
  async run(bench) {
    const rows = await inTurns(bench, await bench.serversFor('hello'), {
      rounds: Math.min(bench.settings.rounds, MOST_ROUNDS),
      measure: (peer) => measure(bench, peer),
    });
    return { columns: COLUMNS, rows };
  },
  goals: ['capra-js', 'capra-c'].map((server) => ({
    text: `${server}, memory of one idle connection`,
    unit: 'KiB',
    value: (row) => row(server)?.eachKib,
    first: 1,
    aim: 0.5,
  })),
};
