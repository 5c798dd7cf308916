// SPDX-License-Identifier: MIT
import { aheadOf, apiWorkload } from '../tools/api.mjs';

/** TypeScript that awaits five times before it answers. */
export const workload = apiWorkload({
  order: 16,
  title: 'chain: a TypeScript handler with a chain of awaits',
  path: '/api/chain/7',
  goals: aheadOf(['node', 'fastify', 'bun', 'deno']),
});
