// SPDX-License-Identifier: MIT

// The request that a route with `runtime: 'edge'` is called with.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { Closed } from '../../runtime/core.ts';
import { type AnyEdgeHandler, edgeApp } from './edge-app.ts';
import { type AppOptions, type Call, textOf } from './fake-core.ts';

const NativeRequest = Request;

/** What the handler makes of a request, through JSON. */
async function see(handler: AnyEdgeHandler, call?: Call, options?: AppOptions): Promise<unknown> {
  using app = edgeApp(async (request) => Response.json(await handler(request, undefined)), options);
  const answer = await app.fetch(call);
  assert.equal(answer.status, 200);
  return JSON.parse(textOf(answer));
}

const host = (name: string) => ({ headers: [['Host', name]] as [string, string][] });
const post = (body: string | Uint8Array | null, type?: string): Call => ({
  method: 'POST',
  headers: [['Host', 'localhost:3000'], ...(type ? [['Content-Type', type] as const] : [])],
  body,
});

describe('url', () => {
  const urlOf = (call: Call, options?: AppOptions) => see((request) => request.url, call, options);

  test('the host is the one of the Host field, in the form of a URL', async () => {
    assert.equal(await urlOf(host('example.org:8080')), 'http://example.org:8080/api/x');
    assert.equal(await urlOf(host('EXAMPLE.org:80')), 'http://example.org/api/x');
    assert.equal(await urlOf(host('exa mple')), 'http://localhost:3000/api/x');
    assert.equal(await urlOf({ headers: [] }), 'http://localhost:3000/api/x');
  });

  test('with parity it is localhost, whatever the client says', async () => {
    const settings = { parity: true };
    using app = edgeApp((request) => new Response(request.url), { settings });
    assert.equal(textOf(await app.fetch(host('example.org'))), 'http://localhost:3000/api/x');
  });

  test('x-forwarded-proto is the scheme', async () => {
    const forwarded = (proto: string): Call => ({
      headers: [
        ['Host', 'example.org'],
        ['X-Forwarded-Proto', proto],
      ],
    });
    assert.equal(await urlOf(forwarded('https')), 'https://example.org/api/x');
    assert.equal(await urlOf(forwarded('http')), 'http://example.org/api/x');
    assert.equal(await urlOf(forwarded('gopher')), 'http://example.org/api/x');
  });

  const targets = {
    '/api/x': '/api/x',
    '/api/x?a=1': '/api/x?a=1',
    '/api/x?a=1&a=2&b=%20+': '/api/x?a=1&a=2&b=++',
    '/api/x?b=1&a=2&b=3': '/api/x?b=1&b=3&a=2',
    '/api/x?': '/api/x',
    '/api/x?a': '/api/x?a=',
    "/api/x?q='": '/api/x?q=%27',
    '/api/x?_rsc=1': '/api/x',
    '/api/x?a=1&_rsc=x': '/api/x?a=1',
    '/api/x?a=1#b': '/api/x?a=1',
    '/api/%E6%97%A5': '/api/%E6%97%A5',
    '/api/a%2Fb': '/api/a%2Fb',
    '/api/a"b': '/api/a%22b',
    '/api/é': '/api/%C3%A9',
    '/api/a/../b': '/api/b',
  };
  for (const [target, shown] of Object.entries(targets)) {
    test(`${target} is ${shown}`, async () => {
      assert.equal(await urlOf({ target }), `http://localhost:3000${shown}`);
    });
  }

  test("the route's parameters stand in the query", async () => {
    const routes = [{ route: '/api/[id]' }];
    assert.equal(
      await urlOf({ target: '/api/foo?id=bar&x=1', params: 'foo' }, { routes }),
      'http://localhost:3000/api/foo?id=foo&x=1',
    );
    assert.equal(
      await urlOf(
        { target: '/api/a/b%20c', params: 'a/b%20c' },
        { routes: [{ route: '/api/[...s]' }] },
      ),
      'http://localhost:3000/api/a/b%20c?s=a&s=b+c',
    );
  });

  test('nextUrl is the same, without the base path', async () => {
    const read: AnyEdgeHandler = ({ nextUrl }) => {
      const { href, pathname, basePath, search, origin, locale } = nextUrl;
      nextUrl.pathname = '/other';
      nextUrl.searchParams.set('b', '2');
      const clone = nextUrl.clone();
      clone.search = '';
      return Response.json([
        { href, pathname, basePath, search, origin, locale },
        `${nextUrl}`,
        clone,
      ]);
    };
    using app = edgeApp(read, { settings: { basePath: '/base' } });
    assert.deepEqual(JSON.parse(textOf(await app.fetch({ target: '/base/api/x?a=1' }))), [
      {
        href: 'http://localhost:3000/base/api/x?a=1',
        pathname: '/api/x',
        basePath: '/base',
        search: '?a=1',
        origin: 'http://localhost:3000',
        locale: '',
      },
      'http://localhost:3000/base/other?a=1&b=2',
      'http://localhost:3000/base/other',
    ]);
  });
});

describe('headers', () => {
  const headers: [string, string][] = [
    ['Host', 'localhost:3000'],
    ['Connection', 'keep-alive'],
    ['X-Multi', 'a'],
    ['Accept', 'text/html'],
    ['x-multi', 'b'],
    ['Cookie', 'a=1'],
    ['cookie', 'b=%20;c'],
    ['User-Agent', 'one'],
    ['User-Agent', 'two'],
    ['X-Middleware-Next', '1'],
  ];

  test('single ones', async () => {
    const names =
      'accept X-MULTI cookie user-agent connection x-middleware-next nope x-forwarded-for';
    const read = ({ headers }: { headers: Headers }) =>
      names.split(' ').map((name) => [headers.get(name), headers.has(name)]);
    const expected = ['text/html', 'a, b', 'a=1; b=%20;c', 'one', null, null, null, '192.0.2.7'];
    assert.deepEqual(
      await see(read, { headers }),
      expected.map((value) => [value, value !== null]),
    );
  });

  test('all of them, with the four of a proxy', async () => {
    const all = {
      accept: 'text/html',
      cookie: 'a=1; b=%20;c',
      host: 'localhost:3000',
      'user-agent': 'one',
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-host': 'localhost:3000',
      'x-forwarded-port': '3000',
      'x-forwarded-proto': 'http',
      'x-multi': 'a, b',
    };
    const readers: AnyEdgeHandler[] = [
      ({ headers }) => Object.fromEntries(headers),
      ({ headers }) => Object.fromEntries(headers.entries()),
      ({ headers }) =>
        Object.fromEntries([...headers.keys()].map((key) => [key, headers.get(key)])),
      ({ headers }) => Object.fromEntries(new Headers(headers)),
      ({ headers }) => Object.fromEntries(new Response(null, { headers }).headers),
      ({ headers }) => {
        const seen: Record<string, string> = {};
        headers.forEach((value: string, key: string) => {
          seen[key] = value;
        });
        return seen;
      },
    ];
    for (const read of readers) assert.deepEqual(await see(read, { headers }), all);
  });

  test('they are Headers, and can be changed', async () => {
    const change: AnyEdgeHandler = (request) => {
      const { headers } = request;
      headers.set('x-new', '1');
      headers.append('X-Multi', 'c');
      headers.delete('accept');
      return [
        headers instanceof Headers,
        Object.prototype.toString.call(headers),
        request.headers === headers,
        headers.get('x-new'),
        headers.get('x-multi'),
        headers.has('accept'),
        new Request(request).headers.get('x-multi'),
      ];
    };
    assert.deepEqual(await see(change, { headers }), [
      true,
      '[object Headers]',
      true,
      '1',
      'a, b, c',
      false,
      'a, b, c',
    ]);
  });

  test('a name that is none is refused as Node does', async () => {
    using app = edgeApp(({ headers }) => {
      assert.throws(() => headers.get('a b'), TypeError);
      return new Response();
    });
    assert.equal((await app.fetch()).status, 200);
  });

  test('cookies', async () => {
    const read: AnyEdgeHandler = ({ cookies, headers }) => {
      const before = [cookies.get('b'), cookies.getAll(), cookies.has('c'), cookies.size];
      cookies.set('d', 'x y').delete('a');
      return [...before, headers.get('cookie'), [...cookies].length];
    };
    const a = { name: 'a', value: '1' };
    const b = { name: 'b', value: ' ' };
    const c = { name: 'c', value: 'true' };
    assert.deepEqual(await see(read, { headers }), [
      b,
      [a, b, c],
      true,
      3,
      'b=%20; c=true; d=x%20y',
      3,
    ]);
  });
});

describe('body', () => {
  const readers: [string, AnyEdgeHandler, unknown][] = [
    ['text', (request) => request.text(), '{"a":"é"}'],
    ['json', (request) => request.json(), { a: 'é' }],
    ['bytes', async (request) => (await request.bytes()).length, 10],
    ['arrayBuffer', async (request) => (await request.arrayBuffer()).byteLength, 10],
    ['blob', async (request) => [(await request.blob()).type], ['application/json']],
    ['body', async (request) => await new Response(request.body).text(), '{"a":"é"}'],
    ['clone', async (request) => [await request.clone().text(), await request.text()].length, 2],
    ['Request', async (request) => await new Request(request).json(), { a: 'é' }],
  ];
  for (const [name, read, expected] of readers) {
    test(`${name}, of a body that came with the head`, async () => {
      assert.deepEqual(await see(read, post('{"a":"é"}', 'application/json')), expected);
      const bytes = Buffer.from('{"a":"é"}');
      assert.deepEqual(await see(read, post(bytes, 'application/json')), expected);
    });
    test(`${name}, of a body that comes in pieces`, async () => {
      using app = edgeApp(async (request) => Response.json(await read(request, undefined)));
      const id = app.request(post(null, 'application/json'));
      await new Promise(setImmediate);
      assert.deepEqual(app.core.calls.slice(0, 1), [`readBody ${id}`]);
      const bytes = Buffer.from('{"a":"é"}');
      for (const byte of bytes) app.host.body(id, Uint8Array.of(byte), undefined);
      app.host.body(id, null, undefined);
      assert.deepEqual(JSON.parse(textOf(await app.answer(id))), expected);
    });
  }

  test('formData', async () => {
    const form = '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--\r\n';
    const read: AnyEdgeHandler = async (request) => [...(await request.formData())];
    assert.deepEqual(await see(read, post(form, 'multipart/form-data; boundary=B')), [['a', '1']]);
    assert.deepEqual(await see(read, post('a=1&b=2', 'application/x-www-form-urlencoded')), [
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  test('a byte order mark goes, as everywhere on the web', async () => {
    assert.equal(await see((request) => request.text(), post(Buffer.from('\uFEFFa'))), 'a');
  });

  test('it can be read once', async () => {
    const read: AnyEdgeHandler = async (request) => {
      const before = request.bodyUsed;
      await request.text();
      await assert.rejects(request.text(), { name: 'TypeError', message: /already been read/ });
      await assert.rejects(request.json(), TypeError);
      assert.throws(() => request.clone(), TypeError);
      assert.throws(() => new Request(request), TypeError);
      return [before, request.bodyUsed];
    };
    assert.deepEqual(await see(read, post('a')), [false, true]);
  });

  test('GET and HEAD have none, whatever was sent', async () => {
    const read: AnyEdgeHandler = async (request) => [
      request.body,
      await request.text(),
      request.bodyUsed,
    ];
    assert.deepEqual(await see(read, { body: 'hi' }), [null, '', false]);
    assert.deepEqual(await see(read, { body: null }), [null, '', false]);
    assert.deepEqual(await see(async ({ body }) => body !== null, { method: 'POST' }), true);
    assert.deepEqual(await see((request) => request.text(), { method: 'POST' }), '');
  });

  test('JSON that is none rejects', async () => {
    using app = edgeApp(async (request) => {
      await assert.rejects(request.json(), SyntaxError);
      return new Response();
    });
    assert.equal((await app.fetch(post('{bad'))).status, 200);
  });

  test('the client is read no faster than the handler reads', async () => {
    const { promise: mayRead, resolve: allow } = Promise.withResolvers<void>();
    using app = edgeApp(async ({ body }) => {
      const reader = body.getReader();
      await reader.read();
      await mayRead;
      let length = 0;
      for (let one = await reader.read(); !one.done; one = await reader.read())
        length += one.value.length;
      return new Response(String(length));
    });
    const id = app.request(post(null));
    await new Promise(setImmediate);
    for (let at = 0; at < 4; at++) app.host.body(id, new Uint8Array(65_536), undefined);
    await new Promise(setImmediate);
    assert.ok(app.core.calls.includes(`pauseBody ${id}`));
    allow();
    await new Promise(setImmediate);
    app.host.body(id, null, undefined);
    assert.equal(textOf(await app.answer(id)), String(3 * 65_536));
  });

  test('a body that breaks off rejects', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    using app = edgeApp(async (request) => {
      await request.text().catch(resolve);
      return new Response();
    });
    const id = app.request(post(null));
    await new Promise(setImmediate);
    app.host.body(id, Uint8Array.of(1), undefined);
    app.host.closed(id, Closed.gone);
    app.core.close(id);
    assert.equal(((await promise) as NodeJS.ErrnoException).code, 'ECONNRESET');
  });
});

describe('as a Request', () => {
  test('it is one to everybody', async () => {
    const look: AnyEdgeHandler = (request) => [
      request instanceof Request,
      request instanceof NativeRequest,
      Object.prototype.toString.call(request),
      request.constructor.name,
      request.method,
      request.mode,
      request.duplex,
      request.signal instanceof AbortSignal,
      'ip' in request || 'geo' in request,
    ];
    assert.deepEqual(await see(look, { method: 'DELETE' }), [
      true,
      true,
      '[object Request]',
      'NextRequest',
      'DELETE',
      'cors',
      'half',
      true,
      false,
    ]);
  });

  test('every member is there', async () => {
    const native = new NativeRequest('http://localhost/', { method: 'POST', body: 'x' });
    const types = (request: object) =>
      Object.keys(Object.getOwnPropertyDescriptors(NativeRequest.prototype)).map((key) => [
        key,
        typeof (request as Record<string, unknown>)[key],
      ]);
    assert.deepEqual(await see(types, post('x')), types(native));
  });

  test('what Next has taken away says so', async () => {
    using app = edgeApp((request) => {
      assert.throws(() => request.page, {
        message: 'The request.page has been deprecated in favour of `URLPattern`.',
      });
      assert.throws(() => request.ua, /userAgent/);
      return new Response();
    });
    assert.equal((await app.fetch()).status, 200);
  });

  test('it can be made into another one, and fetched', async () => {
    const server = createServer(async (req, res) => {
      const chunks = await req.toArray();
      res.end(`${req.method} ${req.url} ${req.headers['x-a']} ${Buffer.concat(chunks)}`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const port = (server.address() as AddressInfo).port;
    const { body } = post('hi');
    const call: Call = {
      method: 'POST',
      target: '/api/x?a=1',
      headers: [
        ['Host', `127.0.0.1:${port}`],
        ['X-A', 'b'],
      ],
      body,
    };
    const forwards: AnyEdgeHandler[] = [
      (request) => fetch(request),
      (request) => fetch(new Request(request)),
      (request) => fetch(request.clone()),
      (request) => fetch(request.url, request),
      ({ url, method, headers, body }) =>
        fetch(url, { method, headers, body, duplex: 'half' } as never),
    ];
    try {
      for (const forward of forwards) {
        using app = edgeApp(forward);
        assert.equal(textOf(await app.fetch(call)), 'POST /api/x?a=1 b hi');
      }
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('the signal aborts when the client goes', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    using app = edgeApp(({ signal }) => {
      signal.addEventListener('abort', () => resolve());
      return new Promise(() => {});
    });
    const id = app.request();
    await new Promise(setImmediate);
    app.host.closed(id, Closed.gone);
    app.core.close(id);
    await promise;
  });
});
