// SPDX-License-Identifier: MIT

// What modules of a project find in `next/server`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyEdgeHandler, edgeApp } from './edge-app.ts';
import { type Call, linesOf, textOf } from './fake-core.ts';

/** As the module that the compiler puts in its place asks for it. */
const hook = () => Reflect.get(globalThis, Symbol.for('capra.next/server'));

async function answerTo(handler: AnyEdgeHandler, call?: Call) {
  using app = edgeApp(handler);
  return await app.fetch(call);
}

using any = edgeApp(() => new Response());
await any.fetch();
const { NextRequest, NextResponse, NextFetchEvent, URLPattern, userAgent, userAgentFromString } =
  hook()();

describe('NextRequest', () => {
  test('is what a route is called with', async () => {
    const answer = await answerTo((request, event) =>
      Response.json([request instanceof NextRequest, event instanceof NextFetchEvent]),
    );
    assert.equal(textOf(answer), '[true,true]');
  });

  test('can be made of a URL, a Request, and the request of a route', async () => {
    const init = { method: 'POST', body: 'x', headers: { cookie: 'a=1' } };
    for (const input of [
      'http://h/p?q=1',
      new URL('http://h/p?q=1'),
      new Request('http://h/p?q=1'),
    ]) {
      const request = new NextRequest(input, init);
      assert.equal(request instanceof Request, true);
      assert.equal(request.url, 'http://h/p?q=1');
      assert.equal(request.nextUrl.searchParams.get('q'), '1');
      assert.deepEqual(request.cookies.get('a'), { name: 'a', value: '1' });
      assert.equal(await request.text(), 'x');
    }
    const { nextUrl } = new NextRequest('http://h/base/p', { nextConfig: { basePath: '/base' } });
    assert.deepEqual([nextUrl.pathname, nextUrl.basePath], ['/p', '/base']);
    assert.equal(new NextRequest(nextUrl).url, 'http://h/base/p');
    const answer = await answerTo(
      async (request) =>
        new Response(await new NextRequest(request, { headers: { a: 'b' } }).text()),
      { method: 'POST', body: 'body' },
    );
    assert.equal(textOf(answer), 'body');
  });

  test('a stream needs no duplex', async () => {
    const body = new Blob(['x']).stream();
    assert.equal(await new NextRequest('http://h/', { method: 'POST', body }).text(), 'x');
  });
});

describe('nextUrl', () => {
  test('is a URL in all its parts', () => {
    const { nextUrl } = new NextRequest('http://u:p@h:81/a?b=1#c'.replace('u:p@', ''));
    Object.assign(nextUrl, {
      protocol: 'https',
      port: '',
      host: 'x.org',
      hash: '#d',
      search: '?e=2',
    });
    assert.equal(nextUrl.href, 'https://x.org/a?e=2#d');
    Object.assign(nextUrl, { hostname: 'y.org', username: 'u', password: 'p', basePath: 'base' });
    assert.equal(String(nextUrl), 'https://u:p@y.org/base/a?e=2#d');
    assert.deepEqual(
      [
        nextUrl.protocol,
        nextUrl.host,
        nextUrl.hostname,
        nextUrl.port,
        nextUrl.username,
        nextUrl.hash,
      ],
      ['https:', 'y.org', 'y.org', '', 'u', '#d'],
    );
    nextUrl.href = 'http://z/';
    assert.equal(JSON.stringify(nextUrl), '"http://z/"');
    assert.throws(() => {
      nextUrl.locale = 'de';
    }, TypeError);
  });
});

describe('NextResponse', () => {
  test('json', async () => {
    const answer = await answerTo(() => NextResponse.json({ a: 1 }, { status: 201 }));
    assert.equal(answer.status, 201);
    assert.deepEqual(linesOf(answer), ['content-type: application/json']);
    assert.equal(textOf(answer), '{"a":1}');
    assert.ok(NextResponse.json(1) instanceof NextResponse);
    assert.ok(NextResponse.json(1) instanceof Response);
    assert.ok(!(new Response() instanceof NextResponse));
  });

  test('redirect, to the same origin by its path', async () => {
    const to = (path: string, init?: unknown) =>
      answerTo((request) => NextResponse.redirect(new URL(path, request.url), init));
    const same = await to('/api/zzz?a=1');
    assert.deepEqual([same.status, linesOf(same)], [307, ['location: /api/zzz?a=1']]);
    const other = await to('https://example.org/x', 308);
    assert.deepEqual([other.status, linesOf(other)], [308, ['location: https://example.org/x']]);
    const more = await to('/x', { status: 303, headers: { 'x-a': 'b' } });
    assert.deepEqual([more.status, linesOf(more).sort()], [303, ['location: /x', 'x-a: b']]);
    assert.throws(() => NextResponse.redirect('http://h/', 200), RangeError);
    assert.throws(() => NextResponse.redirect('/relative'), /use only absolute URLs/);
  });

  test('rewrite and next say so to who reads it', async () => {
    const rewrite = await answerTo(({ url }) => NextResponse.rewrite(new URL('/api/zzz', url)));
    assert.deepEqual(linesOf(rewrite), ['x-middleware-rewrite: http://localhost:3000/api/zzz']);
    const headers = new Headers({ a: 'b' });
    const next = await answerTo(() => NextResponse.next({ request: { headers } }));
    assert.deepEqual(linesOf(next).sort(), [
      'x-middleware-next: 1',
      'x-middleware-override-headers: a',
      'x-middleware-request-a: b',
    ]);
    assert.throws(() => NextResponse.next({ request: { headers: {} } }), /instance of Headers/);
  });

  test('cookies', async () => {
    const answer = await answerTo(() => {
      const response = new NextResponse('x', {
        headers: { 'set-cookie': 'old=1; Path=/p; Secure' },
      });
      const { cookies } = response;
      assert.deepEqual(cookies.get('old'), { name: 'old', value: '1', path: '/p', secure: true });
      cookies.set('a', 'x y', { httpOnly: true, sameSite: 'lax', domain: 'h', priority: 'high' });
      cookies.set({
        name: 'b',
        value: '2',
        sameSite: true,
        partitioned: true,
        expires: 0,
        path: '/q',
      });
      cookies.delete('old').delete({ name: 'c', path: '/c' });
      assert.equal(cookies.has('a'), true);
      assert.equal(cookies.getAll().length, 4);
      assert.equal(cookies.getAll('a').length, 1);
      return response;
    });
    const past = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT';
    assert.deepEqual(linesOf(answer).sort(), [
      'content-type: text/plain;charset=UTF-8',
      'set-cookie: a=x%20y; Path=/; Domain=h; HttpOnly; SameSite=lax; Priority=high',
      `set-cookie: b=2; Path=/q; ${past}; SameSite=strict; Partitioned`,
      `set-cookie: c=; Path=/c; ${past}`,
      `set-cookie: old=; Path=/; ${past}`,
    ]);
  });

  test('an age is a moment, too', () => {
    const { cookies, headers } = new NextResponse();
    cookies.set('a', '1', { maxAge: 60 });
    const [line = ''] = headers.getSetCookie();
    const [, expires = '', age] = /^a=1; Path=\/; Expires=(.*); Max-Age=(\d+)$/.exec(line) ?? [];
    assert.equal(age, '60');
    const seconds = (Date.parse(expires) - Date.now()) / 1000;
    assert.ok(seconds > 50 && seconds <= 60, expires);
  });
});

describe('the others', () => {
  test('URLPattern is the platform’s', () => {
    assert.equal(URLPattern, globalThis.URLPattern);
  });

  const agents: [string, string, object][] = [
    [
      'Chrome on Android',
      'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
      {
        browser: 'Chrome',
        major: '131',
        engine: 'Blink',
        os: 'Android',
        type: 'mobile',
        vendor: 'Google',
      },
    ],
    [
      'Safari on an iPhone',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
      {
        browser: 'Mobile Safari',
        major: '18',
        engine: 'WebKit',
        os: 'iOS',
        type: 'mobile',
        vendor: 'Apple',
      },
    ],
    [
      'Firefox on Linux',
      'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
      {
        browser: 'Firefox',
        major: '133',
        engine: 'Gecko',
        os: 'Linux',
        type: undefined,
        vendor: undefined,
      },
    ],
    [
      'Edge on Windows',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
      {
        browser: 'Edge',
        major: '131',
        engine: 'Blink',
        os: 'Windows',
        type: undefined,
        vendor: undefined,
      },
    ],
  ];
  for (const [name, ua, expected] of agents) {
    test(`userAgent: ${name}`, () => {
      const { browser, engine, os, device, isBot } = userAgent({
        headers: new Headers({ 'user-agent': ua }),
      });
      const { name: found, major } = browser;
      assert.equal(isBot, false);
      assert.deepEqual(
        {
          browser: found,
          major,
          engine: engine.name,
          os: os.name,
          type: device.type,
          vendor: device.vendor,
        },
        expected,
      );
    });
  }

  test('userAgent: a bot, and nothing', () => {
    assert.equal(userAgentFromString('Mozilla/5.0 (compatible; Googlebot/2.1)').isBot, true);
    assert.deepEqual(userAgentFromString(undefined).browser, {
      name: undefined,
      version: undefined,
      major: undefined,
    });
  });

  test('what only Next has comes from Next, or says that it is missing', () => {
    assert.throws(
      () => hook()().after,
      /`after` of next\/server needs Next, which is not installed/,
    );
    assert.equal(hook()(() => ({ after: 5 })).after, 5);
  });
});
