// SPDX-License-Identifier: MIT
import { curve } from '../tools/curve.mjs';
import { HELLO_BODY } from '../tools/server.mjs';

const COUNTS = [1, 2, 4];

/**
 * hello with more workers, on all CPUs that the bench has. The load shares one of them, so only the
 * cost of a request can be read from this, not how many there are in a second.
 */
export const workload = {
  order: 34,
  title: () => 'workers: CPU µs per hello, by workers',
  run: async (bench) =>
    curve(
      bench,
      (await bench.serversFor('hello')).filter(({ isCapra }) => isCapra),
      {
        points: COUNTS.map((count) => ({ key: `n${count}`, title: `${count}`, count })),
        prepare: ({ count }) => ({
          cpu: `${bench.serverCpu},${bench.loadCpu}`,
          options: ['--workers', String(count)],
        }),
        load: () => ({ connections: 64, length: HELLO_BODY.length }),
      },
    ),
};
