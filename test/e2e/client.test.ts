// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Files } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { type Server, startCapra } from '../support/server.ts';

// Who asks, and what a handler is told about it.

const FIELDS = ['for', 'proto', 'host', 'port'];

const app: Files = {
  'pages/api/who.js': `
    export default function handler(req, res) {
      const forwarded = ${JSON.stringify(FIELDS)}.map((name) => req.headers['x-forwarded-' + name]);
      const { remoteAddress, remoteFamily } = req.socket;
      const others = [req.headers['x-real-ip'], req.headers.forwarded];
      const raw = req.rawHeaders.filter((name) => /^(x-forwarded|x-real|forwarded)/i.test(name)).length;
      res.json({ address: remoteAddress, family: remoteFamily, forwarded, others, raw, body: req.body });
    }`,
  'pages/api/edge.js': `
    export const config = { runtime: 'edge' };
    export default (req) => Response.json({
      url: req.url,
      forwarded: ${JSON.stringify(FIELDS)}.map((name) => req.headers.get('x-forwarded-' + name)),
    });`,
};

const claims = {
  'X-Forwarded-For': '203.0.113.9, 198.51.100.4',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'shop.example',
  'X-Forwarded-Port': '443',
  'X-Real-IP': '203.0.113.9',
  Forwarded: 'for=203.0.113.9',
};

describe('without --trust-proxy', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app });
  });
  after(() => server.stop());

  test('the socket says who asks, and header fields are what the client wrote (P177, P178)', async () => {
    const plain = (await server.call('GET /api/who')).json();
    const port = `${server.port}`;
    assert.equal(plain.address, '127.0.0.1');
    assert.deepEqual(plain.forwarded, ['127.0.0.1', 'http', 'localhost', port]);
    const claimed = (await server.call('GET /api/who', { headers: claims })).json();
    assert.equal(claimed.address, '127.0.0.1');
    assert.deepEqual(claimed.forwarded, [
      '203.0.113.9, 198.51.100.4',
      'https',
      'shop.example',
      '443',
    ]);
    assert.equal(claimed.raw, 6);
  });
});

describe('--trust-proxy none', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app, args: ['--trust-proxy', 'none'] });
  });
  after(() => server.stop());

  test('what a client says about itself reaches no handler', async () => {
    const port = `${server.port}`;
    const { address, forwarded, others, raw } = (
      await server.call('GET /api/who', { headers: claims })
    ).json();
    assert.equal(address, '127.0.0.1');
    assert.deepEqual(forwarded, ['127.0.0.1', 'http', 'localhost', port]);
    assert.deepEqual(others, [null, null]);
    assert.equal(raw, 0);
  });

  test('nor an edge handler', async () => {
    const { url, forwarded } = (await server.call('GET /api/edge', { headers: claims })).json();
    assert.match(url, /^http:\/\/localhost/);
    assert.deepEqual(forwarded, ['127.0.0.1', 'http', 'localhost', `${server.port}`]);
  });

  test('a body behind such a head is whole', async () => {
    const body = JSON.stringify('a'.repeat(5000));
    const headers = { ...claims, 'Content-Type': 'application/json' };
    const answer = await server.call('POST /api/who', { headers, body });
    assert.equal(answer.json().body, 'a'.repeat(5000));
  });
});

describe('--trust-proxy loopback,10.0.0.0/8', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app, args: ['--trust-proxy', 'loopback,10.0.0.0/8'] });
  });
  after(() => server.stop());

  const ask = async (headers: Record<string, string | string[]>) =>
    (await server.call('GET /api/who', { headers })).json();

  const walks: [chain: string | string[], address: string][] = [
    ['203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
    [['6.6.6.6, 203.0.113.9', '10.1.2.3', '127.0.0.1'], '203.0.113.9'],
    [['203.0.113.9', '6.6.6.6'], '6.6.6.6'],
    ['203.0.113.9:40000, 10.1.2.3:80', '203.0.113.9'],
    ['[2001:db8::7]:40000', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['203.0.113.9,, 10.1.2.3 ,', '203.0.113.9'],
    ['10.9.9.9, 10.1.2.3', '10.9.9.9'],
    ['203.0.113.9, unknown, 10.1.2.3', '10.1.2.3'],
    ['203.0.113.9, unknown', '127.0.0.1'],
    ['203.0.113.9 10.1.2.3', '127.0.0.1'],
    ['', '127.0.0.1'],
  ];
  for (const [chain, address] of walks) {
    test(`X-Forwarded-For: ${JSON.stringify(chain)} is ${address}`, async () => {
      const answer = await ask({ 'X-Forwarded-For': chain, 'X-After': 'all the same' });
      assert.equal(answer.address, address);
      assert.equal(answer.family, address.includes(':') ? 'IPv6' : 'IPv4');
      assert.equal(answer.forwarded[0].replace('::ffff:', ''), address);
    });
  }

  const facts: [field: string, lines: string | string[], fact: string | undefined][] = [
    ['Proto', 'https', 'https'],
    ['Proto', 'http, https', 'https'],
    ['Proto', ['https', 'http'], 'http'],
    ['Proto', 'javascript', 'http'],
    ['Proto', 'https, gopher', 'http'],
    ['Host', 'a.example, shop.example:8443', 'shop.example:8443'],
    ['Host', 'shop.example/evil', 'localhost'],
    ['Port', '8443', '8443'],
    ['Port', '65536', undefined],
    ['Port', '-1', undefined],
  ];
  for (const [field, lines, fact] of facts) {
    test(`X-Forwarded-${field}: ${JSON.stringify(lines)} is ${fact ?? 'not believed'}`, async () => {
      const { forwarded } = await ask({ [`X-Forwarded-${field}`]: lines });
      assert.equal(forwarded[FIELDS.indexOf(field.toLowerCase())], fact ?? `${server.port}`);
    });
  }

  test('all of it at once, in the middle of other fields', async () => {
    const headers = { A: '1', ...claims, B: '2' };
    const answer = await ask(headers);
    assert.equal(answer.address, '198.51.100.4');
    assert.deepEqual(answer.forwarded, ['198.51.100.4', 'https', 'shop.example', '443']);
    assert.deepEqual(answer.others, ['203.0.113.9', 'for=203.0.113.9']);
  });

  test('an edge handler has the URL with the scheme that the proxy has seen', async () => {
    const { url, forwarded } = (await server.call('GET /api/edge', { headers: claims })).json();
    assert.match(url, /^https:/);
    assert.equal(forwarded[0], '198.51.100.4');
  });
});

describe('trustProxy in capra.json', () => {
  const claim = { headers: { 'X-Forwarded-For': '203.0.113.9' } };
  const trusting: Files = { ...app, 'capra.json': '{ "trustProxy": ["loopback"] }' };

  test('is believed as the option is', async () => {
    const server = await startCapra({ app: trusting });
    assert.equal((await server.call('GET /api/who', claim)).json().address, '203.0.113.9');
    await server.stop();
  });

  test('gives way to the option', async () => {
    const server = await startCapra({ app: trusting, args: ['--trust-proxy', 'none'] });
    assert.equal((await server.call('GET /api/who', claim)).json().address, '127.0.0.1');
    await server.stop();
  });
});

describe('a list that is none', () => {
  for (const list of ['10.0.0.1/8', '', 'localhost', 'loopback,none', '10.0.0.0/33']) {
    test(`--trust-proxy '${list}' refuses to start and says what would be right`, async () => {
      const { code, stderr } = await capra(['start', '.', `--trust-proxy=${list}`]);
      assert.equal(code, 2);
      assert.match(stderr, /--trust-proxy: found `.*`, expected/);
    });
  }
});
