// SPDX-License-Identifier: MIT

// `req.body` and the limits on it, row by row of the contract.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { residentBytes, type Server, startCapra } from '../support/server.ts';
import { format, rawExchange, Wire } from '../support/wire.ts';

const echo = `
  export default function handler({ body }, res) {
    const type = body === null ? 'null' : Array.isArray(body) ? 'array' : typeof body;
    res.json({ t: type, v: body });
  }`;

const limited = (config: string) => `
  export const config = { api: { bodyParser: ${config} } };
  export default (req, res) => res.json(req.body.length);`;

const app = {
  'pages/api/x.js': echo,
  'pages/api/length.js': 'export default (req, res) => res.json(req.body.length);',
  'pages/api/raw.js': `
    export const config = { api: { bodyParser: false } };
    ${echo}`,
  'pages/api/xl10.js': limited("{ sizeLimit: '10b' }"),
  'pages/api/xl1kb.js': limited("{ sizeLimit: '1kb' }"),
  'pages/api/xlnum.js': limited('{ sizeLimit: 500 }'),
  'pages/api/xlMB.js': limited("{ sizeLimit: '2MB' }"),
  'pages/api/xlsp.js': limited("{ sizeLimit: '1.5 kb' }"),
  'pages/api/sum.ts': `
    import { createHash } from 'node:crypto';
    import type { NextApiRequest, NextApiResponse } from 'next';

    export const config = { api: { bodyParser: false } };

    export default async function handler(req: NextApiRequest, res: NextApiResponse) {
      const hash = createHash('sha256');
      let length = 0;
      for await (const chunk of req) {
        hash.update(chunk);
        length += chunk.length;
      }
      res.json({ length, hash: hash.digest('hex') });
    }`,
  'pages/api/lazy.js': `
    import { setTimeout } from 'node:timers/promises';

    export const config = { api: { bodyParser: false } };
    export default async function handler(req, res) {
      await setTimeout(1000);
      let length = 0;
      for await (const chunk of req) length += chunk.length;
      res.json(length);
    }`,
  'pages/api/type.js': 'export default ({ body }, res) => res.send(typeof body);',
  'pages/api/deaf.js': `
    export const config = { api: { bodyParser: false } };
    export default (req, res) => res.status(200).json({ read: false });`,
};

let server: Server;
before(async () => {
  server = await startCapra({ app });
});
after(() => server.stop());

type Row = [
  row: string,
  type: string | undefined,
  body: string | Uint8Array | undefined,
  text: string,
];

const form = 'application/x-www-form-urlencoded';
const rows: Row[] = [
  ['P118', 'application/json', '{"a":1}', '{"t":"object","v":{"a":1}}'],
  ['P119', 'application/json; charset=utf-8', '{"a":"é"}', '{"t":"object","v":{"a":"é"}}'],
  [
    'P120',
    'application/json; charset=iso-8859-1',
    Buffer.from('{"a":"é"}', 'latin1'),
    '{"t":"object","v":{"a":"é"}}',
  ],
  ['P123', 'application/ld+json', '{"a":1}', '{"t":"object","v":{"a":1}}'],
  ['P126', 'application/json', '', '{"t":"object","v":{}}'],
  ['P127', 'application/json', undefined, '{"t":"object","v":{}}'],
  ['P130', 'application/json', 'null', '{"t":"null","v":null}'],
  ['P131', 'application/json', '0', '{"t":"number","v":0}'],
  ['P132', 'application/json', '"hi"', '{"t":"string","v":"hi"}'],
  ['P134', 'application/json', '[1]', '{"t":"array","v":[1]}'],
  ['P135', 'application/json', '\ufeff{}', '{"t":"object","v":{}}'],
  ['P137', form, 'a=1&b=2&a=3&c=&d', '{"t":"object","v":{"a":["1","3"],"b":"2","c":"","d":""}}'],
  ['P138', form, 'a=%20+%2B&x=%zz', '{"t":"object","v":{"a":"  +","x":"%zz"}}'],
  ['P139', form, 'a[b]=1', '{"t":"object","v":{"a[b]":"1"}}'],
  ['P141', 'text/plain', 'hello', '{"t":"string","v":"hello"}'],
  ['P142', undefined, '{"a":1}', '{"t":"string","v":"{\\"a\\":1}"}'],
  ['P143', undefined, undefined, '{"t":"string","v":""}'],
  ['P144', 'garbage', 'x', '{"t":"string","v":"x"}'],
  [
    'P145',
    'application/octet-stream',
    new Uint8Array([0, 0xff, 0x41]),
    '{"t":"string","v":"\\u0000\ufffdA"}',
  ],
];

const send = (request: string, type: string | undefined, body: string | Uint8Array | undefined) =>
  server.call(request, { headers: type === undefined ? {} : { 'Content-Type': type }, body });

describe('req.body', () => {
  for (const [row, type, body, text] of rows) {
    test(`${type}: ${JSON.stringify(body)} (${row})`, async () => {
      const answer = await send('POST /api/x', type, body);
      assert.deepEqual([answer.status, answer.text], [200, text]);
    });
  }

  for (const method of ['GET', 'DELETE', 'PUT']) {
    test(`is parsed for ${method} as well (P147, P148)`, async () => {
      const answer = await send(`${method} /api/x`, 'application/json', '{"a":1}');
      assert.equal(answer.text, '{"t":"object","v":{"a":1}}');
    });
  }

  for (const [row, body] of [
    ['P128', '  '],
    ['P129', '{"a":'],
  ]) {
    test(`${JSON.stringify(body)} as JSON is 400, and the handler is not called (${row})`, async () => {
      const answer = await send('POST /api/x', 'application/json', body);
      assert.deepEqual([answer.status, answer.text], [400, 'Invalid JSON']);
      assert.equal(answer.reason, 'Bad Request');
    });
  }

  test('is not there when the parser is off (P150)', async () => {
    const answer = await send('POST /api/raw', 'application/json', '{"a":1}');
    assert.equal(answer.text, '{"t":"undefined"}');
  });
});

describe('sizeLimit', () => {
  const limits: [row: string, path: string, limit: number, name: string][] = [
    ['P151, P152', '/api/length', 1_048_576, '1mb'],
    ['P153, P154', '/api/xl10', 10, '10b'],
    ['P155', '/api/xl1kb', 1024, '1kb'],
    ['P156', '/api/xlnum', 500, '500'],
    ['P157', '/api/xlMB', 2_097_152, '2MB'],
    ['P158', '/api/xlsp', 1536, '1.5 kb'],
  ];
  for (const [row, path, limit, name] of limits) {
    test(`${name}: that many bytes pass, one more is 413 (${row})`, async () => {
      const full = await send(`POST ${path}`, 'text/plain', 'a'.repeat(limit));
      assert.deepEqual([full.status, full.text], [200, String(limit)]);
      const over = await send(`POST ${path}`, 'text/plain', 'a'.repeat(limit + 1));
      assert.deepEqual([over.status, over.text], [413, `Body exceeded ${name} limit`]);
      assert.equal(over.headers.connection, 'close');
    });
  }

  test('counts chunked bodies too (P162)', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' };
    const body = '6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n';
    const answer = await server.call('POST /api/xl10', { headers, body });
    assert.deepEqual([answer.status, answer.text], [413, 'Body exceeded 10b limit']);
  });
});

describe('a body that the handler reads itself', () => {
  const data = 'wikipedia, '.repeat(1_000_000);
  const sum = { length: 11_000_000 };

  test('comes whole, beyond every limit of the parser (P429)', async () => {
    const answer = await server.call('POST /api/sum', { body: data });
    assert.equal(answer.json().length, sum.length);
  });

  test('comes whole in chunks, and the next request behind it', async () => {
    const chunk = `${(1 << 16).toString(16)}\r\n${'a'.repeat(1 << 16)}\r\n`;
    const headers = { 'Transfer-Encoding': 'chunked' };
    const wire = await Wire.open(server.port);
    const upload = format('POST /api/sum', { headers, body: `${chunk.repeat(50)}0\r\n\r\n` });
    await wire.send(Buffer.concat([upload, format('POST /api/x', { body: 'next' })]));
    assert.equal((await wire.answer('POST')).json().length, 50 << 16);
    assert.equal((await wire.answer('POST')).json().v, 'next');
    wire.close();
  });

  test('is taken in no faster than the handler reads it', async () => {
    const before = residentBytes(server.worker());
    const wire = await Wire.open(server.port);
    const length = 64 << 20;
    const sent = wire.send(format('POST /api/lazy', { body: new Uint8Array(length) }));
    await server.call('GET /api/deaf');
    // The handler sleeps for a second; by then everything would have come.
    let most = 0;
    let done = false;
    const answer = wire.answer('POST').finally(() => (done = true));
    while (!done) {
      most = Math.max(most, residentBytes(server.worker()));
      await server.call('GET /api/deaf');
    }
    await sent;
    assert.equal((await answer).text, String(length));
    assert.ok(most - before < 48 << 20, `${(most - before) >> 20} MiB more`);
    wire.close();
  });

  test('is asked for when the handler reads it (P412)', async () => {
    const wire = await Wire.open(server.port);
    const headers = { Expect: '100-continue', 'Content-Length': '5' };
    await wire.send(format('POST /api/sum', { headers }));
    assert.equal((await wire.answer('POST')).status, 100);
    await wire.send('hello');
    assert.equal((await wire.answer('POST')).json().length, 5);
    wire.close();
  });

  test('that stands still is 408, and the handler hears of it', async () => {
    const patient = await startCapra({ app, args: ['--body-timeout', '300ms'] });
    const wire = await Wire.open(patient.port);
    await wire.send(format('POST /api/sum', { headers: { 'Content-Length': '9' } }));
    await wire.send('begin');
    const answer = await wire.answer('POST');
    assert.deepEqual([answer.status, answer.headers.connection], [408, 'close']);
    await wire.closed();
    await patient.logged(/sum/);
    await patient.stop();
  });

  test('that is cut off is an error in the handler, and nothing worse', async () => {
    for (const end of ['finish', 'reset'] as const) {
      const wire = await Wire.open(server.port);
      await wire.send(format('POST /api/sum', { headers: { 'Content-Length': '9' } }));
      await wire.send('begin');
      wire[end]();
      const rest = await wire.rest();
      assert.doesNotMatch(rest.toString(), /^HTTP\/1\.1 2/);
      wire.close();
    }
    assert.equal((await send('POST /api/x', undefined, 'alive')).status, 200);
  });

  test('that is malformed is 400, and the connection ends', async () => {
    const [answer, ...more] = await rawExchange(
      server.port,
      'POST /api/sum HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '5\r\nhello\r\nxx\r\n',
    );
    assert.deepEqual([answer.status, answer.headers.connection], [400, 'close']);
    assert.equal(more.length, 0);
  });

  test('may stay unread: the answer comes, and a long body is not waited for', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(format('POST /api/deaf', { headers: { 'Content-Length': '1000000000' } }));
    assert.deepEqual((await wire.answer('POST')).json(), { read: false });
    await wire.closed();
    const short = await Wire.open(server.port);
    await short.send(format('POST /api/deaf', { body: 'short' }));
    assert.equal((await short.answer('POST')).status, 200);
    short.close();
  });
});

test('JSON that is nested as deep as the limit allows costs nobody else an answer', async () => {
  const depth = 500_000;
  const nested = '['.repeat(depth) + ']'.repeat(depth);
  const start = performance.now();
  const deep = await send('POST /api/type', 'application/json', nested);
  assert.ok(deep.status === 200 || deep.status === 400, String(deep.status));
  const open = await send('POST /api/type', 'application/json', '['.repeat(2 * depth));
  assert.equal(open.status, 400);
  await send('POST /api/x', 'application/json', nested);
  assert.equal((await send('POST /api/x', undefined, 'alive')).status, 200);
  assert.ok(performance.now() - start < 5000);
});

test('what is sent as JSON never reaches a prototype (P136)', async () => {
  const answer = await send('POST /api/x', 'application/json', '{"__proto__":{"t":"evil"}}');
  assert.equal(answer.text, '{"t":"object","v":{"__proto__":{"t":"evil"}}}');
});
