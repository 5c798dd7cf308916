// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Files } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { type Server, startCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

// What a proxy says before the first request: the PROXY protocol.

const app: Files = {
  'pages/api/who.js': `
    export default function handler(req, res) {
      const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = req.socket;
      const forwarded = req.headers['x-forwarded-for'] + ' ' + req.headers['x-forwarded-port'];
      res.json([remoteAddress, remotePort, remoteFamily, localAddress, localPort, forwarded]);
    }`,
};

const line = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n';
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** The second version: command, family, and what stands behind the length. */
function bytes(command: number, family: number, body: number[]): Buffer {
  const length = [body.length >> 8, body.length & 255];
  return Buffer.concat([signature, Buffer.from([command, family, ...length, ...body])]);
}

const ports = [0xdc, 0x04, 0x01, 0xbb];
const v4 = [192, 0, 2, 7, 198, 51, 100, 1, ...ports];
const v6 = [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 7, ...Array(15).fill(0), 1, ...ports];
const extras = [4, 0, 200, ...Array(200).fill(1), 0xe2, 0, 1, 1];

const named = ['192.0.2.7', 56324, 'IPv4', '198.51.100.1', 443, '192.0.2.7 443'];
const request = format('GET /api/who');

describe('--proxy-protocol on, from a proxy', () => {
  let server: Server;
  before(async () => {
    const trust = ['--trust-proxy', 'loopback', '--proxy-protocol', 'on'];
    server = await startCapra({ app, args: [...trust, '--head-timeout', '400ms'] });
  });
  after(() => server.stop());

  /** What the handler sees; twice on the same connection. */
  async function see(preface: string | Buffer, split: 'bytes' | number[] = []) {
    const wire = await Wire.open(server.port);
    await wire.send(Buffer.concat([Buffer.from(preface), request]), { split });
    const first = (await wire.answer()).json();
    await wire.send(request);
    assert.deepEqual((await wire.answer()).json(), first);
    wire.close();
    return first;
  }

  const sixth = ['2001:db8::7', 56324, 'IPv6', '::1', 443, '2001:db8::7 443'];
  const told: [what: string, preface: string | Buffer, seen: unknown[]][] = [
    ['a line', line, named],
    ['a line for IPv6', 'PROXY TCP6 2001:db8::7 ::1 56324 443\r\n', sixth],
    ['bytes', bytes(0x21, 0x11, v4), named],
    ['bytes for IPv6', bytes(0x21, 0x21, v6), sixth],
    ['bytes with more behind the addresses', bytes(0x21, 0x11, [...v4, ...extras]), named],
    ['bytes with very much behind', bytes(0x21, 0x11, [...v4, ...Array(60_000).fill(65)]), named],
  ];
  for (const [what, preface, seen] of told) {
    test(`${what}: the client is who it names`, async () => {
      assert.deepEqual(await see(preface), seen);
    });
    if (preface.length < 1000)
      test(`${what}, byte by byte`, async () => {
        assert.deepEqual(await see(preface, 'bytes'), seen);
      });
  }

  const silent: [what: string, preface: string | Buffer][] = [
    ['UNKNOWN', 'PROXY UNKNOWN\r\n'],
    ['LOCAL', bytes(0x20, 0x00, [])],
    ['LOCAL with addresses', bytes(0x20, 0x11, v4)],
    ['a Unix socket', bytes(0x21, 0x31, Array(216).fill(0))],
    ['UNSPEC', bytes(0x21, 0x00, [])],
  ];
  for (const [what, preface] of silent) {
    test(`${what}: the client is the peer`, async () => {
      assert.equal((await see(preface))[0], '127.0.0.1');
    });
  }

  const wrong: [what: string, sent: string | Buffer][] = [
    ['no preface', request],
    ['an address that is none', 'PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n'],
    ['another version', bytes(0x31, 0x11, v4)],
    ['too few bytes', bytes(0x21, 0x11, v4.slice(1))],
  ];
  for (const [what, sent] of wrong) {
    test(`${what}: the connection is closed without a word`, async () => {
      const wire = await Wire.open(server.port);
      await wire.send(sent);
      await wire.closed();
    });
  }

  test('a preface that is cut short is no request', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(line.slice(0, 20));
    wire.finish();
    await wire.closed();
  });

  test('a preface that does not come is not waited for', async () => {
    const wire = await Wire.open(server.port);
    await wire.send('PROXY');
    await wire.closed();
  });

  test('what the client itself says stays unbelieved', async () => {
    const wire = await Wire.open(server.port);
    const claim = format('GET /api/who', { headers: { 'X-Forwarded-For': '203.0.113.9' } });
    await wire.send(Buffer.concat([Buffer.from(line), claim]));
    assert.deepEqual((await wire.answer()).json(), named);
    wire.close();
  });

  test('of a proxy behind the proxy, X-Forwarded-For is believed', async () => {
    const wire = await Wire.open(server.port);
    const claim = format('GET /api/who', { headers: { 'X-Forwarded-For': '203.0.113.9' } });
    const inner = 'PROXY TCP4 127.0.0.9 198.51.100.1 56324 443\r\n';
    await wire.send(Buffer.concat([Buffer.from(inner), claim]));
    assert.equal((await wire.answer()).json()[0], '203.0.113.9');
    wire.close();
  });
});

describe('--proxy-protocol on, from somebody else', () => {
  let server: Server;
  before(async () => {
    const args = ['--trust-proxy', '10.0.0.0/8', '--proxy-protocol', 'on'];
    server = await startCapra({ app, args });
  });
  after(() => server.stop());

  test('a request is a request', async () => {
    assert.equal((await server.call('GET /api/who')).json()[0], '127.0.0.1');
  });

  for (const preface of [line, bytes(0x21, 0x11, v4)])
    test('a preface is a bad request', async () => {
      const wire = await Wire.open(server.port);
      await wire.send(preface);
      assert.equal((await wire.answer()).status, 400);
      wire.close();
    });
});

describe('--max-connections-per-address', () => {
  const held = '--max-connections-per-address 2'.split(' ');

  test('more than so many are closed, until one of them goes', async () => {
    const server = await startCapra({ app, args: held });
    const two = [await Wire.open(server.port), await Wire.open(server.port)];
    for (const wire of two) {
      await wire.send(request);
      assert.equal((await wire.answer()).status, 200);
    }
    const third = await Wire.open(server.port);
    await third.closed();
    await server.logged(/127\.0\.0\.1 has 2 connections open, as many as --max-connections-per-a/);
    await two[0].send(request);
    assert.equal((await two[0].answer()).status, 200);
    two[0].close();
    let served = false;
    while (!served) {
      const next = await Wire.open(server.port);
      await next.send(request).catch(() => {});
      served = !(await next.atEnd());
      next.close();
    }
    two[1].close();
    await server.stop();
  });

  test('a proxy brings as many as it likes, and each client through it is counted', async () => {
    const trust = ['--trust-proxy', 'loopback', '--proxy-protocol', 'on'];
    const server = await startCapra({ app, args: [...held, ...trust] });
    const open = async (client: string) => {
      const wire = await Wire.open(server.port);
      const preface = `PROXY TCP4 ${client} 198.51.100.1 56324 443\r\n`;
      await wire.send(Buffer.concat([Buffer.from(preface), request]));
      return wire;
    };
    for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2'])
      assert.equal((await (await open(client)).answer()).status, 200);
    assert.equal(await (await open('192.0.2.1')).atEnd(), true);
    assert.equal((await (await open('192.0.2.3')).answer()).status, 200);
    await server.stop();
  });
});

test('--proxy-protocol on wants to know of whom', async () => {
  const { code, stderr } = await capra(['start', '.', '--proxy-protocol', 'on']);
  assert.equal(code, 2);
  assert.match(stderr, /of whom is it believed\? Say so with --trust-proxy/);
});
