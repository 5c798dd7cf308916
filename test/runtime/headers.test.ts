// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import {
  fieldsAt,
  findField,
  joinFields,
  parseDistinct,
  parseHeaders,
  parseRaw,
} from '../../runtime/headers.ts';
import { appOf, textOf } from './fake-core.ts';
import { random } from './random.ts';

const names =
  'Accept accept ACCEPT-Encoding Age Authorization Content-Type content-TYPE Cookie cookie ETag Expires ' +
  'From If-Modified-Since If-Unmodified-Since Last-Modified Location Max-Forwards ' +
  'Proxy-Authorization Referer Retry-After Server Set-Cookie set-cookie User-Agent X-Custom x-custom ' +
  'X-A Vary Via Cache-Control If-None-Match Origin __proto__ constructor toString hasOwnProperty ' +
  "!#$%&'*+-.^_`|~ 1 10 2";
const values = [
  '',
  'a',
  'b',
  'a, b',
  'a;b',
  ' padded ',
  '\t tab\t',
  'k=v',
  'ca\xe9',
  '"q, r"',
  'x'.repeat(60),
  ':',
];

function makeHead(seed: number): string {
  const next = random(seed);
  const all = names.split(' ');
  const lines = ['GET /x HTTP/1.1', 'Host: localhost', 'Connection: close'];
  for (let count = next(12); count > 0; count--) {
    lines.push(`${all[next(all.length)]}:${values[next(values.length)]}`);
  }
  return lines.join('\r\n');
}

test('headers are what Node makes of the same bytes', async () => {
  let seen: IncomingMessage | undefined;
  const server = createServer((req, res) => {
    seen = req;
    res.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    for (let seed = 1; seed <= 200; seed++) {
      const head = makeHead(seed);
      const socket = connect(port, '127.0.0.1')
        .end(Buffer.from(`${head}\r\n\r\n`, 'latin1'))
        .resume();
      await once(socket, 'close');
      assert.ok(seen, `Node answered ${JSON.stringify(head)}`);
      const at = fieldsAt(head);
      assert.deepEqual(parseRaw(head, at), seen.rawHeaders, head);
      assert.deepEqual(parseHeaders(head, at), seen.headers, head);
      assert.deepEqual(parseDistinct(head, at), seen.headersDistinct, head);
      seen = undefined;
    }
  } finally {
    server.close();
  }
});

test('more names than are remembered are parsed all the same', () => {
  for (let at = 0; at < 3000; at++) {
    assert.deepEqual(parseHeaders(`GET / HTTP/1.1\r\nX-N${at}: ${at}`, 16), {
      [`x-n${at}`]: `${at}`,
    });
  }
});

test('a field is found by its name in any case, and only by its whole name', () => {
  const head = 'GET / HTTP/1.1\r\nX-Cookie: no\r\nCOOKIE: a=1 \r\nCookies: no\r\ncookie:b=2';
  assert.equal(findField(head, 'cookie'), 'a=1');
  assert.equal(joinFields(head, 'cookie', '; '), 'a=1; b=2');
  assert.equal(findField(head, 'accept'), undefined);
  assert.equal(findField('GET / HTTP/1.0', 'host'), undefined);
});

test('a handler behind no proxy is told what a proxy would say', async () => {
  using app = appOf((req, res) => res.json(req.headers));
  const bare = JSON.parse(textOf(await app.fetch({ headers: [['Host', 'h.example']] })));
  assert.deepEqual(bare, {
    host: 'h.example',
    'x-forwarded-host': 'h.example',
    'x-forwarded-port': '3000',
    'x-forwarded-proto': 'http',
    'x-forwarded-for': '192.0.2.7',
  });
  const headers = [
    ['Host', 'h.example'],
    ['X-Forwarded-For', '1.2.3.4'],
    ['X-Forwarded-Proto', 'https'],
  ] as const;
  const proxied = JSON.parse(textOf(await app.fetch({ headers })));
  assert.equal(proxied['x-forwarded-for'], '1.2.3.4');
  assert.equal(proxied['x-forwarded-proto'], 'https');
});

test('HTTP/1.0 without Host has no forwarded host', async () => {
  using app = appOf((req, res) => res.json(['x-forwarded-host' in req.headers, req.httpVersion]));
  assert.equal(textOf(await app.fetch({ version: '1.0', headers: [] })), '[false,"1.0"]');
});

test('what Next uses between its own parts never reaches a handler', async () => {
  using app = appOf((req, res) => res.json(Object.keys(req.headers).slice(0, 2)));
  const headers = [
    ['x-middleware-rewrite', '1'],
    ['X-Nextjs-Data', '1'],
    ['x-matched-path', '1'],
    ['x-invoke-path', '1'],
    ['Host', 'h'],
  ] as const;
  assert.equal(textOf(await app.fetch({ headers })), '["x-invoke-path","host"]');
});

test('the members of Node stand beside headers', async () => {
  using app = appOf((req, res) => {
    res.json([
      req.rawHeaders,
      req.headersDistinct,
      req.httpVersion,
      req.httpVersionMajor,
      req.httpVersionMinor,
      req.trailers,
      req.rawTrailers,
      req.complete,
      req.aborted,
      req.upgrade,
    ]);
  });
  const answer = await app.fetch({
    headers: [
      ['Host', 'h'],
      ['X-A', '1'],
      ['x-a', '2'],
    ],
  });
  assert.deepEqual(JSON.parse(textOf(answer)), [
    ['Host', 'h', 'X-A', '1', 'x-a', '2'],
    { host: ['h'], 'x-a': ['1', '2'] },
    '1.1',
    1,
    1,
    {},
    [],
    true,
    false,
    false,
  ]);
});
