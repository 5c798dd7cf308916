// SPDX-License-Identifier: MIT
import { cpuRatio, throughput } from '../tools/throughput.mjs';

/** Sixteen requests in one packet: system calls are shared, so what the server itself does shows. */
export const workload = {
  order: 2,
  title: () => 'pipelined: 64 connections, 16 requests in flight on each',
  run: (bench) => throughput(bench, { connections: 64, pipeline: 16 }),
  goals: [
    cpuRatio('capra-js', 'deno', { first: 1 / 2, aim: 1 / 3 }),
    cpuRatio('capra-js', 'bun', { aim: 1 / 3 }),
  ],
};
