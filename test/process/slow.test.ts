// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { until, within } from '../support/deadline.ts';
import { residentBytes, type Server, startCapra } from '../support/server.ts';
import { native, script } from '../support/twins.ts';
import { format, Wire } from '../support/wire.ts';

// Thousands of clients that are slow on purpose: a byte of a head a second, bodies that stand still, answers that
// nobody reads. Others are served beside them, all of them are let go in time, and nothing of them stays behind.

const STALLED = 1000;
const DEAF = 200;
const SLOW = Math.min(5000, descriptorsLeft() - STALLED - DEAF - 500);

const CALLS = 200; // of the others, while the crowd is there
const LONGEST_MS = 5000; // that one of those may take; a machine may be busy
const BATCH = 500; // connections that are opened at once
const MIB = 1024 * 1024;

const times = '--head-timeout 2s --body-timeout 2s --write-timeout 2s --workers 1'.split(' ');

const stalled = 'POST /api/length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc';
const deaf = format('GET /api/big').toString().repeat(8);

function descriptorsLeft(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  return Number(limits.match(/^Max open files\s+(\d+)/m)?.[1] ?? 10_000);
}

const descriptors = (server: Server) => readdirSync(`/proc/${server.worker()}/fd`).length;

/** A client that keeps what it is told, and when it was let go. */
interface Client {
  socket: Socket;
  said: string;
  isGone: boolean;
}

async function open(port: number, bytes: string): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const client: Client = { socket, said: '', isGone: false };
  socket.setEncoding('latin1');
  socket.on('data', (piece) => (client.said += piece));
  socket.on('close', () => (client.isGone = true));
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  await within(opened, 'connection');
  socket.on('error', () => {}); // it is cut, as it should be
  socket.write(bytes);
  return client;
}

async function openMany(port: number, count: number, bytes: string): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const left = Math.min(BATCH, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: left }, () => open(port, bytes)))));
  }
  return clients;
}

/** Somebody who wants nothing but an answer; resolves with how long the slowest one took. */
async function callOften(port: number, count: number): Promise<number> {
  const wire = await Wire.open(port);
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await wire.send(format('GET /api/hello'));
    assert.equal((await wire.answer()).status, 200);
    longest = Math.max(longest, performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  wire.close();
  return longest;
}

async function besiege(server: Server): Promise<void> {
  const { port } = server;
  const before = descriptors(server);
  const deafs = await openMany(port, DEAF, '');
  for (const { socket } of deafs) socket.pause().write(deaf);
  const stalls = await openMany(port, STALLED, stalled);
  const slows = await openMany(port, SLOW, 'GET /api/hello HTTP/1.1\r\nX-Slow: ');
  const drip = setInterval(() => {
    for (const { socket, isGone } of slows) if (!isGone && socket.writable) socket.write('a');
  }, 1000);
  try {
    assert.ok(descriptors(server) > before, 'there is a crowd');
    const longest = await Promise.all([callOften(port, CALLS / 2), callOften(port, CALLS / 2)]);
    assert.ok(
      Math.max(...longest) < LONGEST_MS,
      `the slowest answer took ${Math.max(...longest)} ms`,
    );

    const crowd = [...stalls, ...slows];
    const waiting = () => crowd.filter(({ isGone }) => !isGone).length;
    await until(() => waiting() === 0, 'end of the crowd', {
      found: () => `${waiting()} are left`,
    });
    for (const { said } of crowd) assert.match(said, /^HTTP\/1\.1 408 /);
    await until(() => descriptors(server) <= before, 'no more descriptors than before', {
      found: () => `${before} before, ${descriptors(server)} now`,
    });
  } finally {
    clearInterval(drip);
    for (const { socket } of [...deafs, ...stalls, ...slows]) socket.destroy();
  }
}

for (const [language, app, allowance] of [
  ['C', native, 24 * MIB],
  ['JavaScript', script, 64 * MIB], // V8 keeps what it may
] as const) {
  test(`routes in ${language}: ${SLOW} slow heads, ${STALLED} stalled bodies, ${DEAF} that do not read`, async () => {
    const server = await startCapra({ app, args: times });
    try {
      await callOften(server.port, 10);
      const before = residentBytes(server.worker());
      await besiege(server);
      const grown = () => residentBytes(server.worker()) - before;
      await until(() => grown() < allowance, 'memory given back', {
        found: () => `${(grown() / MIB).toFixed(1)} MiB more than before`,
      });
      assert.equal((await server.call('GET /api/hello')).status, 200);
      assert.doesNotMatch(server.stderr(), /was ended by signal|ended by itself/);
    } finally {
      await server.stop();
    }
  });
}
