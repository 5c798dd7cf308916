// SPDX-License-Identifier: MIT
import { aheadOf, apiWorkload } from '../tools/api.mjs';

/** One row by its key, from the SQLite that each runtime brings. */
export const workload = apiWorkload({
  order: 15,
  title: 'sqlite: one row by its key',
  path: '/api/notes/7',
  goals: aheadOf(['node', 'fastify']),
});
