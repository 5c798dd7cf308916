// SPDX-License-Identifier: MIT
import { aheadOf, apiWorkload } from '../tools/api.mjs';
import { jsonOf } from '../tools/bodies.mjs';

/** A large one: what JSON.parse and JSON.stringify cost is everybody's, copies are one's own. */
export const workload = apiWorkload({
  order: 12,
  title: 'echo-large: a JSON body of 100 KB, parsed and answered, 16 connections',
  path: '/api/echo',
  body: jsonOf(100_000),
  connections: 16,
  goals: aheadOf(['node', 'fastify', 'bun', 'deno']),
});
