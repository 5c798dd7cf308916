// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addParams, paramNames, parseQuery } from '../../runtime/query.ts';
import { nextUrl } from '../../runtime/url.ts';
import { appOf, type Call, textOf } from './fake-core.ts';
import { random } from './random.ts';

/** What URLSearchParams says, gathered as `req.query` gathers. */
function expected(text: string): [string, string | string[]][] {
  const pairs = new Map<string, string | string[]>();
  for (const [key, value] of new URLSearchParams(text)) {
    const before = pairs.get(key);
    pairs.set(key, before === undefined ? value : [before, value].flat());
  }
  return [...pairs];
}

test('a query is read as URLSearchParams reads it', () => {
  const parts = [
    'a',
    'b',
    '=',
    '=',
    '&',
    '+',
    '%20',
    '%',
    '%2',
    '%zz',
    '%E9',
    '%C3%A9',
    '%E2%82',
    '%ff%fe',
    ';',
    '%00',
    '%F0%9F%98%80',
    '%ED%A0%80',
    '%EF%BB%BF',
    '[',
    ']',
    '__proto__',
    'constructor',
    '~',
    "'",
    '%3D',
    '%26',
  ];
  for (let seed = 1; seed <= 3000; seed++) {
    const next = random(seed);
    let text = 'k=';
    for (let count = next(12); count > 0; count--) text += parts[next(parts.length)];
    assert.deepEqual(new Map(Object.entries(parseQuery(text))), new Map(expected(text)), text);
  }
});

test('a query is a plain object, whatever its keys are called', () => {
  const query = parseQuery('__proto__=1&constructor=2&toString=3&toString=4&hasOwnProperty');
  assert.equal(Object.getPrototypeOf(query), Object.prototype);
  assert.deepEqual(Object.entries(query), [
    ['__proto__', '1'],
    ['constructor', '2'],
    ['toString', ['3', '4']],
    ['hasOwnProperty', ''],
  ]);
});

test('the names of parameters are read from the pattern', () => {
  assert.deepEqual(paramNames('/api/hello'), { names: [], endsInCatchAll: false });
  assert.deepEqual(paramNames('/api/[a]/x/[b-c]'), { names: ['a', 'b-c'], endsInCatchAll: false });
  assert.deepEqual(paramNames('/api/[a]/[...rest]'), {
    names: ['a', 'rest'],
    endsInCatchAll: true,
  });
  assert.deepEqual(paramNames('/api/[[...rest]]'), { names: ['rest'], endsInCatchAll: true });
  assert.deepEqual(paramNames('/api/user-[id]/pre[mid]post'), { names: [], endsInCatchAll: false });
});

test('parameters are decoded one by one', () => {
  const read = (pattern: string, params: string) => {
    const query = {};
    addParams(query, paramNames(pattern), params);
    return query;
  };
  assert.deepEqual(read('/api/[id]', 'a%2Fb'), { id: 'a/b' });
  assert.deepEqual(read('/api/[id]', 'a%252Fb'), { id: 'a%2Fb' });
  assert.deepEqual(read('/api/[id]', 'a+b'), { id: 'a+b' });
  assert.deepEqual(read('/api/[id]', '%E6%97%A5'), { id: '日' });
  assert.deepEqual(read('/api/[id]', '%00'), { id: '\0' });
  assert.deepEqual(read('/api/[...slug]', 'a%2Fb/c'), { slug: ['a/b', 'c'] });
  assert.deepEqual(read('/api/[[...slug]]', ''), {});
  assert.deepEqual(read('/api/[a]/[[...slug]]', 'x'), { a: 'x' });
  assert.deepEqual(read('/api/[a]/[[...slug]]', 'x/y/z'), { a: 'x', slug: ['y', 'z'] });
  assert.deepEqual(read('/api/[a]/x/[b]', '1/2'), { a: '1', b: '2' });
});

test('the URL is written anew as Next writes it', () => {
  const written = (query: string, hidden: string[] = []) => nextUrl('/p', query, hidden);
  assert.equal(written(''), '/p');
  assert.equal(written('a=1'), '/p?a=1');
  assert.equal(written('a=1&b=2&a=3'), '/p?a=1&a=3&b=2');
  assert.equal(written('a=1&b=&c&=d&&e=%20+&f=%2B'), '/p?a=1&b=&c=&=d&e=++&f=%2B');
  assert.equal(written('a[]=1&a[]=2'), '/p?a%5B%5D=1&a%5B%5D=2');
  assert.equal(written('a=%zz&b=%'), '/p?a=%25zz&b=%25');
  assert.equal(written('a=%E9'), '/p?a=%EF%BF%BD');
  assert.equal(written('a=1;b=2'), '/p?a=1%3Bb%3D2');
  assert.equal(written('?'), '/p?%3F=');
  assert.equal(written('z=1&10=a&2=b'), '/p?2=b&10=a&z=1');
  assert.equal(written('constructor=2&toString=3'), '/p?constructor=2&toString=3');
  assert.equal(written(`a='"<>`), '/p?a=%27%22%3C%3E');
  assert.equal(written('a=1&id=4&b=2', ['id']), '/p?a=1&b=2');
  assert.equal(written('id=456', ['id']), '/p');
  assert.equal(written('a=~!()*-._'), '/p?a=%7E%21%28%29*-._');
});

const echo = (req: { url: string; query: object }, res: { json(value: unknown): void }) =>
  res.json([req.url, req.query]);

async function seen(pattern: string, call: Call, options = {}): Promise<unknown> {
  using app = appOf(echo, { routes: [{ route: pattern }], ...options });
  return JSON.parse(textOf(await app.fetch(call)));
}

test('query and url of a request', async () => {
  assert.deepEqual(await seen('/api/x', { target: '/api/x' }), ['/api/x', {}]);
  assert.deepEqual(await seen('/api/x', { target: '/api/x?' }), ['/api/x', {}]);
  assert.deepEqual(await seen('/api/x', { target: '/api/x?a=1#frag?b=2' }), [
    '/api/x?a=1',
    { a: '1' },
  ]);
  assert.deepEqual(await seen('/api/x', { target: '/api/x#frag' }), ['/api/x', {}]);
  assert.deepEqual(await seen('/api/x', { target: '/api/./x?b', path: '/api/x' }), [
    '/api/x?b=',
    { b: '' },
  ]);
  assert.deepEqual(await seen('/api/[id]', { target: '/api/7?a=1&id=456&b=2', params: '7' }), [
    '/api/7?a=1&b=2',
    { a: '1', id: '7', b: '2' },
  ]);
  assert.deepEqual(await seen('/api/[id]', { target: '/api/[id]?id=5', params: '[id]' }), [
    '/api/[id]',
    { id: '[id]' },
  ]);
  assert.deepEqual(await seen('/api/[[...slug]]', { target: '/api?slug=1', params: '' }), [
    '/api',
    { slug: '1' },
  ]);
  assert.deepEqual(await seen('/api/x', { target: '/api/x?nxtPid=1&nextInternalLocale=en' }), [
    '/api/x?nxtPid=1&nextInternalLocale=en',
    { nxtPid: '1', nextInternalLocale: 'en' },
  ]);
});

test('url and query can be assigned', async () => {
  using app = appOf((req, res) => {
    const { query } = req;
    req.url = '/else';
    req.query.more = '1';
    const before = [req.url, req.query === query, req.query];
    req.query = { q: 1 };
    res.json([...before, req.query]);
  });
  assert.equal(
    textOf(await app.fetch({ target: '/api/x?a=1' })),
    '["/else",true,{"a":"1","more":"1"},{"q":1}]',
  );
});
