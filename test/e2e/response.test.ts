// SPDX-License-Identifier: MIT

// What a handler does with `res`, and the bytes that come of it. Each case is a row of the contract: a
// snippet and its answer.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { residentBytes, type Server, startCapra } from '../support/server.ts';
import { format, rawExchange, Wire } from '../support/wire.ts';

interface Case {
  run: string;
  /** Method and request headers. */
  method?: string;
  send?: Record<string, string>;
  status?: number;
  reason?: string;
  /** Response headers; undefined says that there is none. */
  headers?: Record<string, string | undefined>;
  text?: string;
}

const json = 'application/json; charset=utf-8';
const tag = '"147uiiad94i7"';
const one = { run: 'res.json({a:1})', headers: { 'content-type': json, etag: tag } };
const whole = { ...one, text: '{"a":1}' };
const failed = { status: 500, text: 'Internal Server Error' };
const match = (value: string) => ({ 'If-None-Match': value });

const groups: Record<string, Record<string, Case>> = {
  'json, send and end': {
    P181: { ...whole, headers: { ...one.headers, 'content-length': '7' } },
    P182: {
      run: 'res.json(undefined)',
      headers: { 'content-type': json, etag: undefined },
      text: '',
    },
    P183: { run: 'res.json(null)', headers: { etag: '"wm6yxsynvh4"' }, text: 'null' },
    P184: { run: "res.json('str')", headers: { etag: '"vb9525rpm95"' }, text: '"str"' },
    P186: { ...failed, run: 'res.json({a:10n})' },
    P187: { ...failed, run: 'const a={};a.a=a;res.json(a)' },
    P188: { run: 'res.json({toJSON(){return {x:1}}})', text: '{"x":1}' },
    P189: {
      ...whole,
      run: "res.setHeader('Content-Type','application/vnd.api+json');res.json({a:1})",
    },
    P190: { ...whole, run: 'res.status(201).json({a:1})', status: 201, reason: 'Created' },
    P191: {
      run: 'res.status(204).json({a:1})',
      status: 204,
      headers: { etag: undefined },
      text: '',
    },
    P192: { run: "res.status(304).send('x')", status: 304, headers: { etag: undefined }, text: '' },
    P193: { run: 'res.status(204).end()', status: 204, text: '' },
    P195: { ...failed, run: 'res.status(99).end()' },
    P196: { ...failed, run: "res.status('abc').end('s')" },
    P197: { run: "res.status('201').end('s')", status: 201, text: 's' },
    P198: { run: "res.status(299).end('s')", status: 299, text: 's' },
    P199: { run: "res.statusMessage='Hey';res.end('s')", reason: 'Hey', text: 's' },
    P200: {
      run: "res.send('hello')",
      headers: { etag: '"2caikvdqo85"', 'content-length': '5', 'content-type': undefined },
      text: 'hello',
    },
    P201: {
      run: "res.send('')",
      headers: { etag: '"78p3gz236i0"', 'content-length': '0' },
      text: '',
    },
    P202: {
      run: "res.send('é')",
      headers: { etag: '"c66t4pa6oi1"', 'content-length': '2' },
      text: 'é',
    },
    P203: { ...whole, run: 'res.send({a:1})' },
    P205: { run: 'res.send(0)', headers: { 'content-type': json }, text: '0' },
    P206: { run: 'res.send(true)', headers: { 'content-type': json }, text: 'true' },
    P207: {
      run: 'res.send(null)',
      headers: { etag: undefined, 'content-type': undefined },
      text: '',
    },
    P212: {
      run: "res.send(Buffer.from('buf'))",
      headers: {
        etag: '"x2yvc5omeu11"',
        'content-type': 'application/octet-stream',
        'content-length': '3',
      },
      text: 'buf',
    },
    P213: {
      run: "res.setHeader('Content-Type','image/png');res.send(Buffer.from([1,2,3]))",
      headers: { etag: '"kptswdn584w"', 'content-type': 'image/png' },
      text: '\x01\x02\x03',
    },
    P215: {
      run: "res.send(Readable.from(['a','b']))",
      headers: { 'content-type': 'application/octet-stream', etag: undefined },
      text: 'ab',
    },
    P219: { run: 'res.status(404).send(null)', status: 404, text: '' },
    P220: { run: 'res.end()', text: '' },
    P221: { run: "res.end('x')", headers: { etag: undefined }, text: 'x' },
    P222: { ...failed, run: 'res.end(5)' },
    P223: {
      run: "res.write('a');res.write('b');res.end('c')",
      headers: { 'transfer-encoding': 'chunked', 'content-length': undefined },
      text: 'abc',
    },
    P224: {
      run: "res.writeHead(202,{'X-A':'1'});res.end('w')",
      status: 202,
      headers: { 'x-a': '1' },
      text: 'w',
    },
    P227: {
      run: "res.write('a');try{res.setHeader('X-Late','1')}catch{}res.end('b')",
      headers: { 'x-late': undefined },
      text: 'ab',
    },
    P228: { ...whole, run: 'res.json({a:1});res.json({b:2})' },
    P229: { run: "res.end('a');res.end('b')", text: 'a' },
    P230: {
      run: "res.write('a');let c;try{res.writeHead(500)}catch(e){c=e.code}res.end(c)",
      text: 'aERR_HTTP_HEADERS_SENT',
    },
    P469: { ...whole, run: 'const {json}=res;json({a:1})' },
    P471: { run: 'res.send([])', headers: { etag: '"38jmpejbxv2"' }, text: '[]' },
  },
  'ETag and 304': {
    P233: { ...one, send: match(tag), status: 304, text: '' },
    P234: { ...one, send: match(`W/${tag}`), status: 304 },
    P235: { ...whole, send: match('147uiiad94i7') },
    P236: { ...one, send: match(`"x", ${tag}`), status: 304 },
    P237: { ...one, send: match('*'), status: 304 },
    P238: { ...whole, send: match('"x", *') },
    P239: { ...whole, send: { ...match(tag), 'Cache-Control': 'no-cache' } },
    P240: { ...one, send: { ...match(tag), 'Cache-Control': 'NO-CACHE' }, status: 304 },
    P241: { ...one, send: { ...match(tag), 'Cache-Control': 'max-age=0' }, status: 304 },
    P242: {
      ...whole,
      send: { ...match(tag), 'If-Modified-Since': 'Sun, 22 Nov 2099 13:39:13 GMT' },
    },
    'P243, not 304': { ...whole, method: 'POST', send: match(tag) },
    'P244, not 304': { ...whole, method: 'DELETE', send: match(tag) },
    'P245, not 304': {
      ...whole,
      run: 'res.status(500).json({a:1})',
      send: match(tag),
      status: 500,
    },
    'P247, kept': {
      run: `res.setHeader('ETag','"mine"');res.json({a:1})`,
      headers: { etag: '"mine"' },
      text: '{"a":1}',
    },
    P248: {
      run: `res.setHeader('ETag','"mine"');res.end('x')`,
      send: match('"mine"'),
      headers: { etag: '"mine"' },
      text: 'x',
    },
    P252: { run: "res.send('0123456789')", send: { Range: 'bytes=0-3' }, text: '0123456789' },
  },
  redirect: {
    P253: {
      run: "res.redirect('/x')",
      status: 307,
      headers: { location: '/x', 'content-type': undefined },
      text: '/x',
    },
    P254: { run: "res.redirect(302,'/x')", status: 302, headers: { location: '/x' } },
    P255: { run: "res.redirect(308,'/x?y=1')", status: 308, headers: { location: '/x?y=1' } },
    P257: { ...failed, run: 'res.redirect(302)', headers: { location: undefined } },
    P258: { ...failed, run: 'res.redirect()' },
    P261: { ...failed, run: "res.redirect('/a\\r\\nX: y')", headers: { x: undefined } },
  },
  headers: {
    P265: { run: "res.setHeader('X-A',['1','2']);res.end('x')", headers: { 'x-a': '1, 2' } },
    P267: {
      run: "res.setHeader('Set-Cookie','a=1');res.setHeader('Set-Cookie','b=2');res.end('x')",
      headers: { 'set-cookie': 'b=2' },
    },
    P268: {
      run: "res.setHeader('Set-Cookie',['a=1','a=1']);res.end('x')",
      headers: { 'set-cookie': 'a=1' },
    },
    P270: {
      run: "res.setHeader('Set-Cookie','a=1');res.appendHeader('Set-Cookie','b=2');res.end('x')",
      headers: { 'set-cookie': 'a=1, b=2' },
    },
    P271: {
      ...failed,
      run: "res.setHeader('X-A','a\\nb');res.end('x')",
      headers: { 'x-a': undefined },
    },
    P272: { ...failed, run: "res.setHeader('X-A',undefined);res.end('x')" },
    P467: {
      run: "res.setHeaders(new Map([['x-1','a'],['x-2',['b','c']]]));res.end('x')",
      headers: { 'x-1': 'a', 'x-2': 'b, c' },
    },
    'P473, as in Node': {
      run: "res.writeHead(200,['X-A','1','X-A','2']);res.end('w')",
      headers: { 'x-a': '1, 2' },
    },
  },
  cookies: Object.fromEntries(
    (
      [
        ['P164', 'a=1; b=2', '{"a":"1","b":"2"}'],
        ['P165', 'a=1;b=2', '{"a":"1","b":"2"}'],
        ['P166', 'a=1,b=2', '{"a":"1,b=2"}'],
        ['P167', 'a="q"', '{"a":"q"}'],
        ['P169', 'a=%20b', '{"a":" b"}'],
        ['P170', 'a=%zz', '{"a":"%zz"}'],
        ['P171', 'a=1; a=2', '{"a":"1"}'],
        ['P172', 'a; b=1', '{"b":"1"}'],
        ['P173', 'a=', '{"a":""}'],
        ['P175', 'a=b=c', '{"a":"b=c"}'],
        ['P176, kept', 'constructor=1; x=2', '{"constructor":"1","x":"2"}'],
      ] as const
    ).map(([row, cookie, text]) => [
      row,
      { run: 'res.json(req.cookies)', send: { Cookie: cookie }, text },
    ]),
  ),
};

const snippets = Object.values(groups).flatMap((cases) =>
  Object.entries(cases).map(([row, { run }]) => `${JSON.stringify(row)}(req, res) { ${run} },`),
);

const app = {
  'pages/api/x.js': `
    import { Readable } from 'node:stream';

    const snippets = {
      ${snippets.join('\n      ')}
    };

    export default function handler(req, res) {
      return snippets[req.query.row](req, res);
    }`,
  'lib/tally.js': 'export const tally = { written: 0, closed: 0 };',
  'pages/api/tally.js': `
    import { tally } from '../../lib/tally';

    export default (req, res) => res.json(tally);`,
  'pages/api/flood.js': `
    import { once } from 'node:events';
    import { tally } from '../../lib/tally';

    const chunk = Buffer.alloc(65536, 'a');

    export default async function handler(req, res) {
      tally.written = 0;
      res.on('close', () => tally.closed++);
      for (let left = Number(req.query.mib) * 16; left > 0 && !res.destroyed; left--) {
        tally.written += chunk.length;
        if (!res.write(chunk)) await Promise.race([once(res, 'drain'), once(res, 'close')]);
      }
      res.end();
    }`,
  'pages/api/slow.js': `
    import { setTimeout } from 'node:timers/promises';

    export default async function handler(req, res) {
      res.write('first');
      await setTimeout(200);
      res.end('second');
    }`,
};

let server: Server;
before(async () => {
  server = await startCapra({ app });
});
after(() => server.stop());

async function check(row: string, { method = 'GET', send, status = 200, ...expected }: Case) {
  const answer = await server.call(`${method} /api/x?row=${encodeURIComponent(row)}`, {
    headers: send,
  });
  assert.equal(answer.status, status);
  if (expected.reason !== undefined) assert.equal(answer.reason, expected.reason);
  if (expected.text !== undefined) assert.equal(answer.text, expected.text);
  for (const [name, value] of Object.entries(expected.headers ?? {}))
    if (status !== 304 || name !== 'content-type') assert.equal(answer.headers[name], value, name);
  if (status === 204 || status === 304) assert.equal(answer.headers['content-length'], undefined);
}

for (const [name, cases] of Object.entries(groups)) {
  describe(name, () => {
    for (const [row, expected] of Object.entries(cases))
      test(`${expected.run.slice(0, 80)} (${row})`, () => check(row, expected));
  });
}

describe('a handler that answers later', () => {
  test('keeps its place in a pipeline', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(Buffer.concat([format('GET /api/slow'), format('GET /api/x?row=P221')]));
    assert.equal((await wire.answer()).text, 'firstsecond');
    assert.equal((await wire.answer()).text, 'x');
    wire.close();
  });

  test('is answered before the malformed request behind it is', async () => {
    const bad = 'GET /api/x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n';
    const answers = await rawExchange(server.port, `${format('GET /api/slow')}${bad}`);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 400],
    );
    assert.equal(answers[0].text, 'firstsecond');
  });

  test('holds up no other connection', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(format('GET /api/slow'));
    for (let i = 0; i < 5; i++) await server.call('GET /api/x?row=P221');
    assert.equal((await wire.answer()).text, 'firstsecond');
    wire.close();
  });
});

describe('a streamed answer', () => {
  test('has no body for HEAD, and the connection goes on', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(Buffer.concat([format('HEAD /api/slow'), format('GET /api/x?row=P221')]));
    assert.equal((await wire.answer('HEAD')).status, 200);
    assert.equal((await wire.answer()).text, 'x');
    wire.close();
  });

  test('is sent piece by piece', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(format('GET /api/slow'));
    const start = performance.now();
    assert.equal(await wire.atEnd(), false);
    const first = performance.now() - start;
    assert.equal((await wire.answer()).text, 'firstsecond');
    assert.ok(performance.now() - start - first > 100, 'the head came with the last piece');
    wire.close();
  });

  test('keeps the connection for the next request', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(Buffer.concat([format('GET /api/flood?mib=1'), format('GET /api/tally')]));
    assert.equal((await wire.answer()).bytes.length, 1 << 20);
    assert.equal((await wire.answer()).json().written, 1 << 20);
    wire.close();
  });

  test('ends with the connection for a client of HTTP/1.0 (P417)', async () => {
    const wire = await Wire.open(server.port);
    await wire.send('GET /api/flood?mib=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const { headers, bytes } = await wire.answer();
    assert.equal(headers.connection, 'close');
    assert.equal(headers['transfer-encoding'], undefined);
    assert.equal(bytes.length, 1 << 20);
    wire.close();
  });

  test('waits for a client that does not read, in bounded memory', async () => {
    const MiB = 1 << 20;
    const mib = 256;
    const before = residentBytes(server.worker());
    const wire = await Wire.open(server.port);
    wire.pause();
    await wire.send(format(`GET /api/flood?mib=${mib}`));

    // Written until the kernel's buffers are full; then nothing moves between two looks.
    let written = -1;
    for (;;) {
      const now = (await server.call('GET /api/tally')).json().written;
      if (now > 0 && now === written) break;
      written = now;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(written < 32 * MiB, `${written} bytes were written`);
    assert.ok(residentBytes(server.worker()) - before < 64 * MiB);

    wire.resume();
    assert.equal((await wire.answer()).bytes.length, mib * MiB);
    wire.close();
  });

  test('tells its handler when the client goes away', async () => {
    const { closed } = (await server.call('GET /api/tally')).json();
    const wire = await Wire.open(server.port);
    wire.pause();
    await wire.send(format('GET /api/flood?mib=256'));
    assert.ok((await server.call('GET /api/tally')).json().written > 0);
    wire.reset();
    for (;;) {
      if ((await server.call('GET /api/tally')).json().closed > closed) break;
    }
  });
});
