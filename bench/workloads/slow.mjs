// SPDX-License-Identifier: MIT
import { connect } from 'node:net';
import { KIB } from '../tools/figures.mjs';
import { pssOf } from '../tools/process-tree.mjs';
import { inTurns } from '../tools/rounds.mjs';
import { HELLO_BODY } from '../tools/server.mjs';

const OTHERS = { connections: 8, length: HELLO_BODY.length };
const WARMUP_REQUESTS = 20_000;
const MOST_ROUNDS = 3;
const SLOW_HEADS = 5000;
const STALLED_BODIES = 1000;
const BATCH = 500;

const HEAD = 'GET /api/hello HTTP/1.1\r\nX-Slow: ';
const BODY = 'POST /api/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc';

const COLUMNS = [
  { key: 'alone', title: 'p99 alone µs', digits: 0 },
  { key: 'beside', title: 'p99 beside µs', digits: 0 },
  { key: 'ratio', title: 'beside / alone', digits: 2 },
  { key: 'rate', title: 'others req/s', digits: 0 },
  { key: 'eachKib', title: 'KiB/connection', digits: 2 },
  { key: 'held', title: 'slow clients', digits: 0 },
  { key: 'errors', title: 'errors', digits: 0 },
];

/** Clients that begin a request and do not end it; some send a byte a second. */
class Crowd {
  #sockets = [];
  #drip;

  static async gather(port) {
    const crowd = new Crowd();
    await crowd.#join(port, STALLED_BODIES, BODY);
    const from = crowd.#sockets.length;
    await crowd.#join(port, SLOW_HEADS, HEAD);
    const slow = crowd.#sockets.slice(from);
    crowd.#drip = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('a');
    }, 1000);
    return crowd;
  }

  /** Those that the server has not let go yet. */
  get held() {
    return this.#sockets.filter((socket) => !socket.destroyed).length;
  }

  leave() {
    clearInterval(this.#drip);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #join(port, count, bytes) {
    for (let left = count; left > 0; left -= BATCH) {
      const few = Array.from({ length: Math.min(BATCH, left) }, () => begin(port, bytes));
      this.#sockets.push(...(await Promise.all(few)));
    }
  }
}

function begin(port, bytes) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket
        .off('error', reject)
        .on('error', () => {})
        .resume();
      socket.write(bytes);
      resolve(socket);
    });
  });
}

async function measure(bench, peer) {
  const { seconds } = bench.settings;
  const server = await bench.start(peer, 'hello');
  try {
    await bench.load(server, { ...OTHERS, requests: WARMUP_REQUESTS });
    const alone = await bench.load(server, { ...OTHERS, seconds });
    const base = pssOf(server.pid);
    const crowd = await Crowd.gather(Number(new URL(server.origin).port));
    const held = crowd.held;
    const during = pssOf(server.pid);
    const beside = await bench.load(server, { ...OTHERS, seconds });
    crowd.leave();
    return {
      alone: alone.latencyUs.p99,
      beside: beside.latencyUs.p99,
      ratio: beside.latencyUs.p99 / alone.latencyUs.p99,
      rate: beside.requests / beside.seconds,
      eachKib: (during - base) / KIB / held,
      held,
      errors: alone.errors + beside.errors,
    };
  } finally {
    await server.stop();
  }
}

/** Clients that are slow on purpose: what they cost the others, and in memory. */
export const workload = {
  order: 7,
  title: () => `slow: ${SLOW_HEADS} slow heads and ${STALLED_BODIES} stalled bodies`,
  async run(bench) {
    const rows = await inTurns(bench, await bench.serversFor('hello'), {
      rounds: Math.min(bench.settings.rounds, MOST_ROUNDS),
      measure: (peer) => measure(bench, peer),
    });
    return { columns: COLUMNS, rows };
  },
  goals: ['capra-js', 'capra-c'].map((server) => ({
    text: `${server}, p99 of others beside slow clients, in times of p99 alone`,
    unit: '×',
    value: (row) => row(server)?.ratio,
    first: 4,
    aim: 2,
  })),
};
