// SPDX-License-Identifier: MIT
import { aheadOf, apiWorkload } from '../tools/api.mjs';

/** What most handlers do: a parameter, the query, cookies, three headers in, two headers out. */
export const workload = apiWorkload({
  order: 10,
  title: 'fields: dynamic route with query, cookies, 3 headers read and 2 set',
  path: '/api/users/42?expand=posts',
  headers: [
    'Cookie: session=4f2a9c1be7; theme=dark',
    'Accept-Language: de-CH',
    'User-Agent: bench/1.0',
    'X-Request-Id: 7d1f0c',
  ],
  goals: [...aheadOf(['bun', 'deno', 'node', 'hono']), ...aheadOf(['fastify'], { aim: 1 / 3 })],
});
