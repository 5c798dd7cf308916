// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { residentBytes, type Server, startCapra } from '../support/server.ts';
import { native, script } from '../support/twins.ts';

// A hundred thousand requests, a third of them bad, leave nothing behind.

const CONNECTIONS = 16;
const MIB = 1024 * 1024;

const host = 'Host: localhost\r\n';
const bodied = (body: string, more = '') =>
  `POST /api/echo HTTP/1.1\r\n${host}${more}Content-Length: ${body.length}\r\n\r\n${body}`;

/** Answered, and the connection goes on. */
const good = [
  `GET /api/hello HTTP/1.1\r\n${host}\r\n`,
  `HEAD /api/hello HTTP/1.1\r\n${host}\r\n`,
  `GET /api/items/7?a=1&a=2 HTTP/1.1\r\n${host}Cookie: a=1; b=2\r\n\r\n`,
  bodied('{"a":[1,2,3]}', 'Content-Type: application/json\r\n'),
  bodied('a=1&b=2', 'Content-Type: application/x-www-form-urlencoded\r\n'),
  `POST /api/echo HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  `GET /api/empty HTTP/1.1\r\n${host}\r\n`,
  `GET /api/nowhere HTTP/1.1\r\n${host}\r\n`,
  `GET /api/hello/ HTTP/1.1\r\n${host}\r\n`,
  `GET /api/items/%zz HTTP/1.1\r\n${host}\r\n`,
];

/** Refused, or left in the middle; the connection ends. */
const bad = [
  'GET /api/hello HTTP/1.1\r\n\r\n',
  `GET /api/hello HTTP/1.1\r\n${host}bad header\r\n\r\n`,
  `POST /api/echo HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
  `POST /api/echo HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `POST /api/echo HTTP/1.1\r\n${host}Content-Length: 99999999\r\n\r\n`,
  `POST /api/echo HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nabc`,
  `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${host}\r\n`,
  'GET /api/hel',
  '\x16\x03\x01\x02\x00\x01\x00',
];

/** Twenty good requests and a bad one, then the client leaves. Resolves with the number of answers. */
function converse(port: number, turn: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    let said = '';
    socket.setEncoding('latin1').on('data', (piece) => {
      said += piece;
    });
    socket.on('close', () => resolve(said.split('HTTP/1.1 ').length - 1));
    let text = '';
    for (let i = 0; i < 20; i++) text += good[(turn + i) % good.length];
    socket.end(text + bad[turn % bad.length], 'latin1');
  });
}

async function load(port: number, requests: number): Promise<void> {
  let turn = 0;
  const turns = requests / 21;
  const talker = async () => {
    while (turn < turns) assert.ok((await converse(port, turn++)) >= 20);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, talker));
}

const descriptors = (server: Server) => readdirSync(`/proc/${server.worker()}/fd`).length;

for (const [language, app, allowance] of [
  ['JavaScript', script, 32 * MIB], // V8 keeps what it may
  ['C', native, MIB],
] as const) {
  test(`routes in ${language}: 100,000 requests, good and bad`, async () => {
    const server = await startCapra({
      app,
      args: ['--head-timeout', '1s', '--body-timeout', '1s'],
    });
    try {
      await load(server.port, 20_000);
      const before = { fds: descriptors(server), bytes: residentBytes(server.worker()) };
      await load(server.port, 100_000);
      const grown = residentBytes(server.worker()) - before.bytes;
      assert.equal(descriptors(server), before.fds);
      assert.ok(grown < allowance, `${(grown / MIB).toFixed(1)} MiB more than before`);
      assert.equal((await server.call('GET /api/hello')).status, 200);
      assert.doesNotMatch(server.stderr(), /was ended by signal|ended by itself/);
    } finally {
      await server.stop();
    }
  });
}
