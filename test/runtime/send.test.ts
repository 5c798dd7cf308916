// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Flag } from '../../runtime/core.ts';
import {
  type Answer,
  App,
  type AppOptions,
  appOf,
  type Call,
  type AnyHandler as Handler,
  linesOf,
  logged,
  textOf,
} from './fake-core.ts';

const jsonType = 'Content-Type: application/json; charset=utf-8';

async function run(handler: Handler, call: Call = {}, options: AppOptions = {}): Promise<Answer> {
  using app = appOf(handler, options);
  const answer = await app.fetch(call);
  assert.deepEqual(app.core.strays, []);
  return answer;
}

/** The answer to a handler that throws, without its line in the log. */
async function runToFailure(handler: Handler): Promise<Answer> {
  let answer: Answer | undefined;
  await logged(async () => {
    answer = await run(handler);
  });
  return answer as unknown as Answer;
}

test('json sends the JSON text, its type and an ETag', async () => {
  const table: [value: unknown, text: string][] = [
    [{ a: 1 }, '{"a":1}'],
    [[1], '[1]'],
    [[], '[]'],
    [null, 'null'],
    ['str', '"str"'],
    [Number.NaN, 'null'],
    [true, 'true'],
    [{ toJSON: () => ({ x: 1 }) }, '{"x":1}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Map([[1, 2]]), '{}'],
    [new Error('x'), '{}'],
    [Buffer.from('b'), '{"type":"Buffer","data":[98]}'],
  ];
  for (const [value, text] of table) {
    const answer = await run((_req, res) => res.json(value));
    assert.equal(textOf(answer), text);
    assert.equal(answer.status, 200);
    assert.equal(answer.length, undefined, 'in one call');
    assert.deepEqual(linesOf(answer), [jsonType]);
    assert.equal(answer.flags, Flag.etag);
  }
});

test('json of what JSON has no text for is empty', async () => {
  for (const value of [undefined, () => 1, Symbol('s')]) {
    const answer = await run((_req, res) => res.json(value));
    assert.deepEqual(answer.pieces, []);
    assert.deepEqual(linesOf(answer), [jsonType]);
    assert.equal(answer.flags, 0);
  }
});

test('json overwrites the type and keeps the other fields', async () => {
  const answer = await run((_req, res) => {
    res.setHeader('Content-Type', 'application/vnd.api+json');
    res.setHeader('X-A', '1');
    res.status(201).json({ a: 1 });
  });
  assert.equal(answer.status, 201);
  assert.deepEqual(linesOf(answer), [jsonType, 'X-A: 1']);
  assert.equal(answer.flags, Flag.etag);
  assert.equal(textOf(answer), '{"a":1}');
});

test('json that cannot be written is a failure without a JSON type', async () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  for (const value of [{ a: 10n }, circular]) {
    const answer = await runToFailure((_req, res) => res.json(value));
    assert.equal(answer.status, 500);
    assert.equal(textOf(answer), 'Internal Server Error');
    assert.deepEqual(linesOf(answer), []);
  }
});

test('status 204 and 304 have no body, no type and no ETag', async () => {
  for (const status of [204, 304]) {
    for (const how of ['json', 'send']) {
      const answer = await run((_req, res) => {
        res.setHeader('Content-Type', 'text/x');
        res.setHeader('X-A', '1');
        res.status(status)[how]({ a: 1 });
      });
      assert.equal(answer.status, status);
      assert.deepEqual(answer.pieces, []);
      assert.deepEqual(linesOf(answer), ['X-A: 1']);
      assert.equal(answer.flags, 0);
    }
  }
});

test('send goes by the type of what it is given', async () => {
  const table: [body: unknown, text: string, lines: string[], flags: number][] = [
    ['hello', 'hello', [], Flag.etag],
    ['', '', [], Flag.etag],
    ['é', 'é', [], Flag.etag],
    [{ a: 1 }, '{"a":1}', [jsonType], Flag.etag],
    [0, '0', [jsonType], Flag.etag],
    [true, 'true', [jsonType], Flag.etag],
    [new Date(0), '"1970-01-01T00:00:00.000Z"', [jsonType], Flag.etag],
    [new Uint8Array([1, 2]), '{"0":1,"1":2}', [jsonType], Flag.etag],
    [new ReadableStream(), '{}', [jsonType], Flag.etag],
    [Promise.resolve(1), '{}', [jsonType], Flag.etag],
    [
      Buffer.from('buf'),
      'buf',
      ['Content-Type: application/octet-stream'],
      Flag.etag | Flag.etagOfBuffer,
    ],
    [null, '', [], 0],
    [undefined, '', [], 0],
  ];
  for (const [body, text, lines, flags] of table) {
    const answer = await run((_req, res) => res.send(body));
    assert.equal(textOf(answer), text);
    assert.deepEqual(linesOf(answer), lines);
    assert.equal(answer.flags, flags);
    assert.equal(answer.status, 200);
  }
});

test('send keeps a type that was set, but for JSON', async () => {
  const png = await run((_req, res) => {
    res.setHeader('content-type', 'image/png');
    res.send(Buffer.from([1, 2, 3]));
  });
  assert.deepEqual(linesOf(png), ['content-type: image/png']);
  const csv = await run((_req, res) => {
    res.setHeader('Content-Type', 'text/csv');
    res.send('a,b');
  });
  assert.deepEqual(linesOf(csv), ['Content-Type: text/csv']);
});

test('send refuses what it cannot send', async () => {
  for (const body of [10n, () => 1, Symbol('s')]) {
    const answer = await runToFailure((_req, res) => res.send(body));
    assert.equal(answer.status, 500);
    assert.deepEqual(linesOf(answer), []);
  }
});

test('send pipes a stream', async () => {
  const answer = await run((_req, res) => res.send(Readable.from(['a', 'b'])));
  assert.equal(textOf(answer), 'ab');
  assert.equal(answer.length, -1);
  assert.deepEqual(linesOf(answer), ['Content-Type: application/octet-stream']);
});

test('a stream that fails is a failure of the answer', async () => {
  const early = await runToFailure((_req, res) =>
    res.send(
      new Readable({
        read() {
          this.destroy(new Error('early'));
        },
      }),
    ),
  );
  assert.equal(early.status, 500);
  assert.deepEqual(linesOf(early), []);
  const late = await runToFailure((_req, res) =>
    res.send(
      Readable.from(
        (async function* () {
          yield 'a';
          throw new Error('late');
        })(),
      ),
    ),
  );
  assert.equal(late.state, 'aborted');
});

test('helpers work on their own', async () => {
  const answer = await run((_req, res) => {
    const { status, json } = res;
    assert.equal(status(201), res);
    assert.equal(json({ a: 1 }), undefined);
  });
  assert.equal(answer.status, 201);
  assert.equal(textOf(answer), '{"a":1}');
  const sent = await run((_req, { send }) => send('x'));
  assert.equal(textOf(sent), 'x');
  const moved = await run((_req, { redirect }) => void redirect('/x'));
  assert.equal(moved.status, 307);
});

test('helpers can be replaced', async () => {
  const answer = await run((_req, res) => {
    const { json } = res;
    res.json = (value: unknown) => json({ wrapped: value });
    res.json(1);
  });
  assert.equal(textOf(answer), '{"wrapped":1}');
  const through = await run((_req, res) => {
    const { send } = res;
    res.send = (body: string) => send(body.toUpperCase());
    res.json({ a: 'b' });
  });
  assert.equal(textOf(through), '{"A":"B"}');
});

test('after the head nothing changes, and the second end is no end', async () => {
  const json = await run((_req, res) => {
    res.json({ a: 1 });
    res.json({ b: 2 });
    res.send('c');
    res.status(500).end('d');
    assert.equal(res.setHeader('X-Late', '1'), res);
    assert.equal(res.write('e'), false);
    assert.throws(() => res.writeHead(500), { code: 'ERR_HTTP_HEADERS_SENT' });
    assert.throws(() => res.redirect('/x'), { code: 'ERR_HTTP_HEADERS_SENT' });
    assert.throws(() => res.removeHeader('x'), { code: 'ERR_HTTP_HEADERS_SENT' });
    assert.throws(() => res.appendHeader('x', 'y'), { code: 'ERR_HTTP_HEADERS_SENT' });
  });
  assert.equal(textOf(json), '{"a":1}');
  const appended = await run((_req, res) => {
    res.write('first');
    res.setHeader('X-Late', '1');
    res.json({ a: 1 });
  });
  assert.equal(textOf(appended), 'first{"a":1}');
  assert.deepEqual(linesOf(appended), []);
  const headed = await run((_req, res) => res.writeHead(200).json({ a: 1 }));
  assert.deepEqual([linesOf(headed), textOf(headed), headed.flags], [[], '{"a":1}', 0]);
});

test('redirect', async () => {
  const table: [args: unknown[], status: number, location: string][] = [
    [['/x'], 307, '/x'],
    [[302, '/x'], 302, '/x'],
    [[308, '/x?y=1'], 308, '/x?y=1'],
    [[200, '/x'], 200, '/x'],
    [['/x', 302], 307, '/x'],
    [[''], 307, ''],
  ];
  for (const [args, status, location] of table) {
    const answer = await run((_req, res) => void assert.equal(res.redirect(...args), res));
    assert.equal(answer.status, status);
    assert.deepEqual(linesOf(answer), [`Location: ${location}`]);
    assert.equal(textOf(answer), location);
    assert.equal(answer.flags, 0);
  }
  for (const args of [[302], [], [new URL('http://a/')], ['/a\r\nX: y'], ['/日']]) {
    assert.equal((await runToFailure((_req, res) => void res.redirect(...args))).status, 500);
  }
});

test('an ETag of the handler is respected', async () => {
  const mine: Handler = (_req, res) => {
    res.setHeader('ETag', '"mine"');
    res.json({ a: 1 });
  };
  const first = await run(mine);
  assert.deepEqual([first.status, first.flags], [200, 0]);
  assert.deepEqual(linesOf(first), ['ETag: "mine"', jsonType]);
  const ask = (tags: string, extra: [string, string][] = [], method = 'GET') =>
    run(mine, { method, headers: [['If-None-Match', tags], ...extra] });
  for (const tags of ['"mine"', 'W/"mine"', '"x", "mine"', '*']) {
    const answer = await ask(tags);
    assert.equal(answer.status, 304, tags);
    // C leaves the type out of a 304.
    assert.deepEqual(linesOf(answer), ['ETag: "mine"', jsonType]);
    assert.deepEqual(answer.pieces, []);
  }
  for (const tags of ['mine', '"other"', '"x", *'])
    assert.equal((await ask(tags)).status, 200, tags);
  assert.equal((await ask('"mine"', [['Cache-Control', 'no-cache']])).status, 200);
  assert.equal((await ask('"mine"', [['If-Modified-Since', 'now']])).status, 200);
  assert.equal((await ask('"mine"', [], 'POST')).status, 200);
});

test('end takes no ETag', async () => {
  const answer = await run((_req, res) => res.end('x'), { headers: [['If-None-Match', '*']] });
  assert.deepEqual([answer.status, answer.flags, textOf(answer)], [200, 0, 'x']);
});

test('a bytes-changing end gets the ETag of the bytes before', async () => {
  const answer = await run((_req, res) => {
    const { end } = res;
    res.end = function (chunk: string) {
      return end.call(this, chunk.toUpperCase());
    };
    res.json({ a: 1 });
  });
  assert.equal(answer.flags, 0);
  assert.deepEqual(linesOf(answer), [jsonType, 'ETag: "147uiiad94i7"']);
  assert.equal(textOf(answer), '{"A":1}');
});

test('revalidate finds no pages', async () => {
  using app = new App();
  app.routes([
    {
      module: app.module(
        'r.mjs',
        `export default async (req, res) => {
    const say = (path) => res.revalidate(path).catch((error) => error.message);
    res.json([await say('/nope'), await say('blog/1'), await say(undefined)]);
  };`,
      ),
    },
  ]);
  assert.deepEqual(JSON.parse(textOf(await app.fetch())), [
    'Failed to revalidate /nope: Invalid response 404',
    'Invalid urlPath provided to revalidate(), must be a path e.g. /blog/post-1, received blog/1',
    'Invalid urlPath provided to revalidate(), must be a path e.g. /blog/post-1, received undefined',
  ]);
});

test('a response beyond the limit is worth a warning', async () => {
  const config = { responseLimit: 1024 };
  const sendOf = (length: number, how: Handler) =>
    logged(async () => {
      const answer = await run(how, {}, { routes: [{ config }] });
      assert.equal(textOf(answer).length, length);
    });
  const whole =
    (length: number): Handler =>
    (_req, res) =>
      res.json('a'.repeat(length - 2));
  const parts =
    (length: number): Handler =>
    (_req, res) => {
      res.write('a'.repeat(length - 10));
      res.end('a'.repeat(10));
    };
  for (const how of [whole, parts]) {
    assert.equal(await sendOf(1023, how(1023)), '');
    assert.match(await sendOf(1024, how(1024)), /^⚠ API response for \/api\/x exceeds 1KB\./);
  }
});
