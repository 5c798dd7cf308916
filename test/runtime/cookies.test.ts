// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCookies } from '../../runtime/cookies.ts';
import { appOf, textOf } from './fake-core.ts';

test('cookies are read as Next reads them', () => {
  const table: [string | undefined, Record<string, string>][] = [
    [undefined, {}],
    ['', {}],
    ['a=1; b=2', { a: '1', b: '2' }],
    ['a=1;b=2', { a: '1', b: '2' }],
    ['a=1,b=2', { a: '1,b=2' }],
    ['a="q"', { a: 'q' }],
    ['a="un;closed"', { a: 'u' }],
    ['a=%20b', { a: ' b' }],
    ['a=%zz', { a: '%zz' }],
    ['a=1; a=2', { a: '1' }],
    ['a; b=1', { b: '1' }],
    ['a=', { a: '' }],
    ['=v', { '': 'v' }],
    ['a=b=c', { a: 'b=c' }],
    ['%61=1', { '%61': '1' }],
    [' a = 1 ', { a: '1' }],
    ['a=\xe9', { a: '\xe9' }],
  ];
  for (const [field, cookies] of table)
    assert.deepEqual(parseCookies(field), cookies, String(field));
});

test('a cookie may be called anything', () => {
  const cookies = parseCookies('constructor=1; __proto__=2; x=3');
  assert.equal(Object.getPrototypeOf(cookies), Object.prototype);
  assert.deepEqual(Object.entries(cookies), [
    ['constructor', '1'],
    ['__proto__', '2'],
    ['x', '3'],
  ]);
});

test('several Cookie fields are one, and the object stays the same', async () => {
  using app = appOf((req, res) => {
    const { cookies } = req;
    res.json([cookies, req.cookies === cookies]);
  });
  const headers = [
    ['Cookie', 'a=1'],
    ['Host', 'h'],
    ['cookie', 'b=2'],
  ] as const;
  assert.equal(textOf(await app.fetch({ headers })), '[{"a":"1","b":"2"},true]');
});

test('cookies follow headers that a middleware has changed, and can be assigned', async () => {
  using app = appOf((req, res) => {
    req.headers.cookie = 'c=3';
    const first = req.cookies;
    req.cookies = { d: '4' };
    res.json([first, req.cookies]);
  });
  assert.equal(textOf(await app.fetch({ headers: [['Cookie', 'a=1']] })), '[{"c":"3"},{"d":"4"}]');
});

test('there is no preview', async () => {
  using app = appOf((req, res) =>
    res.json([req.previewData, `${req.preview}`, `${req.draftMode}`]),
  );
  assert.equal(textOf(await app.fetch()), '[false,"undefined","undefined"]');
});
