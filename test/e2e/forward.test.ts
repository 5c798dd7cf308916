// SPDX-License-Identifier: MIT

// Rewrites to other hosts, of next.config and of the project's proxy.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { type Server, startCapra } from '../support/server.ts';
import { Wire } from '../support/wire.ts';

const appFor = (origin: string) => ({
  'next.config.js': `
module.exports = {
  headers: () => [{ source: '/b/:path*', headers: [{ key: 'X-Rule', value: 'yes' }] }],
  rewrites: () => ({
    beforeFiles: [
      { source: '/b/:path*', destination: '${origin}/base/:path*?k=v' },
      { source: '/b/:path*', destination: '/api/never' },
      { source: '/dead', destination: 'http://127.0.0.1:1/' },
    ],
    fallback: [{ source: '/:any*', destination: '${origin}/:any*' }],
  }),
};
`,
  'proxy.js': `
import { NextResponse } from 'next/server';
export const proxy = ({ nextUrl }) => {
  if (nextUrl.pathname === '/away') return NextResponse.rewrite('${origin}/by-proxy?z=1#hash');
  if (nextUrl.pathname === '/ftp') return NextResponse.rewrite('ftp://127.0.0.1/');
};
`,
  'pages/api/own.js': 'export default (req, res) => res.json(req.url);',
});

describe('a rewrite to another host', () => {
  let upstream: HttpServer;
  let server: Server;
  let gone = 0;
  before(async () => {
    upstream = createServer(async (req, res) => {
      if (req.url?.startsWith('/base/cut')) {
        res.writeHead(200, { 'Content-Length': 10 }).write('half', () => res.destroy());
        return;
      }
      if (req.url?.startsWith('/base/stream')) {
        res.on('close', () => gone++);
        res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
        return;
      }
      const hash = createHash('sha256');
      for await (const piece of req) hash.update(piece);
      const { method, url, headers } = req;
      res.setHeader('Set-Cookie', ['a=1', 'b=2']);
      res.setHeader('X-Twice', ['1', '2']);
      res.setHeader('X-Hop', 'no');
      res.setHeader('Connection', 'X-Hop');
      res.statusCode = 207;
      res.statusMessage = 'As it says';
      res.end(JSON.stringify({ method, url, headers, sha256: hash.digest('hex') }));
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    server = await startCapra({ app: appFor(`http://127.0.0.1:${port}`) });
  });
  after(async () => {
    await server.stop();
    upstream.closeAllConnections();
    upstream.close();
  });
  const host = () => `127.0.0.1:${(upstream.address() as AddressInfo).port}`;

  test('brings the answer as it is, but for what is of one connection', async () => {
    const answer = await server.call('GET /b/x/y%20z?q=1&q=2');
    assert.deepEqual([answer.status, answer.reason], [207, 'As it says']);
    assert.equal(answer.json().url, '/base/x/y%20z?q=1&q=2&k=v');
    assert.equal(answer.headers['set-cookie'], 'a=1, b=2');
    assert.equal(answer.headers['x-twice'], '1, 2');
    assert.equal(answer.headers['x-hop'], undefined);
    assert.equal(answer.headers['x-rule'], 'yes');
  });

  test('says whose request it is', async () => {
    const { headers } = (
      await server.call('GET /b/x', {
        headers: { Host: 'a.example', Cookie: 'c=1', 'X-Own': '1', Connection: 'x-own' },
      })
    ).json();
    assert.deepEqual(
      [headers.host, headers['x-forwarded-host'], headers['x-forwarded-for'], headers.cookie],
      [host(), 'a.example', '127.0.0.1', 'c=1'],
    );
    assert.equal(headers['x-own'], undefined);
  });

  for (const [what, headers] of [
    ['with its length', {}],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ] as const)
    for (const size of [5, 3_000_000])
      test(`takes a body of ${size} bytes ${what} along`, async () => {
        const body = randomBytes(size);
        for (const method of ['POST', 'DELETE']) {
          const sent = await fetch(`http://127.0.0.1:${server.port}/b/up`, {
            method,
            body: 'Transfer-Encoding' in headers ? new Blob([body]).stream() : body,
            duplex: 'half',
          });
          const answer = (await sent.json()) as { method: string; sha256: string };
          assert.equal(answer.method, method);
          assert.equal(answer.sha256, createHash('sha256').update(body).digest('hex'));
        }
      });

  test('has no body for HEAD, and does not invent a length', async () => {
    const answer = await server.call('HEAD /b/x');
    assert.equal(answer.status, 207);
    assert.notEqual(answer.headers['content-length'], '0');
  });

  test('is for what has no route in the list for that, and for what the proxy sends there', async () => {
    assert.equal((await server.call('GET /api/own?a=1')).json(), '/api/own?a=1');
    assert.equal((await server.call('GET /some/thing?x')).json().url, '/some/thing?x');
    const away = await server.call('GET /away');
    assert.equal(away.json().url, '/by-proxy?z=1');
    assert.equal(away.headers['x-middleware-rewrite'], undefined);
  });

  test('that cannot be made is a 500, and the log says why', async () => {
    assert.equal((await server.call('GET /dead')).status, 500);
    await server.logged(
      /GET \/dead \(a rewrite to another host\).*127\.0\.0\.1:1 could not be asked/,
    );
    assert.equal((await server.call('GET /ftp')).status, 500);
    await server.logged(/neither a path nor an address of http or https/);
    const upgrade = { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } };
    assert.equal((await server.call('GET /b/x', upgrade)).status, 426);
  });

  test('is cut where it was cut, and streams', async () => {
    const cut = await Wire.open(server.port);
    await cut.send('GET /b/cut HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match((await cut.rest()).toString(), /half$/);
    const leaving = new AbortController();
    const { body } = await fetch(`http://127.0.0.1:${server.port}/b/stream`, {
      signal: leaving.signal,
    });
    const first = await body?.getReader().read();
    assert.equal(Buffer.from(first?.value ?? []).toString(), 'data: 1\n\n');
    leaving.abort();
    await until(() => gone === 1, 'end of the stream at the other host');
  });
});
