// SPDX-License-Identifier: MIT
import { aheadOf, apiWorkload } from '../tools/api.mjs';
import { jsonOf } from '../tools/bodies.mjs';

/** A small JSON body, parsed and written again. */
export const workload = apiWorkload({
  order: 11,
  title: 'echo: a JSON body of 1 KB, parsed and answered',
  path: '/api/echo',
  body: jsonOf(1000),
  goals: [...aheadOf(['bun', 'deno', 'node', 'hono']), ...aheadOf(['fastify'], { aim: 1 / 3 })],
});
