// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { request } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { compose, type Handler, type Middleware } from '../../examples/tutorial/lib/compose.ts';
import {
  clientKey,
  RateLimiter,
  type RateLimitOptions,
  rateWindowsTable,
} from '../../examples/tutorial/lib/rate-limit.ts';
import { within } from '../support/deadline.ts';
import { elsewhere, newEmail, openTutorial, startTutorial, type Tutorial } from './support.ts';

describe('compose', () => {
  const logged: string[] = [];
  const named =
    (name: string): Middleware =>
    (handler) =>
    async (req, res) => {
      logged.push(`${name} in`);
      await handler(req, res);
      logged.push(`${name} out`);
    };
  const run = (handler: Handler) => handler({} as never, {} as never);

  test('calls each, in the order in which they stand, around the handler', async () => {
    logged.length = 0;
    await run(compose(named('a'), named('b'), named('c'))(() => logged.push('handler')));
    assert.deepEqual(logged, ['a in', 'b in', 'c in', 'handler', 'c out', 'b out', 'a out']);
  });

  test('goes no further than the one that answers', async () => {
    logged.length = 0;
    const stop: Middleware = () => () => logged.push('answered');
    await run(compose(named('a'), stop, named('b'))(() => logged.push('handler')));
    assert.deepEqual(logged, ['a in', 'answered', 'a out']);
  });

  test('of nothing is the handler', async () => {
    const handler = () => 'done';
    assert.equal(await run(compose()(handler)), 'done');
  });

  test('makes one that can be composed again', async () => {
    logged.length = 0;
    const inner = compose(named('b'), named('c'));
    await run(compose(named('a'), inner)(() => logged.push('handler')));
    assert.deepEqual(logged.slice(0, 4), ['a in', 'b in', 'c in', 'handler']);
  });

  test('knows what each adds to the request', async () => {
    const withUser: Middleware<{ user: string }> = (handler) => (req, res) =>
      handler(Object.assign(req, { user: 'ada' }), res);
    const withAge: Middleware<{ age: number }> = (handler) => (req, res) =>
      handler(Object.assign(req, { age: 36 }), res);
    let seen: [string, number] | undefined;
    const both = compose(withUser, named('x'), withAge);
    await run(
      both((req) => {
        seen = [req.user, req.age];
      }),
    );
    assert.deepEqual(seen, ['ada', 36]);
    // Checked by tsc, in `make lint`.
    // @ts-expect-error nobody has added an age
    compose(withUser)((req) => req.age);
  });
});

describe('RateLimiter', () => {
  const tables = () => {
    const memory = new DatabaseSync(':memory:');
    memory.exec(rateWindowsTable);
    return memory;
  };
  const limiterOf = (limit: number, windowMs: number, options: RateLimitOptions) => {
    const own = tables();
    return new RateLimiter(() => own, limit, windowMs, options);
  };

  test('allows so many in a window, and as many in the next', () => {
    let now = 0;
    const limiter = limiterOf(2, 1000, { now: () => now });
    const take = () => limiter.take('x');
    assert.deepEqual(take(), { allowed: true, remaining: 1, resetSeconds: 1 });
    assert.deepEqual(take(), { allowed: true, remaining: 0, resetSeconds: 1 });
    assert.deepEqual(take(), { allowed: false, remaining: 0, resetSeconds: 1 });
    now = 999;
    assert.equal(take().allowed, false);
    now = 1000;
    assert.deepEqual(take(), { allowed: true, remaining: 1, resetSeconds: 1 });
  });

  test('counts each client by itself', () => {
    const limiter = limiterOf(1, 1000, { now: () => 0 });
    assert.equal(limiter.take('a').allowed, true);
    assert.equal(limiter.take('b').allowed, true);
    assert.equal(limiter.take('a').allowed, false);
  });

  test('says when to come again', () => {
    let now = 0;
    const limiter = limiterOf(1, 60_000, { now: () => now });
    assert.equal(limiter.take('x').resetSeconds, 60);
    now = 58_500;
    assert.equal(limiter.take('x').resetSeconds, 2);
  });

  test('remembers no more clients than it may', () => {
    const limiter = limiterOf(1, 1000, { now: () => 0, maxClients: 3 });
    for (const client of ['a', 'b', 'c']) limiter.take(client);
    assert.equal(limiter.take('c').allowed, false);
    limiter.take('d');
    assert.equal(limiter.take('c').allowed, false);
    // The one that came first has made room.
    assert.equal(limiter.take('a').allowed, true);
  });

  test('begins anew when the clock was set back', () => {
    let now = 1_000_000;
    const limiter = limiterOf(1, 1000, { now: () => now });
    limiter.take('x');
    now = 0;
    assert.deepEqual(limiter.take('x'), { allowed: true, remaining: 0, resetSeconds: 1 });
    assert.equal(limiter.take('x').allowed, false);
  });

  test('is one limit for all who have its name, limit and window', () => {
    const shared = tables();
    const [a, b, other] = ['x', 'x', 'y'].map(
      (name) => new RateLimiter(() => shared, 2, 1000, { name, now: () => 0 }),
    );
    assert.deepEqual([a.take('c').remaining, b.take('c').remaining], [1, 0]);
    assert.equal(a.take('c').allowed, false);
    assert.equal(other.take('c').remaining, 1);
  });

  test('keeps nothing of windows that have ended', () => {
    const shared = tables();
    let now = 0;
    const limiter = new RateLimiter(() => shared, 1, 1000, { now: () => now });
    for (const client of ['a', 'b', 'c']) limiter.take(client);
    now = 1000;
    limiter.take('d');
    assert.deepEqual(
      shared
        .prepare('SELECT client FROM rateWindows')
        .all()
        .map(({ client }) => client),
      ['d'],
    );
  });

  test('refuses limits that are none', () => {
    for (const [limit, windowMs] of [
      [0, 1000],
      [1.5, 1000],
      [Number.NaN, 1000],
      [1, 0],
      [1, Number.NaN],
    ])
      assert.throws(() => new RateLimiter(tables, limit, windowMs), RangeError);
  });
});

test('clientKey takes an address, or the network of an IPv6 address', () => {
  const keys: [string | undefined, string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    [undefined, 'unknown'],
  ];
  for (const [address, key] of keys) assert.equal(clientKey(address), key);
});

describe('/api/compose', () => {
  let tutorial: Tutorial;
  before(async () => {
    tutorial = await openTutorial();
  });
  after(() => tutorial.stop());

  interface Reply {
    status: number;
    headers: Record<string, string | string[] | undefined>;
    // biome-ignore lint/suspicious/noExplicitAny: what comes is what the test is about to find out
    body: any;
  }

  // All of 127.0.0.0/8 is this machine, so each test can be a client of its own, whom nobody has
  // counted before.
  const newClient = () => `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;

  function post(
    body: unknown,
    headers: Record<string, string> = {},
    { from = newClient(), method = 'POST', path = '/api/compose', port = tutorial.port } = {},
  ): Promise<Reply> {
    const answered = new Promise<Reply>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, localAddress: from };
      const sent = request({ ...options, agent: false }, async (res) => {
        const text = (await res.toArray()).join('');
        const { statusCode: status = 0, headers } = res;
        resolve({ status, headers, body: text && JSON.parse(text) });
      });
      sent.on('error', reject);
      for (const [name, value] of Object.entries({
        'Content-Type': 'application/json',
        ...headers,
      }))
        sent.setHeader(name, value);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
    return within(answered, 'answer of /api/compose');
  }

  const account = { name: 'Ada', email: newEmail(), password: 'analytical engine' };
  let token: string;
  before(async () => {
    const { status, body } = await post(account, {}, { path: '/api/auth/register' });
    assert.equal(status, 201);
    token = body.token;
  });
  const bearer = () => ({ Authorization: `Bearer ${token}` });

  test('gives the handler what each middleware has found', async () => {
    const { status, body } = await post({ title: '  A note ' }, bearer());
    assert.equal(status, 200);
    assert.equal(body.message, 'Success');
    assert.equal(body.user.email, account.email);
    assert.deepEqual(Object.keys(body.user).sort(), ['email', 'id', 'name']);
    assert.deepEqual(body.data, { title: 'A note', content: '' });
  });

  test('takes the cookie as well', async () => {
    const { status } = await post({ title: 'x' }, { Cookie: `token=${token}` });
    assert.equal(status, 200);
  });

  test('refuses an invalid body with every fault', async () => {
    const { status, body } = await post({ content: 7, other: 1 }, bearer());
    assert.equal(status, 400);
    assert.equal(body.error, 'Validation failed');
    const paths = body.details.map((fault: { path: string }) => fault.path);
    assert.deepEqual(paths.sort(), ['', 'content', 'title']);
  });

  for (const [what, headers] of [
    ['no token', {}],
    ['no token behind Bearer', { Authorization: 'Bearer ' }],
    ['a token that is none', { Authorization: 'Bearer x.y.z' }],
    [
      'a token without a signature',
      { Authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.' },
    ],
  ] as [string, Record<string, string>][]) {
    test(`refuses ${what}, and does not look at the body then`, async () => {
      const { status, headers: answered, body } = await post({ content: 7 }, headers);
      assert.deepEqual([status, body], [401, { error: 'Unauthorized' }]);
      assert.equal(answered['www-authenticate'], 'Bearer');
    });
  }

  test('counts before it looks at anything else', async () => {
    const from = newClient();
    for (let left = 19; left >= 0; left--) {
      const { status, headers } = await post({ content: 7 }, {}, { from });
      assert.deepEqual([status, headers['ratelimit-remaining']], [401, String(left)]);
    }
    const { status, headers, body } = await post({ title: 'x' }, bearer(), { from });
    assert.deepEqual([status, body], [429, { error: 'Too many requests' }]);
    assert.equal(headers['ratelimit-limit'], '20');
    const wait = Number(headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 10, String(headers['retry-after']));
    // Somebody else is served meanwhile.
    assert.equal((await post({ title: 'x' }, bearer())).status, 200);
  });

  test('counts addresses of sockets, whatever the headers say', async () => {
    const from = newClient();
    const statuses = new Set<number>();
    for (let time = 0; time < 21; time++) {
      const address = `198.51.100.${time}`;
      const headers = {
        'X-Forwarded-For': address,
        'X-Real-IP': address,
        Forwarded: `for=${address}`,
      };
      statuses.add((await post({}, headers, { from })).status);
    }
    assert.deepEqual(statuses, new Set([401, 429]));
  });

  if (elsewhere === undefined)
    test('counts the same for two workers', async () => {
      const own = await startTutorial({}, ['--workers', '2']);
      const from = newClient();
      const { port } = own;
      const replies = await Promise.all(
        Array.from({ length: 24 }, () => post({}, {}, { from, port })),
      );
      const statuses = replies.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [...Array(20).fill(401), ...Array(4).fill(429)]);
      await own.stop();
    });

  test('takes POST only', async () => {
    const { status, headers } = await post(undefined, bearer(), { method: 'GET' });
    assert.deepEqual([status, headers.allow], [405, 'POST']);
  });
});
