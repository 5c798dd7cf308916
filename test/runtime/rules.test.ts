// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag } from '../../runtime/core.ts';
import { type AnyHandler, appOf, type Call, linesOf, textOf } from './fake-core.ts';

const ask = async (handler: AnyHandler, call: Call, pattern = '/api/x') => {
  using app = appOf(handler, { routes: [{ route: pattern }] });
  return await app.fetch(call);
};

const echo: AnyHandler = ({ url, query }, res) => res.json({ url, query });

test('a rewritten request has the query of the rewrite and the URL of the client', async () => {
  const answer = await ask(
    echo,
    { target: '/v1/target/5?q=1&t=zz', query: 'q=1&t=zz', hidden: '', params: '5' },
    '/api/target/[t]',
  );
  assert.deepEqual(JSON.parse(textOf(answer)), {
    url: '/v1/target/5?q=1',
    query: { q: '1', t: '5' },
  });
});

test('names that a rewrite gave are not in the URL', async () => {
  const call = { target: '/u/7?a%20b=8&id=9&k=1', query: 'a+b=8&id=7&k=1', hidden: 'id&a%20b' };
  assert.deepEqual(JSON.parse(textOf(await ask(echo, call))), {
    url: '/u/7?k=1',
    query: { 'a b': '8', id: '7', k: '1' },
  });
});

test('a rewrite may leave no query', async () => {
  const call = { target: '/u/7?id=9', query: '', hidden: 'id' };
  assert.deepEqual(JSON.parse(textOf(await ask(echo, call))), { url: '/u/7', query: {} });
});

const fields = 'X-All: yes\r\nContent-Type: text/x-cfg\r\nSet-Cookie: cfg=1\r\n';

test('fields of a rule are there before the handler', async () => {
  const handler: AnyHandler = (_req, res) => {
    assert.equal(res.getHeader('x-all'), 'yes');
    assert.deepEqual(res.getHeader('set-cookie'), ['cfg=1']);
    assert.deepEqual(res.getHeaderNames(), ['x-all', 'content-type', 'set-cookie']);
    res.removeHeader('x-all');
    res.setHeader('Set-Cookie', 'h=2');
    res.send('t');
  };
  const { head } = await ask(handler, { fields });
  assert.equal(head, 'Content-Type: text/x-cfg\r\nSet-Cookie: h=2\r\n');
});

test('json says its own type', async () => {
  const { head } = await ask((_req, res) => res.json({}), { fields });
  assert.equal(
    head,
    'X-All: yes\r\nSet-Cookie: cfg=1\r\nContent-Type: application/json; charset=utf-8\r\n',
  );
});

test('what the handler sets takes the place of a field of a rule', async () => {
  const headOf = async (set: (res: Parameters<AnyHandler>[1]) => void) => {
    const handler: AnyHandler = (_req, res) => {
      set(res);
      res.status(201).end();
    };
    return (await ask(handler, { fields })).head;
  };
  const type = 'Content-Type: text/x-cfg\r\n';
  const cookie = 'Set-Cookie: cfg=1\r\n';
  assert.equal(await headOf(() => {}), fields);
  assert.equal(
    await headOf((res) => res.setHeader('x-ALL', 'no')),
    `${type}${cookie}x-ALL: no\r\n`,
  );
  assert.equal(await headOf((res) => res.setHeader('X-All', 7)), `X-All: 7\r\n${type}${cookie}`);
  assert.equal(await headOf((res) => res.setHeader('X-All', [])), type + cookie);
  assert.equal(
    await headOf((res) => res.setHeader('Set-Cookie', 5 as never)),
    `X-All: yes\r\n${type}`,
  );
  assert.equal(
    await headOf((res) => res.appendHeader('X-All', 'too')),
    `X-All: yes\r\nX-All: too\r\n${type}${cookie}`,
  );
});

test('a decided head has the fields of a rule, streamed or not', async () => {
  const streamed = await ask(
    (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.write('a');
      res.end('b');
    },
    { fields },
  );
  assert.equal(streamed.head, 'X-All: yes\r\nSet-Cookie: cfg=1\r\nContent-Type: text/plain\r\n');
});

test('they can be seen after the answer', async () => {
  let seen: unknown;
  await ask(
    (_req, res) => {
      res.json({});
      seen = { ...res.getHeaders() };
    },
    { fields },
  );
  assert.deepEqual(seen, {
    'x-all': 'yes',
    'content-type': 'application/json; charset=utf-8',
    'set-cookie': ['cfg=1'],
    etag: '"bwc9mymkdm2"',
    'content-length': 2,
  });
});

test('an ETag of a rule is that of the body', async () => {
  const call = { fields: 'X-All: yes\r\neTag: "of-rule"\r\n' };
  for (const answer of [
    await ask((_req, res) => res.json({}), call),
    await ask((_req, res) => res.send('text'), call),
  ]) {
    assert.match(answer.head, /eTag: "of-rule"/);
    assert.equal(answer.flags & Flag.etag, 0);
  }
  const known = [['If-None-Match', '"of-rule"']] as const;
  const fresh = await ask((_req, res) => res.json({}), { ...call, headers: known });
  assert.equal(fresh.status, 304);
});

test('fields of one request are not those of the next', async () => {
  using app = appOf((_req, res) => res.json({}));
  assert.match((await app.fetch({ fields })).head, /X-All/);
  assert.doesNotMatch((await app.fetch()).head, /X-All/);
});

test('they are on an answer to what is refused, too', async () => {
  const headers = [
    ['Content-Type', 'application/json'],
    ['Cookie', '__prerender_bypass=old'],
  ] as const;
  const answer = await ask(() => {}, { method: 'POST', body: '{', fields, headers });
  assert.equal(answer.status, 400);
  const [type, all, ...cookies] = linesOf(answer);
  assert.deepEqual([type, all], ['Content-Type: text/plain; charset=utf-8', 'X-All: yes']);
  assert.match(cookies.join('\n'), /^Set-Cookie: cfg=1\nSet-Cookie: __prerender_bypass=; /);
});
