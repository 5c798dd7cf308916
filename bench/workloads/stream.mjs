// SPDX-License-Identifier: MIT
import { aheadOf, apiWorkload } from '../tools/api.mjs';

/** One megabyte in sixteen writes, each waiting for the client. */
export const workload = apiWorkload({
  order: 17,
  title: 'stream: 1 MiB in pieces of 64 KiB, 16 connections',
  path: '/api/stream',
  connections: 16,
  goals: aheadOf(['node', 'bun', 'deno']),
});
