// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Flag } from '../../runtime/core.ts';
import {
  type Answer,
  App,
  appOf,
  type Call,
  type AnyHandler as Handler,
  linesOf,
  logged,
  textOf,
} from './fake-core.ts';

// What `--parity next` changes in the runtime.

const settings = { parity: true };

async function run(handler: Handler, call: Call = {}, more: object = {}): Promise<Answer> {
  using app = appOf(handler, { settings: { ...settings, ...more } });
  return app.fetch(call);
}

async function failed(handler: Handler, more: object = {}): Promise<Answer> {
  let answer: Answer | undefined;
  await logged(async () => {
    answer = await run(handler, {}, more);
  });
  return answer as unknown as Answer;
}

test('keys of the query that Next trips over', async () => {
  const table: [query: string, url: string, seen: unknown][] = [
    [
      'constructor=2&toString=3',
      'constructor=2&toString=3',
      { constructor: [null, '2'], toString: [null, '3'] },
    ],
    ['valueOf=1&valueOf=2', 'valueOf=1&valueOf=2', { valueOf: [null, '1', '2'] }],
    ['__proto__=1&a=2', 'a=2', { a: '2' }],
    ['__proto__=1', '', {}],
    [
      'nxtPid=1&nxtP=2&nxtI=3&nxtIx=4&nextInternalLocale=en&_rsc=x',
      'nxtP=2&nxtI=3&_rsc=x',
      { nxtP: '2', nxtI: '3', _rsc: 'x' },
    ],
    ['b=1&a=%20', 'b=1&a=+', { b: '1', a: ' ' }],
  ];
  for (const [query, url, seen] of table) {
    const answer = await run((req, res) => res.json([req.url, req.query]), {
      target: `/api/x?${query}`,
    });
    const shown = url === '' ? '/api/x' : `/api/x?${url}`;
    assert.deepEqual(JSON.parse(textOf(answer)), [shown, seen]);
  }
  await run(
    (req, res) => {
      assert.equal(req.query.constructor[0], Object);
      assert.equal(Object.getPrototypeOf(req.query), Object.prototype);
      res.end();
    },
    { target: '/api/x?constructor=2' },
  );
});

test('cookies whose names every object has are dropped', async () => {
  const answer = await run((req, res) => res.json(req.cookies), {
    headers: [['Cookie', 'constructor=1; x=2; __proto__=3; toString=4']],
  });
  assert.equal(textOf(answer), '{"x":"2"}');
});

test('the type stays on a failure to make JSON', async () => {
  const answer = await failed((_req, res) => res.json({ a: 1n }));
  assert.equal(answer.status, 500);
  assert.deepEqual(linesOf(answer), ['Content-Type: application/json; charset=utf-8']);
});

test('after a failure in the middle the answer goes on', async () => {
  const answer = await failed((_req, res) => {
    res.write('part');
    throw new Error('e');
  });
  assert.deepEqual([answer.state, textOf(answer)], ['ended', 'partInternal Server Error']);
});

test('in development it is left open', async () => {
  using app = appOf(
    (_req, res) => {
      res.write('part');
      throw new Error('e');
    },
    { settings, mode: 'development' },
  );
  await logged(async () => {
    const id = app.request();
    while (app.core.answers.get(id) === undefined) await turn();
    await turn();
    assert.equal(app.core.answers.get(id)?.state, 'open');
    app.core.abort(id);
  });
});

test('the error of a stream is nobody’s', async () => {
  const log = await logged(async () => {
    using app = appOf(
      (_req, res) => {
        res.send(
          new Readable({
            read() {
              this.destroy(new Error('broken'));
            },
          }),
        );
      },
      { settings },
    );
    const id = app.request();
    for (let count = 0; count < 20; count++) await turn();
    assert.equal(app.core.answers.get(id), undefined);
    app.core.close(id);
  });
  assert.match(log, /uncaughtException: Error: broken/);
});

test('lists in writeHead, with compression on', async () => {
  const flat = await failed((_req, res) => res.writeHead(200, ['X-A', '1', 'X-A', '2']).end('w'));
  assert.equal(flat.status, 500);
  assert.deepEqual(linesOf(flat), ['X: -']);
  const pairs: Handler = (_req, res) =>
    res
      .writeHead(200, [
        ['X-A', '1'],
        ['X-A', '2'],
      ])
      .end('w');
  assert.deepEqual(linesOf(await run(pairs)), ['X-A: 2']);
  assert.deepEqual(linesOf(await run(pairs, {}, { compress: false })), ['X-A: 1', 'X-A: 2']);
});

test('flush is there where compression is', async () => {
  const type: Handler = (_req, res) => res.json(typeof res.flush);
  assert.equal(textOf(await run(type)), '"function"');
  assert.equal(textOf(await run(type, {}, { compress: false })), '"undefined"');
});

test('a CommonJS module has a default export if it says that it was an ES module', async () => {
  const source = (flag: string) => `${flag}\nexports.default = (req, res) => res.json(1);`;
  for (const [flag, parity, status] of [
    ['', false, 200],
    ['', true, 500],
    ['exports.__esModule = true;', true, 200],
  ] as const) {
    using app = appOf(() => {}, { settings: { parity } });
    app.routes([{ module: app.module('route.cjs', source(flag)) }]);
    await logged(async () => {
      assert.equal((await app.fetch()).status, status);
    });
  }
});

test('a handler’s own ETag is overwritten', async () => {
  const answer = await run((_req, res) => res.setHeader('ETag', '"mine"').json({ a: 1 }));
  assert.equal(answer.flags & Flag.etag, Flag.etag);
  assert.deepEqual(linesOf(answer), ['Content-Type: application/json; charset=utf-8']);
});

test('what is refused is refused in the reason, in chunks', async () => {
  using app = new App({ settings });
  app.routes([{ module: app.module('route.mjs', 'export default (req, res) => res.end();') }]);
  const headers = [['Content-Type', 'application/json']] as const;
  const answer = await app.fetch({ method: 'POST', body: '{', headers });
  assert.deepEqual(
    [answer.status, answer.reason, textOf(answer)],
    [400, 'Invalid JSON', 'Invalid JSON'],
  );
  assert.deepEqual([linesOf(answer), answer.flags], [[], Flag.chunked]);
});
