// SPDX-License-Identifier: MIT

import { EVENT_EVERY_MS } from '../apps/api/lib/events.mjs';
import { KIB } from '../tools/figures.mjs';
import { cpuBetween, cpuOf, pssOf } from '../tools/process-tree.mjs';
import { inTurns } from '../tools/rounds.mjs';

const CLIENTS = 1000;
const MOST_ROUNDS = 3;
const SERVERS = ['capra-js', 'node', 'bun', 'deno', 'next'];

const COLUMNS = [
  { key: 'cpuUs', title: 'CPU µs/event', digits: 2 },
  { key: 'eachKib', title: 'KiB/client', digits: 1 },
  { key: 'events', title: 'events', digits: 0 },
  { key: 'share', title: '% of those due', digits: 1 },
];

async function measure(bench, peer) {
  const { seconds } = bench.settings;
  const server = await bench.start(peer, 'api');
  try {
    await bench.load(server, { connections: 64, seconds: 0.5 });
    const before = pssOf(server.pid);
    const listeners = await bench.listen(server, { path: '/api/events', clients: CLIENTS });
    const begin = await listeners.count();
    const cpu = cpuOf(server.pid);
    const started = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    const end = await listeners.count();
    const used = cpuBetween(cpu, cpuOf(server.pid));
    const passed = performance.now() - started;
    const held = pssOf(server.pid) - before;
    await listeners.close();
    const events = end - begin;
    return {
      cpuUs: used / 1000 / events,
      eachKib: held / KIB / CLIENTS,
      events,
      share: (100 * events) / ((CLIENTS * passed) / EVENT_EVERY_MS),
    };
  } finally {
    await server.stop();
  }
}

/** Server-sent events: each client hears ten a second. */
export const workload = {
  order: 19,
  title: () => `events: ${CLIENTS} clients, an event every ${EVENT_EVERY_MS} ms each`,
  async run(bench) {
    const peers = (await bench.serversFor('api')).filter(({ name }) => SERVERS.includes(name));
    const rows = await inTurns(bench, peers, {
      rounds: Math.min(bench.settings.rounds, MOST_ROUNDS),
      measure: (peer) => measure(bench, peer),
    });
    return { columns: COLUMNS, rows };
  },
  goals: ['node', 'bun', 'deno'].map((name) => ({
    text: `capra-js ÷ ${name}, CPU per event`,
    unit: '×',
    value: (row) => row('capra-js')?.cpuUs / row(name)?.cpuUs,
    aim: 1,
  })),
};
