// SPDX-License-Identifier: MIT
import { cpuRatio, throughput } from '../tools/throughput.mjs';

/** The smallest route there is: what is left is the server. */
export const workload = {
  order: 1,
  title: () => 'hello: 64 keep-alive connections',
  run: (bench) => throughput(bench, { connections: 64 }),
  goals: [
    cpuRatio('capra-js', 'epoll', { first: 1.35, aim: 1.15 }),
    cpuRatio('capra-js', 'deno', { first: 1, aim: 0.8 }),
    cpuRatio('capra-js', 'bun', { first: 1, aim: 0.75 }),
    cpuRatio('capra-js', 'node', { aim: 0.25 }),
    cpuRatio('capra-c', 'epoll', { first: 1.15, aim: 1.05 }),
  ],
};
