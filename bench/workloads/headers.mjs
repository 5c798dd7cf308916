// SPDX-License-Identifier: MIT
import { curve } from '../tools/curve.mjs';
import { HELLO_BODY } from '../tools/server.mjs';

const COUNTS = [0, 10, 30, 60];

/** hello with more and more header lines of 40 bytes that nobody reads. */
export const workload = {
  order: 31,
  title: () => 'headers: CPU µs per hello, by header lines beyond Host',
  run: async (bench) =>
    curve(bench, await bench.serversFor('hello'), {
      points: COUNTS.map((count) => ({ key: `n${count}`, title: `${count}`, count })),
      load: ({ count }) => ({
        connections: 64,
        length: HELLO_BODY.length,
        headers: Array.from(
          { length: count },
          (_, index) => `X-Header-${String(index).padStart(2, '0')}: ${'v'.repeat(27)}`,
        ),
      }),
    }),
};
