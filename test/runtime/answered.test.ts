// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etagOf } from '../../runtime/etag.ts';
import { appOf, type Call, type AnyHandler as Handler } from './fake-core.ts';

// What an answer looks like to who asks after it has gone: morgan, pino-http.

// biome-ignore lint/suspicious/noExplicitAny: tests do what users may not
type AnyResponse = any;

async function after(
  handler: Handler,
  { isKnown = false, ...call }: Call & { isKnown?: boolean } = {},
): Promise<AnyResponse> {
  let answered: AnyResponse;
  using app = appOf((req, res) => {
    answered = res;
    handler(req, res);
  });
  app.core.isKnown = isKnown;
  await app.fetch(call);
  return answered;
}

const json = 'application/json; charset=utf-8';

test('json and send show type, tag and length', async () => {
  const table: [handler: Handler, headers: object][] = [
    [
      (_req, res) => res.json({ a: 1 }),
      { 'content-type': json, etag: '"147uiiad94i7"', 'content-length': 7 },
    ],
    [
      (_req, res) => res.status(201).json('é'),
      { 'content-type': json, etag: etagOf('"é"'), 'content-length': 4 },
    ],
    [(_req, res) => res.send('hello'), { etag: '"2caikvdqo85"', 'content-length': 5 }],
    [
      (_req, res) => res.send(Buffer.from('buf')),
      {
        'content-type': 'application/octet-stream',
        etag: '"x2yvc5omeu11"',
        'content-length': 3,
      },
    ],
    [
      (_req, res) => {
        res.setHeader('X-A', '1');
        res.setHeader('Content-Length', '99');
        res.send({ a: 1 });
      },
      {
        'x-a': '1',
        'content-length': 7,
        'content-type': json,
        etag: '"147uiiad94i7"',
      },
    ],
    [
      (_req, res) => {
        res.setHeader('ETag', '"mine"');
        res.json({ a: 1 });
      },
      { etag: '"mine"', 'content-type': json, 'content-length': 7 },
    ],
  ];
  for (const [handler, headers] of table) {
    const res = await after(handler);
    assert.deepEqual({ ...res.getHeaders() }, headers);
    for (const [name, value] of Object.entries(headers)) {
      assert.equal(res.getHeader(name), value);
      assert.equal(res.hasHeader(name), true);
    }
    assert.deepEqual(res.getHeaderNames().sort(), Object.keys(headers).sort());
  }
});

test('what is seen of one answer is not seen of the next', async () => {
  const first = await after((_req, res) => res.json({ a: 1 }));
  first.setHeader('X-Late', '1');
  assert.equal(first.getHeader('content-length'), 7);
  const second = await after((_req, res) => res.json({ a: 12 }));
  assert.deepEqual(
    { ...second.getHeaders() },
    {
      'content-type': json,
      etag: etagOf('{"a":12}'),
      'content-length': 8,
    },
  );
});

test('end and write show what the handler has set, and no more', async () => {
  const ended = await after((_req, res) => res.setHeader('X-A', '1').end('x'));
  assert.deepEqual({ ...ended.getHeaders() }, { 'x-a': '1' });
  const plain = await after((_req, res) => res.end('x'));
  assert.equal(plain.getHeader('content-length'), undefined);
  const written = await after((_req, res) => {
    res.write('a');
    res.json({ a: 1 });
  });
  assert.equal(written.hasHeader('etag'), false);
});

test('an answer that the client had already is a 304 with its tag', async () => {
  for (const handler of [
    (_req: unknown, res: { json(value: unknown): void }) => res.json({ a: 1 }),
    (_req: unknown, res: { send(value: unknown): void }) => res.send({ a: 1 }),
  ]) {
    const res = await after(handler, { isKnown: true });
    assert.equal(res.statusCode, 304);
    assert.deepEqual({ ...res.getHeaders() }, { etag: '"147uiiad94i7"' });
  }
});

test('a listener of the end sees it, too', async () => {
  const seen: unknown[] = [];
  await after((_req, res) => {
    res.on('finish', () => {
      seen.push(res.statusCode, res.getHeader('content-length'), res.getHeader('content-type'));
    });
    res.status(201).json({ a: 'é' });
  });
  await new Promise(setImmediate);
  assert.deepEqual(seen, [201, 10, json]);
});
