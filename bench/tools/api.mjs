// SPDX-License-Identifier: MIT
// Workloads on the routes of bench/apps/api, which every server in JavaScript has.
import { cpuRatio, throughput } from './throughput.mjs';

/** The servers that a user would otherwise pick, for goals. */
export const SCRIPT_PEERS = ['node', 'fastify', 'express', 'hono', 'bun', 'deno', 'next'];

const JSON_TYPE = 'Content-Type: application/json';

/**
 * One route under load, on every server that has it.
 *
 * @param {{ order: number, title: string, goals?: object[], body?: unknown }} options with what
 *   `bench.load` takes; `body` is sent as JSON
 * @example export const workload = apiWorkload({ order: 12, title: '…', path: '/api/notes/7' });
 */
export function apiWorkload({ order, title, goals = [], body, headers = [], ...load }) {
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const fields = body === undefined ? headers : [JSON_TYPE, ...headers];
  return {
    order,
    title: () => title,
    run: (bench) =>
      throughput(bench, {
        app: 'api',
        connections: 64,
        ...load,
        ...sent,
        headers: fields,
      }),
    goals,
  };
}

/** Goals: so many times cheaper than a server, ahead of the others. */
export const aheadOf = (names, limits = { aim: 1 }) =>
  names.map((name) => cpuRatio('capra-js', name, limits));
