// SPDX-License-Identifier: MIT
import { curve } from '../tools/curve.mjs';
import { HELLO_BODY } from '../tools/server.mjs';

const COUNTS = [1, 8, 64, 1000, 10_000];

/** hello over ever more connections, all of them asking. */
export const workload = {
  order: 30,
  title: () => 'connections: CPU µs per hello, by connections that ask at once',
  run: async (bench) =>
    curve(bench, await bench.serversFor('hello'), {
      points: COUNTS.map((count) => ({ key: `n${count}`, title: `${count}`, count })),
      load: ({ count }) => ({ connections: count, length: HELLO_BODY.length }),
    }),
};
