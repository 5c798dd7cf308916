// SPDX-License-Identifier: MIT
// As many requests as one CPU answers: what each costs, and how long it waits.
import { MIB, spread } from './figures.mjs';
import { cpuBetween, cpuOf, pssOf, waitBetween } from './process-tree.mjs';
import { inTurns } from './rounds.mjs';
import { HELLO_BODY } from './server.mjs';

/** Every answer of the hello routes is as long as this. */
const lengthOf = (app) => (app === 'api' ? {} : { length: HELLO_BODY.length });

export const COLUMNS = [
  { key: 'cpuUs', title: 'CPU µs/req', digits: 2 },
  { key: 'ofLimit', title: '× epoll', digits: 2 },
  { key: 'spread', title: '± %', digits: 1 },
  { key: 'busyPercent', title: 'busy %', digits: 0 },
  { key: 'rate', title: 'req/s', digits: 0 },
  { key: 'p50', title: 'p50 µs', digits: 0 },
  { key: 'p99', title: 'p99 µs', digits: 0 },
  { key: 'p999', title: 'p99.9 µs', digits: 0 },
  { key: 'idleMib', title: 'MiB idle', digits: 1 },
  { key: 'loadedMib', title: 'MiB loaded', digits: 1 },
];

/** One server for one round. `how`: what `bench.start` takes besides; the rest `bench.load`. */
export async function measure(bench, peer, { app, how, ...load }) {
  const { seconds, warmup } = bench.settings;
  const server = await bench.start(peer, app, how);
  try {
    const idleMib = pssOf(server.pid) / MIB;
    await bench.load(server, { ...load, seconds: warmup });
    const before = cpuOf(server.pid);
    const report = await bench.load(server, { ...load, seconds });
    const after = cpuOf(server.pid);
    const cpuNs = cpuBetween(before, after);
    return {
      cpuUs: cpuNs / 1000 / report.requests,
      cpuSeconds: cpuNs / 1e9,
      busyPercent: (100 * cpuNs) / 1e9 / report.seconds,
      waitedPercent: (100 * waitBetween(before, after)) / 1e9 / report.seconds,
      requests: report.requests,
      rate: report.requests / report.seconds,
      p50: report.latencyUs.p50,
      p99: report.latencyUs.p99,
      p999: report.latencyUs.p999,
      idleMib,
      loadedMib: pssOf(server.pid) / MIB,
      errors: report.errors,
      faults: report.faults,
    };
  } finally {
    await server.stop();
  }
}

/**
 * Each server is started anew, warmed up and measured in every round.
 *
 * @param {object} load what `bench.load` takes, and `app`: the kind of app that is served
 * @example run: (bench) => throughput(bench, { connections: 64 })
 */
export async function throughput(bench, { app = 'hello', ...load }) {
  const rows = await inTurns(bench, await bench.serversFor(app), {
    rounds: bench.settings.rounds,
    measure: (peer) => measure(bench, peer, { app, ...lengthOf(app), ...load }),
  });
  const limit = rows.find((row) => row.server === 'epoll');
  for (const row of rows) {
    row.ofLimit = row.cpuUs / limit?.cpuUs;
    row.spread = spread(row.samples.map((sample) => sample.cpuUs)) / 2;
  }
  return { columns: COLUMNS, rows };
}

/** A goal: how many times the CPU of another server's request one of ours may cost. */
export const cpuRatio = (server, other, limits) => ({
  text: `${server} ÷ ${other}, CPU per request`,
  unit: '×',
  value: (row) => row(server)?.cpuUs / row(other)?.cpuUs,
  ...limits,
});
