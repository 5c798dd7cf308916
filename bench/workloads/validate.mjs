// SPDX-License-Identifier: MIT
import { aheadOf, apiWorkload } from '../tools/api.mjs';

/** A body checked by Joi. */
export const workload = apiWorkload({
  order: 14,
  title: 'validate: a JSON body checked by Joi',
  path: '/api/validate',
  body: {
    name: 'Ada Lovelace',
    email: 'ada@example.org',
    age: 36,
    tags: ['math', 'engines'],
    address: { street: '12 St James', city: 'London' },
  },
  goals: aheadOf(['node', 'fastify']),
});
