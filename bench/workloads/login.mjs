// SPDX-License-Identifier: MIT
import { aheadOf, apiWorkload } from '../tools/api.mjs';

/** The same hash for everybody, in JavaScript: the server hardly shows, and that is the point. */
export const workload = apiWorkload({
  order: 13,
  title: 'login: bcrypt at cost 10 and a signed token, 4 connections',
  path: '/api/login',
  body: { email: 'ada@example.org', password: 'correct horse' },
  connections: 4,
  goals: aheadOf(['node', 'fastify'], { aim: 1.02 }),
});
