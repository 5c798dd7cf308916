// SPDX-License-Identifier: MIT

// What an answer says of its own length, and what stands behind a request's body.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag } from '../../runtime/core.ts';
import { type Answer, type AnyHandler, appOf, linesOf, logged, textOf } from './fake-core.ts';

const get = { headers: [['Host', 'h']] } as const;

async function answerOf(handler: AnyHandler, settings: object): Promise<Answer> {
  using app = appOf(handler, { settings });
  let answer: Answer | undefined;
  await logged(async () => {
    answer = await app.fetch(get);
  });
  return answer as Answer;
}

async function isChunked(handler: AnyHandler, settings: object): Promise<boolean> {
  const { length, flags } = await answerOf(handler, settings);
  assert.equal(length, undefined);
  return (flags & Flag.chunked) !== 0;
}

test('Next tells the length of what json and send are given, and of nothing else', async () => {
  const ways: [handler: AnyHandler, isChunked: boolean, isSoWithoutCompression: boolean][] = [
    [(_req, res) => res.json({ a: 1 }), false, false],
    [(_req, res) => res.send('a'), false, false],
    [(_req, res) => res.send(Buffer.from('a')), false, false],
    [(_req, res) => res.json(undefined), true, false],
    [(_req, res) => res.send(null), true, false],
    [(_req, res) => res.end('a'), true, false],
    [(_req, res) => res.end(), true, false],
    [(_req, res) => res.writeHead(200).end('a'), true, true],
    [(_req, res) => res.redirect('/a'), true, true],
    [(_req, res) => res.setHeader('Content-Length', 1).end('a'), false, false],
    [
      () => {
        throw new Error('no');
      },
      true,
      false,
    ],
  ];
  for (const [handler, ...expected] of ways) {
    const found = [
      await isChunked(handler, { parity: true }),
      await isChunked(handler, { parity: true, compress: false }),
      await isChunked(handler, {}),
    ];
    assert.deepEqual(found, [...expected, false], String(handler));
  }
});

test('a body that is no JSON is refused in the reason, with Next', async () => {
  const headers = [['Content-Type', 'application/json']] as const;
  const call = { method: 'POST', headers, body: '{' };
  const refuse = (settings: object) => {
    using app = appOf(() => assert.fail('it ran'), { settings });
    return app.fetch(call);
  };
  const next = await refuse({ parity: true });
  assert.deepEqual([next.status, next.reason, next.head], [400, 'Invalid JSON', '']);
  assert.equal(textOf(next), 'Invalid JSON');
  assert.equal(next.flags, Flag.chunked);
  const ours = await refuse({});
  assert.deepEqual([ours.status, ours.reason, ours.flags], [400, undefined, 0]);
  assert.deepEqual(linesOf(ours), ['Content-Type: text/plain; charset=utf-8']);
});

test('the type of what send is given is no type of a 304', async () => {
  const isLate = async (handler: AnyHandler, settings: object = { parity: true }) =>
    ((await answerOf(handler, settings)).flags & Flag.lateType) !== 0;
  assert.equal(await isLate((_req, res) => res.send({ a: 1 })), true);
  assert.equal(await isLate((_req, res) => res.send(Buffer.from('a'))), true);
  assert.equal(await isLate((_req, res) => res.json({ a: 1 })), false);
  assert.equal(await isLate((_req, res) => res.setHeader('Content-Type', 'a/b').send({})), false);
  assert.equal(await isLate((_req, res) => res.send({ a: 1 }), {}), false);
});

test('trailers of a body that was read beforehand come with the request', async () => {
  using app = appOf(async (req, res) => {
    await undefined;
    const first = req.trailers;
    res.json([first, req.rawTrailers, req.trailersDistinct, req.body]);
  });
  const trailers = 'X-Sum: 1\r\nX-Sum: 2\r\n';
  const answer = await app.fetch({ method: 'POST', body: 'x', trailers });
  assert.deepEqual(JSON.parse(textOf(answer)), [
    { 'x-sum': '1, 2' },
    ['X-Sum', '1', 'X-Sum', '2'],
    { 'x-sum': ['1', '2'] },
    'x',
  ]);
  assert.deepEqual(JSON.parse(textOf(await app.fetch()))[0], {});
});

test('trailers outlive their request', async () => {
  const found: unknown[] = [];
  using app = appOf((req, res) => {
    res.json(1);
    found.push(req.trailers);
  });
  await app.fetch({ method: 'POST', body: 'x', trailers: 'X-T: 1\r\n' });
  assert.deepEqual(found, [{ 'x-t': '1' }]);
});
