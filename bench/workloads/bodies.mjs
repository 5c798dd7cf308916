// SPDX-License-Identifier: MIT
import { jsonOf } from '../tools/bodies.mjs';
import { curve } from '../tools/curve.mjs';

const SIZES = [100, 1000, 10_000, 100_000];

/** A JSON body parsed and answered, larger and larger. */
export const workload = {
  order: 32,
  title: () => 'bodies: CPU µs per echo, by bytes of the JSON body',
  run: async (bench) =>
    curve(bench, await bench.serversFor('api'), {
      points: SIZES.map((size) => ({
        key: `n${size}`,
        title: `${size}`,
        app: 'api',
        body: JSON.stringify(jsonOf(size)),
      })),
      load: ({ body }) => ({
        path: '/api/echo',
        method: 'POST',
        body,
        connections: 16,
        headers: ['Content-Type: application/json'],
      }),
    }),
};
