// SPDX-License-Identifier: MIT

// Files to routes, and paths to files. Rows of the contract are named by their number.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Files } from '../support/app.ts';
import { type Server, startCapra } from '../support/server.ts';

const echo = (route: string) => `
  export default function handler(req, res) {
    const { method, url, query } = req;
    res.status(200).json({ route: ${JSON.stringify(route)}, method, url, query });
  }`;

const routes = [
  'index.js',
  'hello.js',
  'nested/index.js',
  'nested/deep/thing.js',
  'ts.ts',
  'tsx.tsx',
  'jsx.jsx',
  '_under.js',
  'dots.name.js',
  'v1.0/x.js',
  'Camel.js',
  'with space.js',
  'plus+sign.js',
  'at@x.js',
  'ünï.js',
  'index/index.js',
  'dyn/static.js',
  'dyn/[id].js',
  'dyn/[id]/sub.js',
  'dyn/[id]/[other].js',
  'bt/a/b.js',
  'bt/[x]/c.js',
  'ca/[...slug].js',
  'ca/fixed.js',
  'ca/[one]/two.js',
  'ca/[one]/index.js',
  'oca/[[...slug]].js',
  'oca2/[[...slug]].js',
  'oca2/known.js',
  'user-[id].js',
  'dash/[my-param].js',
];

const app: Files = {
  ...Object.fromEntries(routes.map((file) => [`pages/api/${file}`, echo(`pages/api/${file}`)])),
  'pages/api/mjs.mjs': echo('pages/api/mjs.mjs'),
  'pages/api/readme.md': '# not a route\n',
  'pages/api/data.json': '{}',
  'pages/api/native/[name].c': `
    #include <capra.h>

    static void native(capra_request *req, capra_response *res)
    {
        capra_slice name = capra_request_param(req, "name");

        capra_json(res, 200, "{s:s, s:s%}", "route", capra_request_route(req), "name", name.data,
                   name.length);
    }

    CAPRA_ROUTE(native);`,
};

let server: Server;
before(async () => {
  server = await startCapra({ app });
});
after(() => server.stop());

type Found = [row: string, path: string, file: string, query?: Record<string, unknown>];

const files: Found[] = [
  ['P001', '/api', 'index.js'],
  ['P002', '/api/index', 'index/index.js'],
  ['P003', '/api/nested', 'nested/index.js'],
  ['P006', '/api/ts', 'ts.ts'],
  ['P007', '/api/tsx', 'tsx.tsx'],
  ['P008', '/api/jsx', 'jsx.jsx'],
  ['P011', '/api/_under', '_under.js'],
  ['P013', '/api/dots.name', 'dots.name.js'],
  ['P014', '/api/v1.0/x', 'v1.0/x.js'],
  ['P021', '/api/plus+sign', 'plus+sign.js'],
  ['P022', '/api/at@x', 'at@x.js'],
  ['P024', '/api/user-[id]', 'user-[id].js'],
  ['P028', '/api/dash/1', 'dash/[my-param].js', { 'my-param': '1' }],
];

const matches: Found[] = [
  ['P060', '/api/dyn/static', 'dyn/static.js'],
  ['P061', '/api/dyn/123', 'dyn/[id].js', { id: '123' }],
  ['P062', '/api/dyn/123?id=456', 'dyn/[id].js', { id: '123' }],
  ['P063', '/api/dyn/123?a=1&id=456&b=2', 'dyn/[id].js', { a: '1', id: '123', b: '2' }],
  ['P064', '/api/dyn/st%61tic', 'dyn/[id].js', { id: 'static' }],
  ['P065', '/api/dyn/a%2Fb', 'dyn/[id].js', { id: 'a/b' }],
  ['P066', '/api/dyn/a%252Fb', 'dyn/[id].js', { id: 'a%2Fb' }],
  ['P067', '/api/dyn/a+b', 'dyn/[id].js', { id: 'a+b' }],
  ['P068', '/api/dyn/%20', 'dyn/[id].js', { id: ' ' }],
  ['P069', '/api/dyn/%E6%97%A5', 'dyn/[id].js', { id: '日' }],
  ['P070', '/api/dyn/%00', 'dyn/[id].js', { id: '\0' }],
  ['P076', '/api/dyn/a/sub', 'dyn/[id]/sub.js', { id: 'a' }],
  ['P077', '/api/dyn/a/b', 'dyn/[id]/[other].js', { id: 'a', other: 'b' }],
  ['P079', '/api/dyn/[id]', 'dyn/[id].js', { id: '[id]' }],
  ['P081', '/api/bt/a/b', 'bt/a/b.js'],
  ['P082', '/api/bt/a/c', 'bt/[x]/c.js', { x: 'a' }],
  ['P085', '/api/ca/fixed', 'ca/fixed.js'],
  ['P086', '/api/ca/x', 'ca/[one]/index.js', { one: 'x' }],
  ['P087', '/api/ca/x/two', 'ca/[one]/two.js', { one: 'x' }],
  ['P088', '/api/ca/x/three', 'ca/[...slug].js', { slug: ['x', 'three'] }],
  ['P089', '/api/ca/fixed/y', 'ca/[...slug].js', { slug: ['fixed', 'y'] }],
  ['P090', '/api/ca/a%2Fb/c', 'ca/[...slug].js', { slug: ['a/b', 'c'] }],
  ['P092', '/api/ca/a/b?slug=q', 'ca/[...slug].js', { slug: ['a', 'b'] }],
  ['P093', '/api/oca', 'oca/[[...slug]].js', {}],
  ['P095', '/api/oca?slug=1', 'oca/[[...slug]].js', { slug: '1' }],
  ['P096', '/api/oca/a/b', 'oca/[[...slug]].js', { slug: ['a', 'b'] }],
  ['P098', '/api/oca2/known', 'oca2/known.js'],
  ['P099', '/api/oca2/known/x', 'oca2/[[...slug]].js', { slug: ['known', 'x'] }],
];

const better: Found[] = [
  ['P019', '/api/with%20space', 'with space.js'],
  ['P020', '/api/%C3%BCn%C3%AF', 'ünï.js'],
  ['P053', '/api/h%65llo', 'hello.js'],
  ['P080', '/api/dyn/[id]?id=5', 'dyn/[id].js', { id: '[id]' }],
  ['P097', '/api/oca/index', 'oca/[[...slug]].js', { slug: ['index'] }],
];

const queries: [row: string, query: string, expected: Record<string, unknown>][] = [
  ['P105', 'a=1&b=2&a=3', { a: ['1', '3'], b: '2' }],
  ['P106', 'a=1&b=&c&=d&&e=%20+&f=%2B', { a: '1', b: '', c: '', '': 'd', e: '  ', f: '+' }],
  ['P107', 'a[]=1&a[]=2', { 'a[]': ['1', '2'] }],
  ['P108', 'a=%zz&b=%', { a: '%zz', b: '%' }],
  ['P109', 'a=%E9', { a: '\ufffd' }],
  ['P110', 'a=1;b=2', { a: '1;b=2' }],
  ['P112', '?', { '?': '' }],
  ['P113', 'z=1&10=a&2=b', { 2: 'b', 10: 'a', z: '1' }],
  ['P116', 'nxtPid=1&nextInternalLocale=en', { nxtPid: '1', nextInternalLocale: 'en' }],
  ['P114', 'constructor=2&toString=3', { constructor: '2', toString: '3' }],
];

async function expect([row, path, file, query = {}]: Found) {
  const answer = await server.call(`GET ${path}`);
  assert.equal(answer.status, 200, `${row} ${path}`);
  const { route, query: found } = answer.json();
  assert.equal(route, `pages/api/${file}`, row);
  assert.deepEqual(found, query, row);
}

describe('a file is a route', () => {
  for (const found of files) test(`${found[1]} is ${found[2]} (${found[0]})`, () => expect(found));
});

test("the answer is Next's, byte for byte (P061)", async () => {
  const { text, headers } = await server.call('GET /api/dyn/123');
  const query = '"query":{"id":"123"}';
  assert.equal(
    text,
    `{"route":"pages/api/dyn/[id].js","method":"GET","url":"/api/dyn/123",${query}}`,
  );
  assert.equal(headers.etag, '"3flb08d3z42i"');
});

describe('a path finds its file', () => {
  for (const found of matches)
    test(`${found[1]} is ${found[2]} (${found[0]})`, () => expect(found));
});

describe('where Next finds nothing, or the wrong thing', () => {
  for (const found of better) test(`${found[1]} is ${found[2]} (${found[0]})`, () => expect(found));
});

describe('the query', () => {
  for (const [row, query, expected] of queries)
    test(`${query} (${row})`, () => expect([row, `/api/hello?${query}`, 'hello.js', expected]));

  test('of __proto__ is a key like any other (P115)', async () => {
    const { text } = await server.call('GET /api/hello?__proto__=1&a=2');
    assert.match(text, /"query":\{"__proto__":"1","a":"2"\}/);
  });
});

describe('nothing else is', () => {
  const paths: [row: string, path: string][] = [
    ['P004', '/api/nested/index'],
    ['P005', '/api/nested/deep'],
    ['P009', '/api/mjs'],
    ['P016', '/api/readme'],
    ['P018', '/api/hello.js'],
    ['P025', '/api/user-5'],
    ['P051', '/api/Hello'],
    ['P052', '/API/hello'],
    ['P055', '/api/hello%'],
    ['P056', '/api/hello;a=1'],
    ['P058', '/nope'],
    ['P075', '/api/dyn'],
    ['P078', '/api/dyn/a/b/c'],
    ['P083', '/api/bt/z/b'],
    ['P084', '/api/ca'],
    ['P101', '/api/nope'],
  ];
  for (const [row, path] of paths) {
    test(`${path} is 404 (${row})`, async () => {
      const { status, headers } = await server.call(`GET ${path}`);
      assert.equal(status, 404);
      assert.equal(
        headers['cache-control'],
        'private, no-cache, no-store, max-age=0, must-revalidate',
      );
    });
  }

  test('404 answers every method, HEAD without a body (P100)', async () => {
    assert.equal((await server.call('POST /nope', { body: 'text' })).status, 404);
    const head = await server.call('HEAD /nope');
    assert.deepEqual([head.status, head.text], [404, '']);
    assert.notEqual(head.headers['content-length'], '0');
  });

  test('404 is never 304 (P103)', async () => {
    const headers = { 'If-None-Match': '*' };
    assert.equal((await server.call('GET /nope', { headers })).status, 404);
  });

  for (const path of ['/api/dyn/%', '/api/dyn/%zz', '/api/dyn/%E9', '/api/ca/a/%ff/b']) {
    test(`${path} is 400 (P071, P072, P073, P091)`, async () => {
      assert.equal((await server.call(`GET ${path}`)).status, 400);
    });
  }
});

describe('a path that is not as it should be is 308', () => {
  const redirects: [row: string, path: string, location: string][] = [
    ['P042', '/api/', '/api'],
    ['P043', '/api/hello/', '/api/hello'],
    ['P044', '/api/hello/?a=1&b=2', '/api/hello?a=1&b=2'],
    ['P045', '//api/hello', '/api/hello'],
    ['P046', '/api//hello?x=//y', '/api/hello?x=//y'],
    ['P050', '/api/hello/..', '/api'],
    ['P074', '/api/dyn/..', '/api'],
    ['P455', '/api/nope/', '/api/nope'],
    ['P456', '/api/dyn/%E9/', '/api/dyn/%E9'],
    ['P457', '/api//dyn//a%zz?x=%zz', '/api/dyn/a%zz?x=%zz'],
    ['P453, query kept', '/api/hello/?a=%20+x&b=1&a=2&c', '/api/hello?a=%20+x&b=1&a=2&c'],
  ];
  for (const [row, path, location] of redirects) {
    test(`${path} (${row})`, async () => {
      for (const method of ['GET', 'POST']) {
        const { status, headers, text } = await server.call(`${method} ${path}`);
        assert.equal(status, 308);
        assert.equal(headers.location, location);
        assert.equal(headers.refresh, `0;url=${location}`);
        assert.equal(text, location);
      }
    });
  }

  test('never to another host', async () => {
    for (const path of [
      '//evil.example/',
      '/\\evil.example/',
      '///evil.example',
      '/.//evil.example/',
    ]) {
      const { status, headers } = await server.call(`GET ${path}`);
      if (status === 308) assert.match(headers.location, /^\/(?![/\\])/, path);
      else assert.ok(status === 404 || status === 400, `${path} ${status}`);
    }
  });
});

test('every method that HTTP knows reaches the handler (P104)', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'QUERY']) {
    const { status, json } = await server.call(`${method} /api/hello`);
    assert.equal(status, 200, method);
    assert.equal(json().method, method);
  }
});

test('routes in C and in JavaScript share one router', async () => {
  const { status, json } = await server.call('GET /api/native/a%2Fb%20c');
  assert.equal(status, 200);
  assert.deepEqual(json(), { route: '/api/native/[name]', name: 'a/b c' });
});
