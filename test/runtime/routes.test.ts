// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag } from '../../runtime/core.ts';
import {
  type Answer,
  type AnyHandler,
  App,
  appOf,
  type Call,
  linesOf,
  logged,
  textOf,
} from './fake-core.ts';

const turn = () => new Promise<void>((done) => setImmediate(done));

/** One request to a module of this source: its answer, and what was logged. */
async function load(
  source: string,
  {
    mode = 'production',
    call = {},
    name = 'route.mjs',
  }: {
    mode?: 'production' | 'development';
    call?: Call;
    name?: string;
  } = {},
): Promise<{ answer: Answer; log: string }> {
  using app = new App({ mode });
  app.routes([{ module: app.module(name, source) }]);
  let answer: Answer | undefined;
  const log = await logged(async () => {
    answer = await app.fetch(call);
  });
  return { answer: answer as unknown as Answer, log };
}

test('the shapes of a module', async () => {
  const table: [name: string, source: string][] = [
    ['a.mjs', 'export default function (req, res) { res.end("ok"); }'],
    ['b.mjs', 'const h = async (req, res) => res.end("ok"); export { h as default };'],
    ['c.mjs', 'await null; export default (req, res) => { res.end("ok"); };'],
    ['d.mjs', 'export default new Proxy((req, res) => { res.end("ok"); }, {});'],
    ['e.cjs', 'module.exports = (req, res) => { res.end("ok"); };'],
    ['f.cjs', 'exports.default = (req, res) => { res.end("ok"); };'],
    ['g.cjs', 'exports.__esModule = true; exports.default = (req, res) => { res.end("ok"); };'],
    ['h.mjs', 'export default { default: (req, res) => { res.end("ok"); } };'],
    ['i.cjs', 'module.exports = (req, res) => { res.end("ok"); }; module.exports.default = 5;'],
  ];
  for (const [name, source] of table) {
    const { answer, log } = await load(source, { name });
    assert.deepEqual([textOf(answer), log], ['ok', ''], name);
  }
});

test('a module without a handler says how to mend it', async () => {
  const table: [source: string, log: RegExp][] = [
    [
      'export const a = 1;',
      /pages\/api\/x\.ts does not export a default function\. It has no default export\./,
    ],
    ['export default 5;', /Its default export is of type number\./],
    [
      'export const GET = 1, POST = 2;',
      /It exports GET, POST; an API route is one function for all methods/,
    ],
    ['', /Write: export default function handler/],
  ];
  for (const [source, expected] of table) {
    const { answer, log } = await load(source);
    assert.equal(answer.status, 500);
    assert.equal(textOf(answer), 'Internal Server Error');
    assert.deepEqual(linesOf(answer), []);
    assert.match(log, expected);
  }
});

test('a class is no handler that can be called', async () => {
  const { answer, log } = await load('export default class {}');
  assert.equal(answer.status, 500);
  assert.match(log, /⨯ GET \/api\/x \(pages\/api\/x\.ts\): TypeError: Class constructor/);
});

test('a module that throws is an answer and a line each time', async () => {
  using app = new App();
  app.routes([{ module: app.module('bad.mjs', 'throw new Error("while loading");') }]);
  const log = await logged(async () => {
    assert.equal((await app.fetch()).status, 500);
    assert.equal(textOf(await app.fetch()), 'Internal Server Error');
  });
  assert.equal(
    log.match(/⨯ pages\/api\/x\.ts could not be loaded: Error: while loading/g)?.length,
    2,
  );
});

test('a module is loaded once, and requests wait for it in order', async () => {
  using app = new App();
  const source = `let loads = (globalThis.capraLoads ??= []); loads.push(1);
    await new Promise(setImmediate);
    let n = 0;
    export default (req, res) => { res.end(req.url + " " + ++n); };`;
  app.routes([{ module: app.module('slow.mjs', source) }]);
  const ids = ['/1', '/2', '/3'].map((target) => app.request({ target }));
  assert.equal(app.core.answers.size, 0);
  const texts = [];
  for (const id of ids) texts.push(textOf(await app.answer(id)));
  assert.deepEqual(texts, ['/1 1', '/2 2', '/3 3']);
  assert.deepEqual(Reflect.get(globalThis, 'capraLoads'), [1]);
  const last = app.request({ target: '/4' });
  assert.equal(textOf(app.core.answers.get(last) as Answer), '/4 4', 'then without waiting');
});

test('a rebuild keeps what did not change, and requests keep what they began with', async () => {
  using app = new App({ mode: 'development' });
  const counter = (version: string) =>
    `let n = 0;
     export default async (req, res) => {
       if (req.query.wait) await new Promise((done) => { globalThis.capraGo = done; });
       res.end("${version}" + ++n);
     };`;
  const same = app.module('same-1.mjs', counter('same'));
  const old = app.module('other-1.mjs', counter('old'));
  app.routes([{ module: same }, { module: old }]);
  assert.equal(textOf(await app.fetch({ route: 0 })), 'same1');
  const waiting = app.request({ route: 1, target: '/api/x?wait=1' });
  while (!Reflect.has(globalThis, 'capraGo')) await turn();
  app.routes([{ module: app.module('other-2.mjs', counter('new')) }, { module: same }]);
  assert.equal(textOf(await app.fetch({ route: 0 })), 'new1');
  assert.equal(textOf(await app.fetch({ route: 1 })), 'same2');
  Reflect.get(globalThis, 'capraGo')();
  assert.equal(textOf(await app.answer(waiting)), 'old1');
});

/** What has a `then` is taken for a promise, whoever made it. */
function thenable(then: number | ((yes: unknown, no: (reason: unknown) => void) => void)): object {
  return Object.fromEntries([['then', then]]);
}

const failures: [name: string, handler: AnyHandler, log: RegExp][] = [
  [
    'throws',
    () => {
      throw new Error('e');
    },
    /⨯ GET \/api\/x \(pages\/api\/x\.ts\): Error: e\n {4}at /,
  ],
  ['rejects', () => Promise.reject(new Error('e')), /: Error: e\n/],
  [
    'is async and throws',
    async () => {
      throw new Error('e');
    },
    /: Error: e\n/,
  ],
  [
    'throws null',
    () => {
      throw null;
    },
    /: null\n/,
  ],
  [
    'throws a text',
    () => {
      throw 's';
    },
    /: s\n/,
  ],
  [
    'throws what has a status',
    () => {
      throw { statusCode: 418, message: 'tea' };
    },
    /statusCode: 418/,
  ],
  ['rejects by a foreign promise', () => thenable((_, no) => no(1)), /: 1\n/],
  [
    'has a broken then',
    () =>
      thenable(() => {
        throw new Error('then');
      }),
    /: Error: then\n/,
  ],
];

test('a handler that fails is a plain 500, and the log says why', async () => {
  for (const [name, handler, expected] of failures) {
    const { answer, log } = await fail(handler);
    assert.deepEqual(
      [answer.status, answer.reason, linesOf(answer), textOf(answer), answer.flags],
      [500, undefined, [], 'Internal Server Error', 0],
      name,
    );
    assert.match(log, expected, name);
  }
});

async function fail(
  handler: AnyHandler,
  mode: 'production' | 'development' = 'production',
  call: Call = {},
): Promise<{ answer: Answer; log: string }> {
  using app = appOf(handler, { mode });
  let answer: Answer | undefined;
  const log = await logged(async () => {
    answer = await app.fetch(call);
    await turn();
  });
  assert.deepEqual(app.core.strays, []);
  return { answer: answer as unknown as Answer, log };
}

test('what was set before a failure stays, but the status', async () => {
  for (const last of [() => {}, (res: { writeHead(n: number): void }) => res.writeHead(201)]) {
    const { answer } = await fail((_req, res) => {
      res.status(201).setHeader('Content-Type', 'text/html');
      res.setHeader('Set-Cookie', ['a=1']);
      res.setHeader('Content-Length', 3);
      last(res);
      throw new Error('e');
    });
    assert.equal(answer.status, 500);
    assert.deepEqual(linesOf(answer), ['Content-Type: text/html', 'Set-Cookie: a=1']);
    assert.equal(textOf(answer), 'Internal Server Error');
  }
  const { answer } = await fail((_req, res) => {
    res.setHeader('Connection', 'close');
    throw new Error('e');
  });
  assert.equal(answer.flags, Flag.close);
});

test('a failure in the middle of an answer closes the connection', async () => {
  for (const mode of ['production', 'development'] as const) {
    const { answer, log } = await fail((_req, res) => {
      res.write('part');
      throw new Error('e');
    }, mode);
    assert.deepEqual([answer.state, textOf(answer)], ['aborted', 'part']);
    assert.match(log, /Error: e/);
  }
});

test('a failure after the answer is only logged', async () => {
  for (const end of ['json', 'end']) {
    const { answer, log } = await fail((_req, res) => {
      res[end]('done');
      throw new Error('e');
    });
    assert.match(textOf(answer), /done/);
    assert.match(log, /Error: e/);
  }
});

test('a value that is returned means nothing, and later is soon enough', async () => {
  for (const value of [5, null, 'x', new Response('hi'), thenable(5)]) {
    const { answer, log } = await fail((_req, res) => {
      setImmediate(() => res.end('later'));
      return value;
    });
    assert.deepEqual([textOf(answer), log], ['later', '']);
  }
});

test('in development the client sees what went wrong', async () => {
  const handler = () => {
    throw new TypeError('<b>boom</b>');
  };
  const plain = await fail(handler, 'development');
  assert.equal(plain.answer.status, 500);
  assert.deepEqual(linesOf(plain.answer), [
    'Content-Type: text/plain; charset=utf-8',
    'Cache-Control: no-store',
  ]);
  assert.match(
    textOf(plain.answer),
    /^TypeError: <b>boom<\/b>\n\nTypeError: <b>boom<\/b>\n {4}at handler .*routes\.test\.ts/,
  );
  const page = await fail(handler, 'development', { headers: [['Accept', 'text/html,*/*']] });
  assert.match(linesOf(page.answer)[0] as string, /text\/html/);
  assert.match(textOf(page.answer), /<h1>TypeError: &#60;b&#62;boom&#60;\/b&#62;<\/h1>/);
  assert.doesNotMatch(textOf(page.answer), /<b>boom/);
  const odd = await fail(() => {
    throw null;
  }, 'development');
  assert.match(textOf(odd.answer), /^A value that is no Error was thrown\n\nnull/);
});

test('in development a route that was not built says why', async () => {
  using app = new App({ mode: 'development' });
  app.routes([{ kind: 'error', message: 'x.ts:1:2: Unexpected "<"' }]);
  const text = await app.fetch();
  assert.equal(text.status, 500);
  assert.match(textOf(text), /x\.ts:1:2: Unexpected "<"/);
  assert.doesNotMatch(textOf(text), / at /);
  const page = await app.fetch({ headers: [['accept', 'text/html']] });
  assert.match(textOf(page), /<pre>x\.ts:1:2: Unexpected &#34;&#60;&#34;<\/pre>/);
});

test('in development a module without a handler says so to the client', async () => {
  const { answer } = await load('export const a = 1;', { mode: 'development' });
  assert.match(textOf(answer), /does not export a default function/);
  assert.doesNotMatch(textOf(answer), / at /);
});

test('in development a handler is told what it will be sorry for', async () => {
  const warned = async (handler: AnyHandler, config = {}) => {
    using app = appOf(handler, { mode: 'development', routes: [{ config }] });
    return await logged(async () => {
      const id = app.request();
      for (let turns = 0; turns < 5; turns++) await turn();
      return id;
    });
  };
  assert.match(
    await warned((_req, res) => {
      res.end('x');
      return 'v';
    }),
    /⚠ API handler should not return a value, received string\./,
  );
  assert.match(await warned(() => {}), /⚠ API resolved without sending a response for \/api\/x/);
  assert.equal(await warned(() => {}, { externalResolver: true }), '');
  assert.equal(await warned(async (_req, res) => void res.json(1)), '');
  assert.equal(await warned((_req, res) => void res.emit('pipe')), '');
  assert.match(
    await warned((_req, res) => res.status(204).json({ a: 1 })),
    /⚠ A body was attempted to be set with a 204 statusCode for \/api\/x/,
  );
  assert.match(
    await warned((_req, res) => res.json(undefined)),
    /⚠ res\.json\(\) of \/api\/x was given undefined/,
  );
  assert.match(
    await warned(() => new Response('hi')),
    /TypeError: API route returned a Response object/,
  );
});

test('a stack is in the lines of the source', async () => {
  using app = new App();
  // Line 1 of the module is line 41 of the source.
  const map = { version: 3, sources: ['../pages/api/original.ts'], names: [], mappings: 'AAwCA' };
  const source = `export default () => { throw new Error("mapped"); };
//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  app.routes([{ module: app.module('mapped.mjs', source) }]);
  const log = await logged(() => app.fetch());
  assert.match(log, /original\.ts:41:/);
});
