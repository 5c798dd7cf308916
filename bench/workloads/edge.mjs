// SPDX-License-Identifier: MIT
import { cpuRatio, throughput } from '../tools/throughput.mjs';

/** The hello route once more, as `runtime: 'edge'` has it: what Request and Response add. */
export const workload = {
  order: 3,
  title: () => 'edge: a Response for a Request, 64 keep-alive connections',
  run: (bench) => throughput(bench, { app: 'edge', connections: 64 }),
  goals: [cpuRatio('capra-edge', 'capra-js', { first: 1.5, aim: 1.1 })],
};
