// SPDX-License-Identifier: MIT

// next.config between a request and its route, in both languages; what the contract's cases do not say.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Files, makeApp, writeFiles } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { type Server, startCapra, startDev } from '../support/server.ts';
import { Wire } from '../support/wire.ts';

const config = `
export default {
  basePath: '/docs',
  async headers() {
    return [
      {
        source: '/:path*',
        headers: [{ key: 'X-All', value: 'all' }, { key: 'X-Path', value: ':path*' }],
      },
      { source: '/api/native', headers: [{ key: 'Content-Type', value: 'text/x-config' }] },
      { source: '/', basePath: false, headers: [{ key: 'X-Root', value: 'root' }] },
    ];
  },
  async redirects() {
    return [
      { source: '/', destination: '/docs', basePath: false, permanent: false },
      { source: '/old/:slug(\\\\d{1,})', destination: '/new/:slug#top', permanent: true },
    ];
  },
  async rewrites() {
    return {
      beforeFiles: [{ source: '/api/hidden', destination: '/api/native?from=hidden' }],
      afterFiles: [
        { source: '/api/users/me', destination: '/api/native' },
        { source: '/n/:name', destination: '/api/native' },
        { source: '/bare/:name', destination: '/docs/api/users/:name', basePath: false },
        { source: '/script/:id', destination: '/api/echo' },
      ],
      fallback: [{ source: '/:rest*', destination: '/api/users/:rest*' }],
    };
  },
};
`;

const native = `
#include <capra.h>

static void native(capra_request *req, capra_response *res)
{
    capra_slice const path = capra_request_path(req), name = capra_request_query(req, "name");
    capra_slice const from = capra_request_query(req, "from");
    capra_response_header(res, "x-all", "native");
    capra_json(res, 200, "{s:s%, s:s%, s:s%}", "path", path.data, path.length,
               "name", name.data ? name.data : "", name.length,
               "from", from.data ? from.data : "", from.length);
}

CAPRA_ROUTE(native);
`;

const natives: Files = { 'next.config.mjs': config, 'pages/api/native.c': native };

const files: Files = {
  ...natives,
  'pages/api/echo.js': `
export default function handler(req, res) {
  res.json({ url: req.url, query: req.query, all: res.getHeader('x-all') });
}
`,
  'pages/api/raw.js': `
export const config = { api: { bodyParser: false } };
export default async function handler(req, res) {
  for await (const _ of req);
  res.json(1);
}
`,
  'pages/api/broken.js': "throw new Error('at load');",
  'pages/api/users/[id].js': `
export default function handler(req, res) {
  res.json({ url: req.url, query: req.query });
}
`,
};

for (const [name, app] of Object.entries({ 'in Node': files, 'without Node': natives })) {
  describe(`next.config and a route in C, ${name}`, () => {
    let server: Server;
    before(async () => {
      server = await startCapra({ app });
    });
    after(() => server.stop());

    test('the base path is not seen by it', async () => {
      const { headers, json } = await server.call('GET /docs/api/native');
      assert.deepEqual(json(), { path: '/api/native', name: '', from: '' });
      assert.equal(headers['x-all'], 'native');
      assert.equal(headers['x-path'], 'api/native');
      assert.equal(headers['content-type'], 'application/json; charset=utf-8');
      const { status } = await server.call('GET /api/native');
      assert.equal(status, 404);
    });

    test('it reads the query that a rewrite has made', async () => {
      const found = await server.call('GET /docs/n/a%20b%26c?from=client');
      assert.deepEqual(found.json(), { path: '/n/a%20b%26c', name: 'a b&c', from: 'client' });
      const hidden = await server.call('GET /docs/api/hidden?from=client');
      assert.equal(hidden.json().from, 'hidden');
    });

    test('what is not found has the fields too', async () => {
      const { status, headers } = await server.call('HEAD /docs/%E9/x');
      assert.equal(status, 404);
      assert.equal(headers['x-all'], 'all');
    });

    test('redirects have none', async () => {
      const slash = await server.call('GET /docs/api/native/');
      assert.equal(slash.headers['x-all'], undefined);
      const root = await server.call('GET /');
      assert.deepEqual([root.status, root.headers.location], [307, '/docs']);
      assert.equal(root.headers.refresh, undefined);
      const old = await server.call('POST /docs/old/12?a=%20');
      assert.equal(old.status, 308);
      assert.equal(old.headers.location, '/docs/new/12?a=%20#top');
      assert.equal(old.headers.refresh, `0;url=${old.headers.location}`);
    });
  });
}

describe('next.config and a route in JavaScript', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app: files });
  });
  after(() => server.stop());

  test('a literal route comes before a rewrite, a rewrite before a dynamic route', async () => {
    const me = await server.call('GET /docs/api/users/me');
    assert.equal(me.json().path, '/api/users/me');
    const one = await server.call('GET /docs/api/users/1');
    assert.deepEqual(one.json(), { url: '/api/users/1', query: { id: '1' } });
  });

  test('a rewrite may come from outside of the base path', async () => {
    const { status, json } = await server.call('GET /bare/ann?x=1');
    assert.equal(status, 200);
    assert.deepEqual(json(), { url: '/bare/ann?x=1', query: { x: '1', id: 'ann' } });
  });

  test('a fallback is asked last', async () => {
    const { json } = await server.call('GET /docs/ann?rest=1&b=2');
    assert.deepEqual(json(), { url: '/ann?b=2', query: { rest: '1', b: '2', id: 'ann' } });
  });

  test('fields are on the answer of a handler that does not look at them', async () => {
    const { headers } = await server.call('GET /docs/api/users/1');
    assert.deepEqual([headers['x-all'], headers['x-path']], ['all', 'api/users/1']);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  });

  test('fields are there before the handler, and stay', async () => {
    const { headers, json } = await server.call('GET /docs/script/7?id=7&a=b');
    assert.deepEqual(json(), { url: '/script/7?a=b', query: { id: '7', a: 'b' }, all: 'all' });
    assert.equal(headers['x-all'], 'all');
  });

  test("fields are in answers that are not the handler's, once it has been called", async () => {
    const wire = await Wire.open(server.port);
    await wire.send('POST /docs/api/raw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    await wire.send('no chunk\r\n');
    const { status, headers } = await wire.answer('POST');
    assert.deepEqual([status, headers['x-all'], headers['x-path']], [400, 'all', 'api/raw']);
    await wire.closed();
    const broken = await server.call('GET /docs/api/broken');
    assert.deepEqual([broken.status, broken.headers['x-all']], [500, 'all']);
  });

  test('a malformed escape that a rewrite hands on is 400', async () => {
    const { status } = await server.call('GET /bare/%zz');
    assert.equal(status, 400);
  });

  test('requests on one connection do not share what rules have said', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => server.call(`GET /docs/script/${i}`)),
    );
    assert.deepEqual(
      answers.map(({ json }) => json().query.id),
      answers.map((_, i) => String(i)),
    );
  });
});

describe('a build with a next.config that cannot be', () => {
  const WRONG: [text: string, says: RegExp][] = [
    [
      "export default { rewrites: () => [{ source: '/a', destination: 'ftp://example.com/a' }] };",
      /must start with `\/`, `http:\/\/` or `https:\/\/`/,
    ],
    [
      'export default {\n  env: nowhere,\n};',
      /next\.config\.mjs:2:8[\s\S]*nowhere is not defined[\s\S]*> 2 │/,
    ],
    ['export default {', /next\.config\.mjs:1:/],
  ];
  for (const [text, says] of WRONG) {
    test(text.slice(0, 40), async () => {
      const folder = makeApp({ 'pages/api/native.c': native, 'next.config.mjs': text });
      const { code, stderr } = await capra(['build', folder]);
      assert.equal(code, 1);
      assert.match(stderr, says);
    });
  }
});

test('capra dev follows next.config and capra.json', async () => {
  const redirect = (to: string) =>
    `export default { redirects: () => [{ source: '/a', destination: '${to}', permanent: false }] };\n`;
  const server = await startDev({
    app: { 'next.config.mjs': redirect('/one'), 'pages/api/native.c': native },
  });
  const location = async () => (await server.call('GET /a?b')).headers.location;
  const becomes = (expected: string) =>
    until(async () => (await location()) === expected, expected, {
      found: () => server.stdout() + server.stderr(),
    });
  try {
    await becomes('/one?b');
    writeFiles(server.folder, { 'next.config.mjs': redirect('/two') });
    await becomes('/two?b');
    writeFiles(server.folder, { 'next.config.mjs': redirect('three') });
    await server.logged(/`destination` must start with/);
    assert.equal(await location(), '/two?b');
    writeFiles(server.folder, { 'next.config.mjs': redirect('/two') });
    writeFiles(server.folder, { 'capra.json': '{ "parity": "next" }' });
    await becomes('/two?b=');
  } finally {
    await server.stop();
  }
});
