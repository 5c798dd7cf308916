// SPDX-License-Identifier: MIT

// `proxy.ts` before routes in both languages, files and rules; what the contract's cases (P394 to P398) do not say.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Files, makeApp, writeFiles } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { type Server, startCapra, startDev } from '../support/server.ts';
import { Wire } from '../support/wire.ts';

const native = `
#include <capra.h>

static void native(capra_request *req, capra_response *res)
{
    capra_slice const path = capra_request_path(req), name = capra_request_query(req, "name");
    capra_slice const user = capra_request_header(req, "x-user");
    capra_slice const body = capra_request_body(req);
    capra_response_header(res, "x-native", "yes");
    capra_json(res, 200, "{s:s%, s:s%, s:s%, s:s%}", "path", path.data, path.length,
               "name", name.data ? name.data : "", name.length,
               "user", user.data ? user.data : "", user.length,
               "body", body.data ? body.data : "", body.length);
}

CAPRA_ROUTE(native);
`;

/** What it does is said by the client. */
const proxy = `
import { NextResponse, type NextFetchEvent, type NextRequest } from 'next/server';

let asked = 0;

const verdicts: Record<string, (request: NextRequest) => unknown> = {
  nothing: () => undefined,
  next: () => NextResponse.next(),
  headers: (request) => {
    const headers = new Headers(request.headers);
    headers.set('x-user', 'ada');
    headers.delete('x-secret');
    headers.delete('host');
    headers.set('content-length', '1');
    headers.set('transfer-encoding', 'chunked');
    return NextResponse.next({ request: { headers } });
  },
  fields: () => {
    const response = NextResponse.next({ headers: { 'x-proxy': 'yes', 'x-native': 'no' } });
    response.cookies.set('a', '1', { httpOnly: true });
    response.cookies.set('b', '2');
    return response;
  },
  rewrite: (request) => {
    const url = request.nextUrl.clone();
    url.pathname = url.searchParams.get('to') as string;
    url.searchParams.delete('to');
    return NextResponse.rewrite(url);
  },
  away: () => NextResponse.rewrite('ftp://example.com/'),
  redirect: (request) => NextResponse.redirect(new URL('/docs/api/echo?a=b', request.url)),
  permanent: (request) => NextResponse.redirect(new URL('/docs/api/echo', request.url), 308),
  outside: () => NextResponse.redirect('https://example.com/?x=1'),
  answer: () => Response.json({ asked: ++asked }, { status: 418, headers: { 'x-proxy': 'yes' } }),
  empty: () => new NextResponse(null, { status: 204 }),
  stream: () =>
    new Response(
      new ReadableStream({
        async start(controller) {
          for (const piece of ['one ', 'two']) controller.enqueue(new TextEncoder().encode(piece));
          controller.close();
        },
      }),
    ),
  throw: () => {
    throw new Error('kept from the client');
  },
  number: () => 5,
  read: async (request) => {
    const text = await request.text();
    return NextResponse.next({ headers: { 'x-length': String(text.length) } });
  },
  start: async (request) => {
    void request.text().catch(() => {});
    return NextResponse.next();
  },
  never: () => new Promise(() => {}),
  url: (request) => Response.json({
    url: request.url,
    path: request.nextUrl.pathname,
    base: request.nextUrl.basePath,
    method: request.method,
    cookie: request.cookies.get('c')?.value,
    forwarded: request.headers.get('x-forwarded-host'),
  }),
};

export async function proxy(request: NextRequest, event: NextFetchEvent) {
  event.waitUntil(Promise.resolve());
  const verdict = request.headers.get('x-verdict') ?? 'nothing';
  return await verdicts[verdict]?.(request);
}
`;

const config = `
export default {
  basePath: '/docs',
  headers: async () => [
    { source: '/:path*', headers: [{ key: 'X-Rule', value: 'rule' }, { key: 'X-Proxy', value: 'rule' }] },
  ],
  redirects: async () => [{ source: '/old', destination: '/api/echo', permanent: false }],
  rewrites: async () => ({
    beforeFiles: [{ source: '/before', has: [{ type: 'header', key: 'x-user' }], destination: '/api/native?name=before' }],
    afterFiles: [{ source: '/after/:id', destination: '/api/users/:id' }],
    fallback: [],
  }),
  experimental: { proxyClientMaxBodySize: '100kb' },
};
`;

const files: Files = {
  'proxy.ts': proxy,
  'next.config.mjs': config,
  'public/file.txt': 'a file',
  'pages/api/native.c': native,
  'pages/api/echo.js': `
export default function handler(req, res) {
  res.setHeader('Set-Cookie', 'h=1');
  const { url, query, headers, body } = req;
  res.json({ url, query, headers, body });
}
`,
  'pages/api/users/[id].js':
    'export default (req, res) => res.json({ url: req.url, query: req.query });\n',
  'pages/api/raw.js': `
export const config = { api: { bodyParser: false } };
export default async function handler(req, res) {
  let length = 0;
  for await (const piece of req) length += piece.length;
  res.json({ length });
}
`,
};

describe('a proxy before all requests', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app: files });
  });
  after(() => server.stop());

  const ask = (verdict: string, request: string, message: { body?: string } = {}, more = {}) =>
    server.call(request, { headers: { 'x-verdict': verdict, ...more }, ...message });

  test('lets a request go on by returning nothing, or next()', async () => {
    for (const verdict of ['nothing', 'next']) {
      const { status, headers, json } = await ask(verdict, 'POST /docs/api/native?name=n', {
        body: 'text',
      });
      assert.equal(status, 200);
      assert.deepEqual(json(), { path: '/api/native', name: 'n', user: '', body: 'text' });
      assert.equal(headers['x-rule'], 'rule');
      assert.equal(headers['x-middleware-next'], undefined);
    }
  });

  test('sees the whole target, the base path taken off in nextUrl', async () => {
    const { json } = await ask('url', 'PUT /docs/api/echo?a=1', {}, { cookie: 'c=2' });
    assert.deepEqual(json(), {
      url: 'http://localhost/docs/api/echo?a=1',
      path: '/api/echo',
      base: '/docs',
      method: 'PUT',
      cookie: '2',
      forwarded: 'localhost',
    });
  });

  test('changes the fields of the request, and not its framing', async () => {
    const more = { 'x-secret': '1', 'x-user': 'eve' };
    const { json } = await ask('headers', 'POST /docs/api/echo', { body: 'text' }, more);
    const { headers, body } = json();
    assert.equal(body, 'text');
    assert.equal(headers['x-user'], 'ada');
    assert.equal(headers['x-secret'], undefined);
    assert.equal(headers.host, 'localhost');
    assert.equal(headers['content-length'], '4');
    assert.equal(headers['transfer-encoding'], undefined);
    const inC = await ask('headers', 'POST /docs/api/native', { body: 'text' }, more);
    assert.deepEqual([inC.json().user, inC.json().body], ['ada', 'text']);
  });

  test('what it has changed counts for the rules behind it', async () => {
    assert.equal((await ask('next', 'GET /docs/before')).status, 404);
    const { json } = await ask('headers', 'GET /docs/before');
    assert.deepEqual(json(), { path: '/before', name: 'before', user: 'ada', body: '' });
  });

  test('adds fields to the answer, unless the route sets others; cookies in any case', async () => {
    const { headers, lines } = await ask('fields', 'GET /docs/api/echo');
    assert.equal(headers['x-proxy'], 'yes');
    assert.deepEqual(
      lines.filter((line) => /^set-cookie/i.test(line)),
      ['Set-Cookie: a=1; Path=/; HttpOnly', 'Set-Cookie: b=2; Path=/', 'Set-Cookie: h=1'],
    );
    const inC = await ask('fields', 'GET /docs/api/native');
    assert.deepEqual([inC.headers['x-native'], inC.headers['x-proxy']], ['yes', 'yes']);
    const file = await ask('fields', 'GET /docs/file.txt');
    assert.deepEqual([file.text, file.headers['x-proxy']], ['a file', 'yes']);
    const nothing = await ask('fields', 'GET /docs/nothing');
    assert.deepEqual([nothing.status, nothing.headers['x-proxy']], [404, 'yes']);
  });

  test('sends a request elsewhere: to routes in both languages, a file, through rewrites', async () => {
    const script = await ask('rewrite', 'GET /docs/x?to=/api/users/7&a=1');
    assert.deepEqual(script.json(), {
      url: '/x?to=%2Fapi%2Fusers%2F7&a=1',
      query: { a: '1', id: '7' },
    });
    assert.equal(script.headers['x-middleware-rewrite'], '/docs/api/users/7?a=1');
    const inC = await ask('rewrite', 'GET /docs/x?to=/api/native&name=n');
    assert.deepEqual(inC.json(), { path: '/x', name: 'n', user: '', body: '' });
    assert.equal((await ask('rewrite', 'GET /docs/x?to=/file.txt')).text, 'a file');
    const after = await ask('rewrite', 'GET /docs/x?to=/after/9');
    assert.equal(after.json().query.id, '9');
    assert.equal((await ask('rewrite', 'GET /docs/x?to=/nowhere')).status, 404);
  });

  test('redirects, behind those of next.config', async () => {
    const found = await ask('redirect', 'GET /docs/api/native');
    assert.deepEqual([found.status, found.headers.location], [307, '/docs/api/echo?a=b']);
    assert.equal(found.text, '/docs/api/echo?a=b');
    const permanent = await ask('permanent', 'GET /docs/api/native');
    assert.deepEqual([permanent.status, permanent.headers.refresh], [308, '0;url=/docs/api/echo']);
    const outside = await ask('outside', 'HEAD /docs/api/native');
    assert.equal(outside.headers.location, 'https://example.com/?x=1');
    const rule = await ask('outside', 'GET /docs/old');
    assert.equal(rule.headers.location, '/docs/api/echo');
  });

  test('answers by itself, whatever there is behind it', async () => {
    for (const path of ['/docs/api/echo', '/docs/file.txt', '/docs/nothing', '/elsewhere']) {
      const { status, headers, json } = await ask('answer', `GET ${path}`);
      assert.equal(status, 418);
      assert.ok(json().asked > 0);
      assert.equal(headers['x-proxy'], 'yes');
    }
    assert.equal((await ask('stream', 'GET /docs/api/echo')).text, 'one two');
    assert.equal((await ask('empty', 'GET /docs/api/echo')).status, 204);
  });

  test('fails closed: what it throws or returns wrongly is 500, and no route runs', async () => {
    for (const verdict of ['throw', 'number', 'away']) {
      const { status, headers, text } = await ask(verdict, 'GET /docs/api/native');
      assert.equal(status, 500);
      assert.match(headers['content-type'], /^text\/html/);
      assert.equal(headers['x-native'], undefined);
      assert.doesNotMatch(text, /kept from the client/);
    }
    await server.logged(/GET \/docs\/api\/native \(proxy\.ts\).*Error: kept from the client/);
    await server.logged(/the proxy returned a value of type number/);
    await server.logged(/rewrites to ftp:\/\/example\.com\//);
  });

  test('the fields that it speaks to the server with are not for clients to send', async () => {
    const spoken = {
      'x-middleware-next': '1',
      'x-middleware-rewrite': '/docs/api/native',
      'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy',
      'x-middleware-override-headers': 'x-user',
      'x-middleware-request-x-user': 'eve',
    };
    assert.equal((await ask('answer', 'GET /docs/api/native', {}, spoken)).status, 418);
    const { json } = await ask('next', 'GET /docs/api/native', {}, spoken);
    assert.equal(json().user, '');
  });

  test('reads a body that the route reads again', async () => {
    const body = 'x'.repeat(90_000);
    const parsed = await ask('read', 'POST /docs/api/echo', { body });
    assert.equal(parsed.json().body, body);
    assert.equal(parsed.headers['x-length'], '90000');
    const raw = await ask('read', 'POST /docs/api/raw', { body });
    assert.deepEqual([raw.json().length, raw.headers['x-length']], [90_000, '90000']);
    const inC = await ask('read', 'POST /docs/api/native', { body: 'text' });
    assert.equal(inC.json().body, 'text');
    const empty = await ask('read', 'POST /docs/api/raw');
    assert.deepEqual([empty.json().length, empty.headers['x-length']], [0, '0']);
  });

  test('a body that it has begun to read is not lost', async () => {
    const body = 'x'.repeat(90_000);
    assert.equal((await ask('start', 'POST /docs/api/raw', { body })).json().length, 90_000);
    assert.equal((await ask('start', 'POST /docs/api/echo', { body })).json().body, body);
  });

  test('a body that it does not read has no other limit than that of its route', async () => {
    const body = 'x'.repeat(2_000_000);
    assert.equal((await ask('next', 'POST /docs/api/raw', { body })).json().length, 2_000_000);
  });

  test('a body longer than it may read is refused', async () => {
    const { status, text } = await ask('read', 'POST /docs/api/raw', { body: 'x'.repeat(102_401) });
    assert.deepEqual([status, text], [413, 'Body exceeded 100kb limit']);
  });

  test('who leaves while it thinks is forgotten, and others are served', async () => {
    const wires = await Promise.all(Array.from({ length: 20 }, () => Wire.open(server.port)));
    for (const wire of wires) {
      await wire.send('GET /docs/api/echo HTTP/1.1\r\nHost: a\r\nX-Verdict: never\r\n\r\n');
    }
    for (const wire of wires) wire.reset();
    assert.equal((await ask('next', 'GET /docs/api/native')).status, 200);
  });

  test('requests in a row on one connection are answered in order', async () => {
    const wire = await Wire.open(server.port);
    const verdicts = ['answer', 'read', 'redirect', 'next', 'throw', 'nothing'];
    const requests = verdicts.map(
      (verdict) =>
        `POST /docs/api/raw HTTP/1.1\r\nHost: a\r\nX-Verdict: ${verdict}\r\nContent-Length: 3\r\n\r\nabc`,
    );
    await wire.send(requests.join(''));
    const statuses: number[] = [];
    for (const _ of verdicts) statuses.push((await wire.answer('POST')).status);
    assert.deepEqual(statuses, [418, 200, 307, 200, 500, 200]);
    wire.close();
  });
});

// ---- Which requests ----

const guard = (matcher: string): Files => ({
  'proxy.js': `
export const config = { matcher: ${matcher} };
export default () => new Response('guarded', { status: 401 });
`,
  'pages/api/native.c': native,
  'pages/api/admin/[id].c': native.replaceAll('native', 'id'),
  'pages/api/café.c': native.replaceAll('native', 'cafe'),
});

describe('a matcher', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({
      app: guard(`[
  '/api/admin/:id',
  '/api/café',
  { source: '/api/native', has: [{ type: 'header', key: 'x-a', value: 'v(?:\\\\d)' }], missing: [{ type: 'cookie', key: 'session' }] },
  { source: '/api/native', has: [{ type: 'query', key: 'guard' }] },
]`),
    });
  });
  after(() => server.stop());

  const statusOf = async (request: string, headers = {}) =>
    (await server.call(request, { headers })).status;

  test('names the requests', async () => {
    assert.equal(await statusOf('GET /api/native'), 200);
    assert.equal(await statusOf('GET /api/admin/1'), 401);
    assert.equal(await statusOf('DELETE /api/admin/1?x'), 401);
    assert.equal(await statusOf('GET /api/admin'), 404);
  });

  test('is not got around by another spelling of the path', async () => {
    const spellings = [
      '/api/adm%69n/1',
      '/%61pi/%61dmin/1',
      '/api/admin/a%2Fb',
      '/api/adm%69n/a%2fb',
      '/api/x/../admin/1',
      '/api/x/%2e%2e/admin/1',
      '/api/admin/1#x',
      '/api/caf%C3%A9',
      '/api/caf%c3%a9',
      '/api/%63af%c3%a9',
      'http://localhost/api/admin/1',
    ];
    for (const path of spellings) {
      const status = await statusOf(`GET ${path}`);
      assert.equal(status, 401, path);
    }
    for (const path of ['//api/admin/1', '/api//admin/1', '/api\\admin/1', '/api/admin/1/']) {
      const status = await statusOf(`GET ${path}`);
      assert.equal(status, 308, path);
    }
    for (const path of ['/api/ADMIN/1', '/api/adm%2569n/1', '/api%2Fadmin/1'])
      assert.notEqual(await statusOf(`GET ${path}`), 200, path);
  });

  test('has conditions', async () => {
    assert.equal(await statusOf('GET /api/native', { 'x-a': 'v1' }), 401);
    assert.equal(await statusOf('GET /api/native', { 'x-a': 'w1' }), 200);
    assert.equal(await statusOf('GET /api/native', { 'x-a': 'v1', cookie: 'session=1' }), 200);
    assert.equal(await statusOf('GET /api/native?guard=1'), 401);
    assert.equal(await statusOf('GET /api/native?g%75ard=1'), 401);
  });
});

test('an app of C routes with a proxy is run by Node; with an empty matcher it is never asked', async () => {
  const server = await startCapra({ app: guard('[]') });
  assert.equal((await server.call('GET /api/native')).status, 200);
  await server.stop();
});

test('a negative matcher, as create-next-app suggests it', async () => {
  const server = await startCapra({ app: guard("['/((?!api/native|_next/static).*)']") });
  assert.equal((await server.call('GET /api/native')).status, 200);
  assert.equal((await server.call('GET /api/admin/1')).status, 401);
  assert.equal((await server.call('GET /')).status, 401);
  await server.stop();
});

// ---- Around it ----

test('middleware.ts is the same under its former name; with --parity next too', async () => {
  const app = {
    'src/middleware.ts': "export function middleware() { return new Response('m'); }\n",
    'src/pages/api/native.c': native,
    'capra.json': '{ "parity": "next" }',
  };
  const server = await startCapra({ app });
  assert.equal((await server.call('GET /api/native')).text, 'm');
  await server.stop();
});

test('a module that cannot be loaded fails closed, and is tried again', async () => {
  const server = await startCapra({
    app: {
      'proxy.js': "throw new Error('at start');\nexport default () => {};\n",
      'pages/api/native.c': native,
    },
  });
  for (const _ of [1, 2]) assert.equal((await server.call('GET /api/native')).status, 500);
  await server.logged(/Error: at start/);
  await server.stop();
});

test('a CommonJS module is a proxy', async () => {
  const server = await startCapra({
    app: {
      'proxy.js': "module.exports = { proxy: () => new Response('common') };\n",
      'pages/api/native.c': native,
    },
  });
  assert.equal((await server.call('GET /api/native')).text, 'common');
  await server.stop();
});

test('capra build and capra routes tell of it', async () => {
  const folder = makeApp(files);
  const { stdout } = await capra(['build', folder]);
  assert.match(stdout, /^ƒ Proxy +\d.* kB +proxy\.ts$/m);
  const routes = await capra(['routes', folder]);
  assert.match(routes.stdout, /^ƒ Proxy +proxy\.ts$/m);
});

test('capra dev follows its changes, and shows what is wrong with it', async () => {
  const server = await startDev({ app: { 'pages/api/native.c': native } });
  const save = (text: string) => writeFiles(server.folder, { 'proxy.ts': text });
  const becomes = (status: number, pattern: RegExp) =>
    until(
      async () => {
        const answer = await server.call('GET /api/native');
        return answer.status === status && pattern.test(answer.text);
      },
      `${status} ${pattern}`,
      { found: () => server.stdout() + server.stderr() },
    );
  await becomes(200, /path/);
  save("export default () => new Response('one');\n");
  await becomes(200, /^one$/);
  save("export default () => new Response('two');\n");
  await becomes(200, /^two$/);
  save('export default () => {\n  const = 3;\n};\n');
  await becomes(500, /proxy\.ts:2[\s\S]*const = 3;/);
  save("export default () => {\n  throw new Error('seen in dev');\n};\n");
  await becomes(500, /seen in dev/);
  save(
    "export const config = { matcher: ['/other'] };\nexport default () => new Response('three');\n",
  );
  await becomes(200, /path/);
  await server.stop();
});
