// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
    'X-All: yes\r\nContent-Type: application/json; charset=utf-8\r\nSet-Cookie: cfg=1\r\n',
  );
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
