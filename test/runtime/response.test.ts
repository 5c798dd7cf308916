// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Flag } from '../../runtime/core.ts';
import {
  type Answer,
  appOf,
  type Call,
  type AnyHandler as Handler,
  linesOf,
  textOf,
} from './fake-core.ts';

type Res = Parameters<Handler>[1];
type Use = (res: Res) => unknown;

async function run(handler: Handler, call: Call = {}): Promise<Answer> {
  using app = appOf(handler);
  const answer = await app.fetch(call);
  assert.deepEqual(app.core.strays, []);
  return answer;
}

function outcome(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    const { name, code, message } = error as Error & { code: string };
    return { name, code, message };
  }
}

test('a response is a ServerResponse', async () => {
  await run((req, res) => {
    assert.ok(res instanceof ServerResponse);
    assert.equal(res.constructor, ServerResponse);
    assert.ok(req instanceof IncomingMessage);
    assert.equal(req.constructor, IncomingMessage);
    assert.equal(res.req, req);
    res.end();
  });
});

test('header calls do and throw what they do in Node', async () => {
  const calls: Use[] = [
    (res) => res.setHeader('X-A', 'a\nb'),
    (res) => res.setHeader('X-A', '日'),
    (res) => res.setHeader('X-A', undefined),
    (res) => res.setHeader('bad name', 'x'),
    (res) => res.setHeader('', 'x'),
    (res) => res.setHeader(5, 'x'),
    (res) => res.setHeader(undefined, 'x'),
    (res) => res.setHeader('X-A', ['ok', 'b\r']),
    (res) => res.setHeader('X-A', 'caf\xe9') === res,
    (res) => res.setHeader('X-B', 5) === res,
    (res) => res.setHeader('X-C', ['1', '2']) === res,
    (res) => res.getHeader('x-a'),
    (res) => res.getHeader('X-C'),
    (res) => res.getHeader('none'),
    (res) => res.getHeader(5),
    (res) => res.hasHeader('x-b'),
    (res) => res.hasHeader(),
    (res) => res.setHeader('x-b', null) === res,
    (res) => res.appendHeader('X-D', '1') === res,
    (res) => res.appendHeader('x-d', ['2', '3']) === res,
    (res) => res.appendHeader('x-d', 'a\0'),
    (res) => res.appendHeader('x-d', undefined),
    (res) => res.getHeaderNames(),
    (res) => res.getRawHeaderNames(),
    (res) => res.getHeaders(),
    (res) => res._renderHeaders(),
    (res) => res.removeHeader('X-A'),
    (res) => res.removeHeader('none'),
    (res) => res.removeHeader(5),
    (res) => res.getHeaderNames(),
    (res) =>
      res.setHeaders(
        new Map<string, string | string[]>([
          ['x-1', 'a'],
          ['set-cookie', ['c=1']],
        ]),
      ) === res,
    (res) => res.setHeaders(new Headers({ 'X-2': 'b' })) === res,
    (res) => res.setHeaders({ a: 1 }),
    (res) => res.getHeaders(),
    (res) => res.addTrailers({ 'bad name': '1' }),
    (res) => res.addTrailers({ 'X-T': 'a\n' }),
    (res) => res.writeHead(99),
    (res) => res.writeHead(1000),
    (res) => res.writeHead('abc'),
    (res) => res.writeHead(200, ['a']),
    (res) => res.writeHead(200, { 'X-E': 'a\n' }),
    (res) => res.writeHead(200, 'bad\nreason'),
    (res) => res.headersSent,
    (res) => res.writeHead(202, 'Fine', { 'X-F': '1', 'X-B': '6' }) === res,
    (res) => [res.headersSent, res.statusCode, res.statusMessage],
    (res) => res.writeHead(200),
    (res) => res.removeHeader('x-b'),
    (res) => res.appendHeader('x-b', '1'),
    (res) => res.writeEarlyHints({ link: '</a>; rel=preload' }),
    (res) => res.getHeader('x-b'),
  ];
  const expected = calls.map((call, at) => [at, outcome(() => call(real))]);
  let actual: unknown;
  await run((_req, res) => {
    actual = calls.map((call, at) => [at, outcome(() => call(res))]);
    res.end();
  });
  assert.deepEqual(actual, expected);
});

const real = new ServerResponse(new IncomingMessage(new Socket()));

test('chunks are refused as Node refuses them', async () => {
  const calls: Use[] = [
    (res) => res.write(5),
    (res) => res.write(null),
    (res) => res.write(undefined),
    (res) => res.write({}),
    (res) => res.write([1]),
    (res) => res.write(() => 1),
    (res) => res.write(true),
    (res) => res.write(Symbol('s')),
    (res) => res.write(10n),
    (res) => res.end(5),
    (res) => res.end({}),
  ];
  const expected = calls.map((call) =>
    outcome(() => call(new ServerResponse(new IncomingMessage(new Socket())))),
  );
  const actual: unknown[] = [];
  for (const call of calls) {
    await run((_req, res) => {
      actual.push(outcome(() => call(res)));
      res.end();
    });
  }
  assert.deepEqual(actual, expected);
});

test('a head is valid when it is made, not when it is set', async () => {
  for (const status of [99, 'abc', 0, 1000, 100, 101]) {
    await run((_req, res) => {
      for (const last of [
        () => res.end('s'),
        () => res.write('s'),
        () => res.json(1),
        () => res.flushHeaders(),
      ]) {
        assert.throws(() => res.status(status) && last(), { code: 'ERR_HTTP_INVALID_STATUS_CODE' });
      }
      res.status(200).end();
    });
  }
  const text = await run((_req, res) => res.status('201').end('s'));
  assert.equal(text.status, 201);
  const message = await run((_req, res) => {
    res.statusMessage = 'a\nb';
    assert.throws(() => res.end('x'), { code: 'ERR_INVALID_CHAR' });
    res.statusMessage = 'Hey';
    res.end('s');
  });
  assert.equal(message.reason, 'Hey');
});

test('the server keeps framing, Date and Connection to itself', async () => {
  const answer = await run((_req, res) => {
    res.setHeader('Transfer-Encoding', 'chunked');
    res.setHeader('Content-Length', '3');
    res.setHeader('Keep-Alive', 'timeout=99');
    res.setHeader('Connection', 'keep-alive');
    res.setHeader('X-A', '1');
    res.end('abcdef');
  });
  assert.deepEqual(linesOf(answer), ['X-A: 1']);
  assert.deepEqual([answer.length, answer.flags, textOf(answer)], [undefined, 0, 'abcdef']);
  const closing = await run((_req, res) => {
    res.setHeader('Connection', 'Close');
    res.json(1);
  });
  assert.equal(closing.flags, Flag.etag | Flag.close);
  const kept = await run((_req, res) => {
    res.shouldKeepAlive = false;
    res.json(1);
  });
  assert.equal(kept.flags, Flag.etag | Flag.close);
  const dated = await run((_req, res) => {
    res.setHeader('Date', 'today');
    res.end();
  });
  assert.deepEqual([linesOf(dated), dated.flags], [['Date: today'], Flag.noDate]);
  for (const how of [
    (res: Res) => res.removeHeader('Date'),
    (res: Res) => {
      res.sendDate = false;
    },
  ]) {
    const dateless = await run((_req, res) => {
      how(res);
      res.json(1);
    });
    assert.equal(dateless.flags, Flag.etag | Flag.noDate);
  }
});

test('Set-Cookie', async () => {
  const lines = async (handler: Use) =>
    linesOf(
      await run((_req, res) => {
        handler(res);
        res.end();
      }),
    );
  assert.deepEqual(await lines((res) => res.setHeader('Set-Cookie', ['a=1', 'b=2', 'a=1'])), [
    'Set-Cookie: a=1',
    'Set-Cookie: b=2',
  ]);
  assert.deepEqual(
    await lines((res) => res.setHeader('Set-Cookie', 'a=1').setHeader('set-cookie', 'b=2')),
    ['set-cookie: b=2'],
  );
  assert.deepEqual(await lines((res) => res.setHeader('Set-Cookie', 5)), []);
  assert.deepEqual(
    await lines((res) => res.setHeader('Set-Cookie', 'a=1').appendHeader('Set-Cookie', 'b=2')),
    ['Set-Cookie: a=1', 'Set-Cookie: b=2'],
  );
});

test('writeHead takes fields in every form', async () => {
  const lines = async (...args: unknown[]) =>
    linesOf(
      await run((_req, res) => {
        res.setHeader('X-A', '0');
        res.writeHead(202, ...args);
        res.end('w');
      }),
    );
  assert.deepEqual(await lines({ 'X-A': '1', 'X-B': ['2', '3'] }), ['X-A: 1', 'X-B: 2', 'X-B: 3']);
  assert.deepEqual(await lines('Reason', { 'X-B': 1 }), ['X-A: 0', 'X-B: 1']);
  assert.deepEqual(await lines(['X-A', '1', 'X-A', '2']), ['X-A: 1', 'X-A: 2']);
  assert.deepEqual(
    await lines([
      ['X-A', '1'],
      ['X-A', '2'],
    ]),
    ['X-A: 1', 'X-A: 2'],
  );
  assert.deepEqual(await lines(), ['X-A: 0']);
});

test('a streamed answer goes in pieces', async () => {
  const answer = await run((_req, res) => {
    res.setHeader('Content-Length', '6');
    assert.equal(res.headersSent, false);
    assert.equal(res.write('a'), true);
    assert.equal(res.headersSent, true);
    res.write(Buffer.from('b'));
    res.write('c', 'latin1');
    res.write('ZA==', 'base64');
    res.write(new Uint8Array([0x65]));
    res.addTrailers({ 'X-T': '1' });
    res.end('f');
  });
  assert.deepEqual([answer.length, textOf(answer), answer.trailers], [6, 'abcdef', 'X-T: 1\r\n']);
});

test('trailers make a whole answer a streamed one', async () => {
  const answer = await run((_req, res) => {
    res.addTrailers([['X-T', '1']]);
    res.json({ a: 1 });
  });
  assert.deepEqual([answer.length, textOf(answer), answer.trailers], [-1, '{"a":1}', 'X-T: 1\r\n']);
});

test('the answer to HEAD states the length that GET would have', async () => {
  const answer = await run(
    (_req, res) => {
      res.setHeader('Content-Length', 1234);
      res.end();
    },
    { method: 'HEAD' },
  );
  assert.equal(answer.length, 1234);
  const json = await run((_req, res) => res.json({ a: 1 }), { method: 'HEAD' });
  assert.deepEqual([json.length, textOf(json), json.flags], [undefined, '{"a":1}', Flag.etag]);
});

test('flushHeaders sends the head at once', async () => {
  using app = appOf((_req, res) => res.flushHeaders());
  const id = app.request();
  while (app.core.answers.get(id) === undefined) await new Promise(setImmediate);
  assert.deepEqual(
    [app.core.answers.get(id)?.state, app.core.answers.get(id)?.length],
    ['open', -1],
  );
});

test('interim answers', async () => {
  using app = appOf(async (_req, res) => {
    await new Promise<void>((done) => res.writeContinue(done));
    res.writeProcessing();
    res.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload'], 'X-A': '1' });
    assert.throws(() => res.writeEarlyHints({ link: 'bad' }), { code: 'ERR_INVALID_ARG_VALUE' });
    res.json(1);
  });
  await app.fetch();
  assert.deepEqual(app.core.interims, [
    [0, 100, ''],
    [0, 102, ''],
    [0, 103, 'Link: </a.css>; rel=preload, </b.js>; rel=preload\r\nX-A: 1\r\n'],
  ]);
});

test('a slow client holds the writer back', async () => {
  const calls: string[] = [];
  using app = appOf((_req, res) => {
    app.core.pending = 100_000;
    assert.equal(
      res.write('a', () => calls.push('written')),
      false,
    );
    assert.deepEqual([res.writableNeedDrain, res.writableLength], [true, 100_000]);
    res.on('drain', () => {
      calls.push('drain');
      assert.deepEqual([res.writableNeedDrain, res.writableLength], [false, 0]);
      app.core.pending = 0;
      assert.equal(
        res.write('b', () => calls.push('written at once')),
        true,
      );
      res.end(() => calls.push('ended'));
    });
  });
  const id = app.request();
  while (app.core.answers.get(id) === undefined) await new Promise(setImmediate);
  assert.deepEqual(calls, []);
  app.host.drained(id);
  await app.answer(id);
  await new Promise(setImmediate);
  assert.deepEqual(calls, ['drain', 'written', 'written at once', 'ended']);
});

test('the state shows as it does in Node', async () => {
  await run((_req, res) => {
    const state = () => [
      res.writableEnded,
      res.finished,
      res.writableFinished,
      res.headersSent,
      res.destroyed,
    ];
    assert.deepEqual(state(), [false, false, false, false, false]);
    assert.deepEqual(
      [
        res.writable,
        res.writableObjectMode,
        res.writableCorked,
        res.errored,
        res._header,
        res.chunkedEncoding,
      ],
      [true, false, 0, null, null, false],
    );
    assert.equal(res.writableHighWaterMark, new Writable().writableHighWaterMark);
    res.cork();
    assert.equal(res.writableCorked, 1);
    res.uncork();
    assert.equal(res.writableCorked, 0);
    res.on('finish', () => assert.deepEqual(state(), [true, true, true, true, false]));
    res.on('close', () => assert.deepEqual(state(), [true, true, true, true, true]));
    res.end('x');
    assert.deepEqual(state(), [true, true, false, true, false]);
    assert.equal(res._header, 'HTTP/1.1 200 OK\r\n');
    assert.equal(res.statusMessage, 'OK');
  });
  await new Promise(setImmediate);
});
