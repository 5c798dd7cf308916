// SPDX-License-Identifier: MIT

// What a route with `runtime: 'edge'` returns, and the answer that becomes of it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Closed, Flag } from '../../runtime/core.ts';

// Before anything else sees them: how many of Node's own are made.
const made = { requests: 0, responses: 0, headers: 0 };
const counted = <T extends new (...args: never[]) => object>(
  name: keyof typeof made,
  Class: T,
): T =>
  new Proxy(Class, {
    construct(target, args, newTarget) {
      made[name]++;
      return Reflect.construct(target, args, newTarget);
    },
  });
Object.assign(globalThis, {
  Request: counted('requests', Request),
  Response: counted('responses', Response),
  Headers: counted('headers', Headers),
});
const NativeResponse = Response;

const { edgeApp } = await import('./edge-app.ts');
const { linesOf, logged, textOf } = await import('./fake-core.ts');
type AnyEdgeHandler = import('./edge-app.ts').AnyEdgeHandler;
type Answer = import('./fake-core.ts').Answer;

async function answerTo(handler: AnyEdgeHandler, call = {}, options = {}): Promise<Answer> {
  using app = edgeApp(handler, options);
  const answer = await app.fetch(call);
  assert.deepEqual(app.core.strays, []);
  return answer;
}

/** Status, header lines in order, and body. */
const shown = (answer: Answer) => [answer.status, linesOf(answer).sort(), textOf(answer)];

const text = 'content-type: text/plain;charset=UTF-8';
const json = 'content-type: application/json';

describe('a Response', () => {
  const cases: Record<string, [AnyEdgeHandler, [number, string[], string]]> = {
    'of a text': [() => new Response('hello'), [200, [text], 'hello']],
    'of nothing': [() => new Response(), [200, [], '']],
    'of null': [() => new Response(null, { status: 204 }), [204, [], '']],
    'of an empty text': [() => new Response(''), [200, [text], '']],
    'of bytes': [() => new Response(Uint8Array.of(104, 105)), [200, [], 'hi']],
    'of a view': [
      () => new Response(new DataView(Uint8Array.of(104, 105, 106).buffer, 1)),
      [200, [], 'ij'],
    ],
    'of an ArrayBuffer': [() => new Response(Uint8Array.of(104, 105).buffer), [200, [], 'hi']],
    'of a Blob': [
      () => new Response(new Blob(['b'], { type: 'a/b' })),
      [200, ['content-type: a/b'], 'b'],
    ],
    'of a form': [
      () => new Response(new URLSearchParams({ a: '1' })),
      [200, ['content-type: application/x-www-form-urlencoded;charset=UTF-8'], 'a=1'],
    ],
    'of a number': [() => new Response(5 as never), [200, [text], '5']],
    'that is JSON': [() => Response.json({ a: 1 }), [200, [json], '{"a":1}']],
    'that is JSON of another type': [
      () =>
        Response.json(1, { status: 201, headers: { 'Content-Type': 'application/problem+json' } }),
      [201, ['content-type: application/problem+json'], '1'],
    ],
    'that redirects': [
      () => Response.redirect('http://example.com/x'),
      [302, ['location: http://example.com/x'], ''],
    ],
    'that redirects to the same origin': [
      () => Response.redirect('http://localhost:3000/y?z#a', 308),
      [308, ['location: /y?z#a'], ''],
    ],
    'with headers': [
      () => new Response('x', { headers: { 'X-A': ' b ', ETag: '"abc"' } }),
      [200, [text, 'etag: "abc"', 'x-a: b'], 'x'],
    ],
    'with headers as pairs': [
      () =>
        new Response('x', {
          headers: [
            ['X-A', 'b'],
            ['x-a', 'c'],
            ['content-type', 'a/b'],
          ],
        }),
      [200, ['content-type: a/b', 'x-a: b, c'], 'x'],
    ],
    'with Headers': [
      () => new Response('x', { headers: new Headers({ 'X-A': 'b' }) }),
      [200, [text, 'x-a: b'], 'x'],
    ],
    'with the same name in other letters': [
      () => new Response('x', { headers: { 'X-A': 'b', 'x-a': 'c' } }),
      [200, [text, 'x-a: b, c'], 'x'],
    ],
    'with headers that are set later': [
      () => {
        const response = new Response('c', { headers: { 'X-A': 'b' } });
        response.headers.append('set-cookie', 'a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT');
        response.headers.append('Set-Cookie', 'b=2');
        response.headers.append('X-A', 'c');
        return response;
      },
      [
        200,
        [
          text,
          'set-cookie: a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT',
          'set-cookie: b=2',
          'x-a: b, c',
        ],
        'c',
      ],
    ],
    'whose framing is not its own business': [
      () =>
        new Response('hello', {
          headers: {
            'content-length': '3',
            'content-encoding': 'gzip',
            'transfer-encoding': 'chunked',
            'keep-alive': 'timeout=1',
            'x-a': 'b',
          },
        }),
      [200, [text, 'x-a: b'], 'hello'],
    ],
    'whose body was looked at': [
      () => {
        const response = new Response('hello', { status: 201 });
        assert.ok(response.body instanceof ReadableStream);
        return response;
      },
      [201, [text], 'hello'],
    ],
    'made of another': [
      () => {
        const upstream = Response.json({ a: 1 }, { status: 203, headers: { 'x-a': 'b' } });
        return new Response(upstream.body, upstream);
      },
      [203, [json, 'x-a: b'], '{"a":1}'],
    ],
    'that is a copy': [
      () => new Response('hello', { headers: { a: 'b' } }).clone(),
      [200, ['a: b', text], 'hello'],
    ],
    'that Node has made': [() => new NativeResponse('native'), [200, [text], 'native']],
    'of a class of the app': [
      () => new (class extends Response {})('sub', { status: 202 }),
      [202, [text], 'sub'],
    ],
    'that a thenable gives': [
      // biome-ignore lint/suspicious/noThenProperty: it is what is tested
      () => ({ then: (resolve: (value: unknown) => void) => resolve(new Response('then')) }),
      [200, [text], 'then'],
    ],
  };
  for (const [name, [handler, expected]] of Object.entries(cases)) {
    test(name, async () => {
      const [status, lines, body] = expected;
      assert.deepEqual(shown(await answerTo(handler)), [status, [...lines].sort(), body]);
      assert.deepEqual(shown(await answerTo(async () => await handler(undefined, undefined))), [
        status,
        [...lines].sort(),
        body,
      ]);
    });
  }

  test('statusText is the reason', async () => {
    const answer = await answerTo(
      () => new Response('t', { status: 418, statusText: 'Custom Text' }),
    );
    assert.equal(answer.reason, 'Custom Text');
    assert.equal((await answerTo(() => new Response('t'))).reason, undefined);
  });

  test('it says when the connection is to close, and what time it is', async () => {
    const headers = { connection: 'close', date: 'Thu, 01 Jan 2026 00:00:00 GMT' };
    const answer = await answerTo(() => new Response(null, { headers }));
    assert.equal(answer.flags, Flag.close | Flag.noDate);
    assert.deepEqual(linesOf(answer), ['date: Thu, 01 Jan 2026 00:00:00 GMT']);
  });

  test('rules of next.config come first, and the handler wins', async () => {
    using app = edgeApp(
      () => new Response('x', { headers: { 'X-A': 'mine', 'set-cookie': 'h=2' } }),
    );
    const id = app.request({ fields: 'X-A: rule\r\nX-B: rule\r\nSet-Cookie: cfg=1\r\n' });
    const answer = await app.answer(id);
    assert.deepEqual(linesOf(answer).sort(), [
      'Set-Cookie: cfg=1',
      'X-B: rule',
      text,
      'set-cookie: h=2',
      'x-a: mine',
    ]);
  });

  test('what a route makes most often takes nothing of Node’s', async () => {
    using app = edgeApp(async (request) => {
      const { pathname } = new URL(request.url);
      const status = request.method === 'GET' ? 200 : 405;
      const headers = { 'X-Path': pathname, 'X-Agent': request.headers.get('user-agent') ?? '' };
      if (request.headers.has('x-text')) return new Response(pathname, { status, headers });
      return Response.json({ pathname }, { status, headers });
    });
    await app.fetch();
    const before = { ...made };
    assert.equal(textOf(await app.fetch()), '{"pathname":"/api/x"}');
    assert.equal(textOf(await app.fetch({ headers: [['X-Text', '1']] })), '/api/x');
    assert.deepEqual(made, before);
  });
});

describe('the class', () => {
  /** Runs in a route, where `Response` is the light one. */
  const inRoute = (task: () => unknown) => async () => {
    const answer = await answerTo(async () => {
      await task();
      return new Response();
    });
    assert.equal(answer.status, 200);
  };

  test(
    'it is a Response to everybody',
    inRoute(async () => {
      const light = new Response('a', { status: 201, statusText: 'Made', headers: { a: 'b' } });
      const native = new NativeResponse('a', {
        status: 201,
        statusText: 'Made',
        headers: { a: 'b' },
      });
      assert.notEqual(Response, NativeResponse);
      for (const response of [light, native]) {
        assert.ok(response instanceof Response);
        assert.ok(response instanceof NativeResponse);
      }
      assert.ok(!({} instanceof Response));
      assert.ok(!(light instanceof class extends Response {}));
      assert.equal(Response.name, 'Response');
      assert.equal(Object.prototype.toString.call(light), '[object Response]');
      for (const key of Object.keys(Object.getOwnPropertyDescriptors(NativeResponse.prototype))) {
        const [a, b] = [light, native].map((response) => typeof (response as never)[key]);
        assert.equal(a, b, key);
      }
      const { status, ok, statusText, type, url, redirected, bodyUsed } = light;
      assert.deepEqual(
        { status, ok, statusText, type, url, redirected, bodyUsed },
        {
          status: 201,
          ok: true,
          statusText: 'Made',
          type: 'default',
          url: '',
          redirected: false,
          bodyUsed: false,
        },
      );
      assert.equal(Response.error().type, 'error');
    }),
  );

  test(
    'its body can be read, once',
    inRoute(async () => {
      assert.equal(await new Response('a').text(), 'a');
      assert.equal(await new Response('\uFEFFa\uD800').text(), 'a\uFFFD');
      assert.deepEqual(await new Response('{"a":1}').json(), { a: 1 });
      assert.deepEqual([...new Uint8Array(await new Response('a').arrayBuffer())], [97]);
      assert.equal((await new Response('a').blob()).size, 1);
      assert.equal(await new Response().text(), '');
      assert.equal(new Response().body, null);
      const response = new Response('a');
      const copy = response.clone();
      assert.equal(response.bodyUsed, false);
      await response.text();
      assert.equal(response.bodyUsed, true);
      await assert.rejects(response.text(), TypeError);
      await assert.rejects(response.arrayBuffer(), TypeError);
      assert.throws(() => response.clone(), TypeError);
      assert.equal(await copy.text(), 'a');
    }),
  );

  test(
    'headers stay the ones that were handed out',
    inRoute(() => {
      const response = new Response('a', { headers: { a: 'b' } });
      const { headers } = response;
      assert.equal(headers.get('content-type'), 'text/plain;charset=UTF-8');
      void response.body;
      headers.set('c', 'd');
      assert.equal(response.headers, headers);
      assert.equal(response.clone().headers.get('c'), 'd');
    }),
  );

  test('bytes are copied when they are given', async () => {
    const bytes = Uint8Array.of(97);
    const answer = await answerTo(() => {
      const response = new Response(bytes);
      bytes[0] = 98;
      return response;
    });
    assert.equal(textOf(answer), 'a');
  });

  test(
    'it refuses what Node refuses, in the same words',
    inRoute(() => {
      const wrong: [unknown, unknown][] = [
        ['x', { status: 199 }],
        ['x', { status: 600 }],
        ['x', { status: 204 }],
        ['x', { statusText: 'a\nb' }],
        ['x', { headers: { 'a b': 'c' } }],
        ['x', { headers: { a: 'b\nc' } }],
        ['x', { headers: { a: '\u0100' } }],
        ['x', { headers: 5 }],
        ['x', { headers: [['a']] }],
        ['x', 5],
        [Symbol('s'), {}],
      ];
      const errorOf = (make: () => unknown) => {
        try {
          make();
        } catch (error) {
          return String(error);
        }
        return assert.fail('it was accepted');
      };
      for (const [body, init] of wrong) {
        assert.equal(
          errorOf(() => new Response(body as never, init as never)),
          errorOf(() => new NativeResponse(body as never, init as never)),
        );
      }
      assert.throws(() => Response.json(undefined), TypeError);
      assert.throws(() => Response.json(10n), TypeError);
      assert.throws(() => Response.redirect('http://example.org', 200 as never), RangeError);
    }),
  );
});

describe('what is no answer', () => {
  const wrong: Record<string, [AnyEdgeHandler, RegExp]> = {
    'nothing at all': [() => undefined, /returned undefined.*return new Response/],
    null: [() => null, /returned null/],
    'a text': [() => 'text', /Expected an instance of Response.*type string/],
    'what looks like one': [() => ({ status: 200, body: 'x' }), /type object/],
    'a network error': [() => Response.error(), /Response\.error\(\)/],
    'one that was read': [
      async () => {
        const response = new Response('x');
        await response.text();
        return response;
      },
      /read/,
    ],
    'one that is being read': [
      () => {
        const response = new Response('x');
        response.body?.getReader();
        return response;
      },
      /read before/,
    ],
  };
  for (const [name, [handler, says]] of Object.entries(wrong)) {
    test(`${name} is 500, and the log says why`, async () => {
      const log = await logged(async () => {
        assert.deepEqual(shown(await answerTo(handler)), [500, [], 'Internal Server Error']);
      });
      assert.match(log, says);
      assert.match(log, /GET \/api\/x \(pages\/api\/x\.ts\)/);
    });
  }

  test('what is thrown is 500, as in other routes', async () => {
    const log = await logged(async () => {
      for (const handler of [
        () => {
          throw new RangeError('thrown');
        },
        () => Promise.reject(new RangeError('thrown')),
      ]) {
        assert.deepEqual(shown(await answerTo(handler)), [500, [], 'Internal Server Error']);
      }
    });
    assert.equal(log.match(/RangeError: thrown/g)?.length, 2);
  });

  test('with parity, nothing is 200 and the others are the page', async () => {
    const options = { settings: { parity: true } };
    const nothing = await answerTo(() => undefined, {}, options);
    assert.deepEqual(shown(nothing), [200, ['x-middleware-next: 1'], '']);
    await logged(async () => {
      const page = await answerTo(() => 'text', {}, options);
      assert.deepEqual(shown(page), [500, ['Content-Type: text/html'], '']);
    });
  });

  test('with parity, nobody is told how long the body is', async () => {
    const answer = await answerTo(() => new Response('hello'), {}, { settings: { parity: true } });
    assert.equal(answer.length, -1);
    assert.equal(textOf(answer), 'hello');
  });
});

describe('a body that is streamed', () => {
  const encoder = new TextEncoder();

  function counting(count: number) {
    const seen = { pulls: 0, cancelled: undefined as unknown };
    const stream = new ReadableStream(
      {
        pull(controller) {
          if (seen.pulls === count) controller.close();
          else controller.enqueue(encoder.encode(`chunk${seen.pulls++}`));
        },
        cancel(reason) {
          seen.cancelled = reason;
        },
      },
      { highWaterMark: 0 },
    );
    return { seen, stream };
  }

  test('its pieces are sent as they come', async () => {
    const answer = await answerTo(() => new Response(counting(3).stream, { headers: { a: 'b' } }));
    assert.deepEqual(answer.pieces.map(String), ['chunk0', 'chunk1', 'chunk2']);
    assert.deepEqual(linesOf(answer), ['a: b']);
    assert.equal(answer.length, -1);
  });

  test('an async iterable is a stream', async () => {
    async function* pieces() {
      yield encoder.encode('a');
      yield encoder.encode('b');
    }
    assert.equal(textOf(await answerTo(() => new Response(pieces() as never))), 'ab');
  });

  test('it waits for a client that does not read', async () => {
    const { seen, stream } = counting(100);
    using app = edgeApp(() => new Response(stream));
    app.core.pending = 100_000;
    const id = app.request();
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    assert.equal(seen.pulls, 1);
    app.core.pending = 0;
    app.host.drained(id);
    assert.equal((await app.answer(id)).pieces.length, 100);
  });

  test('it is cancelled when the client goes', async () => {
    const { seen, stream } = counting(Number.POSITIVE_INFINITY);
    using app = edgeApp(() => new Response(stream));
    app.core.pending = 100_000;
    const id = app.request();
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    app.host.closed(id, Closed.gone);
    app.core.close(id);
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    assert.match(String(seen.cancelled), /client has gone/);
    assert.deepEqual(app.core.strays, []);
  });

  test('it is cancelled where no body is sent', async () => {
    for (const [call, status] of [
      [{ method: 'HEAD' }, 200],
      [{}, 200],
    ] as const) {
      const { seen, stream } = counting(3);
      const answer = await answerTo(() => new Response(stream, { status }), call);
      assert.equal(answer.status, status);
      assert.equal(seen.pulls, 'method' in call ? 0 : 3);
    }
  });

  test('one that fails cuts the connection behind what it gave', async () => {
    for (const fault of [new Error('stream'), 5]) {
      let pulls = 0;
      const stream = new ReadableStream({
        pull(controller) {
          if (pulls++ === 0) controller.enqueue(encoder.encode('first'));
          else if (fault instanceof Error) controller.error(fault);
          else controller.enqueue(fault);
        },
      });
      const log = await logged(async () => {
        const answer = await answerTo(() => new Response(stream));
        assert.equal(answer.state, 'aborted');
        assert.equal(textOf(answer), 'first');
      });
      assert.match(log, /GET \/api\/x/);
    }
  });
});

describe('waitUntil', () => {
  test('goes on behind the answer, and holds the worker', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    using app = edgeApp((_request, event) => {
      event.passThroughOnException();
      event.waitUntil(promise);
      event.waitUntil(Promise.resolve());
      return new Response('x');
    });
    await app.fetch();
    assert.equal(app.core.isHeld, true);
    resolve();
    await new Promise(setImmediate);
    assert.equal(app.core.isHeld, false);
  });

  test('what it rejects with is logged', async () => {
    using app = edgeApp((_request, event) => {
      event.waitUntil(Promise.reject(new Error('later')));
      return new Response('x');
    });
    const log = await logged(async () => {
      assert.equal((await app.fetch()).status, 200);
      await new Promise(setImmediate);
    });
    assert.match(log, /waitUntil of GET \/api\/x \(pages\/api\/x\.ts\): Error: later/);
    assert.equal(app.core.isHeld, false);
  });
});
