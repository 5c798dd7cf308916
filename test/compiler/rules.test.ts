// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compilePath, compileSource, compileText } from '../../compiler/rule-pattern.ts';
import { compileRules, type RuleSources } from '../../compiler/rules.ts';

const options = { basePath: '', isCaseSensitive: false, locales: [] as string[] };

const rulesOf = (sources: RuleSources, more: Partial<typeof options> = {}) => {
  const { rules, errors } = compileRules(sources, { ...options, ...more });
  assert.deepEqual(errors, []);
  assert.ok(rules);
  return rules;
};

describe('a pattern', () => {
  const MATCHES: [source: string, path: string, groups: (string | undefined)[] | null][] = [
    ['/a', '/a', []],
    ['/a', '/a/', []],
    ['/a', '/a/b', null],
    ['/a/:id', '/a/1', ['1']],
    ['/a/:id', '/a', null],
    ['/a/:id?', '/a', [undefined]],
    ['/a/:path*', '/a/b/c', ['b/c']],
    ['/a/:path*', '/a', [undefined]],
    ['/a/:path+', '/a', null],
    ['/a/:id(\\d+)', '/a/12', ['12']],
    ['/a/:id(\\d+)', '/a/x', null],
    ['/a/(.*)', '/a/b/c', ['b/c']],
    ['/:a-:b', '/1-2', ['1', '2']],
    ['/ünï', '/%C3%BCn%C3%AF', []],
    ['/', '/', []],
  ];
  for (const [source, path, groups] of MATCHES) {
    test(`${source} and ${path}`, () => {
      const found = new RegExp(compileSource(source).regex).exec(path);
      assert.deepEqual(found && [...found].slice(1), groups);
    });
  }

  test('names its groups, and says which may repeat', () => {
    const { params, groups } = compileSource('/:a/(x|y)/:b*');
    assert.deepEqual(groups, [0, null, 1]);
    assert.deepEqual(params, [{ name: 'a' }, { name: 'b', separator: '/' }]);
  });

  test('may be kept off a path', () => {
    const { regex } = compileSource('/:path*', { except: '/b.c/_next' });
    assert.equal(new RegExp(regex).test('/b.c/_next/x'), false);
    assert.equal(new RegExp(regex).test('/bxc/_next/x'), true);
  });

  test('of a destination has gaps', () => {
    assert.deepEqual(compilePath('/api/:id/é:path*', [{ name: 'id' }, { name: 'path' }]), [
      '/api',
      { param: 0, prefix: '/' },
      '/%C3%A9',
      { param: 1, repeats: true },
    ]);
    assert.throws(() => compilePath('/api/:nope', [{ name: 'id' }]), /has a `:nope`/);
  });

  test('of other text knows names of parameters, and no more', () => {
    assert.deepEqual(compileText('a:id/:ids :id', [{ name: 'id' }]), [
      'a',
      { param: 0 },
      '/:ids ',
      { param: 0 },
    ]);
  });
});

describe('rules', () => {
  test('a list of rewrites is that behind the files', () => {
    const rewrites = [{ source: '/a', destination: '/b' }];
    assert.equal(rulesOf({ rewrites }).afterFiles.length, 1);
    assert.equal(rulesOf({ rewrites: { fallback: rewrites } }).fallback.length, 1);
  });

  test('a rewrite may lead to another host', () => {
    const rewrites = [{ source: '/a/:b', destination: 'https://a.b:8443/c/:b' }];
    const [{ to, append }] = rulesOf({ rewrites }).afterFiles;
    assert.deepEqual([to.origin?.[0], to.path[0], append], ['https://a.b:8443', '/c', []]);
  });

  test('none give none', () => {
    assert.deepEqual(compileRules({}, options), { errors: [] });
    assert.deepEqual(compileRules({ rewrites: [], headers: [], redirects: [] }, options), {
      errors: [],
    });
  });

  test('stand below the base path, unless they say not to', () => {
    const { redirects } = rulesOf(
      {
        redirects: [
          { source: '/a', destination: '/b', permanent: false },
          { source: '/', destination: '/b', permanent: false },
          { source: '/a', destination: '/b', permanent: false, basePath: false },
          { source: '/a', destination: 'https://example.com/b', permanent: false },
        ],
      },
      { basePath: '/docs' },
    );
    const [a, root, bare, away] = redirects;
    assert.ok(new RegExp(a?.regex ?? '').test('/docs/a'));
    assert.ok(new RegExp(root?.regex ?? '').test('/docs'));
    assert.ok(new RegExp(bare?.regex ?? '').test('/a'));
    assert.deepEqual(a?.to.path, ['/docs/b']);
    assert.deepEqual(bare?.to.path, ['/b']);
    assert.deepEqual([away?.to.origin, away?.to.path], [['https://example.com'], ['/b']]);
  });

  test('with locales match with one and without', () => {
    const { redirects, afterFiles } = rulesOf(
      {
        redirects: [{ source: '/a', destination: '/b', permanent: true }],
        rewrites: [{ source: '/a', destination: '/api/a' }],
      },
      { locales: ['en', 'fr'] },
    );
    const regex = new RegExp(redirects[0]?.regex ?? '');
    assert.ok(regex.test('/a') && regex.test('/fr/a') && !regex.test('/de/a'));
    assert.deepEqual(redirects[0]?.to.path, [{ param: 0, prefix: '/' }, '/b']);
    assert.deepEqual(afterFiles[0]?.to.path, ['/api/a']);
    assert.deepEqual(afterFiles[0]?.append, []);
  });

  test('parameters that the path does not use are added to the query', () => {
    const rewrite = (source: string, destination: string, has?: object[]) =>
      rulesOf({ rewrites: [{ source, destination, ...(has && { has }) }] }).afterFiles[0];
    assert.deepEqual(rewrite('/:a/:b', '/api/x')?.append, [0, 1]);
    assert.deepEqual(rewrite('/:a/:b', '/api/:a')?.append, []);
    assert.deepEqual(rewrite('/:a/:b', '/api/x?a=1')?.append, [1]);
    const tok = rewrite('/a', '/api/x', [{ type: 'cookie', key: 'my-tok' }]);
    assert.deepEqual([tok?.params, tok?.append], [[{ name: 'mytok' }], [0]]);
    const same = rewrite('/a', '/api/x', [{ type: 'query', key: 'q' }]);
    assert.deepEqual(same?.append, []);
  });

  test('a missing item gives no parameter', () => {
    const { headers } = rulesOf({
      headers: [
        {
          source: '/a',
          missing: [{ type: 'header', key: 'X-A', value: '(?<b>.*)' }],
          headers: [{ key: 'X-B', value: ':b' }],
        },
      ],
    });
    assert.deepEqual(headers[0]?.params, []);
    assert.deepEqual(headers[0]?.missing, [{ type: 'header', key: 'x-a', regex: '^(?<b>.*)$' }]);
    assert.deepEqual(headers[0]?.headers, [[['X-B'], [':b']]]);
  });

  const rule = { source: '/a', destination: '/b' };
  const header = { key: 'X-A', value: '1' };
  const WRONG: [sources: RuleSources, message: RegExp][] = [
    [{ redirects: 5 }, /^redirects\(\) must be a list of rules, not a number/],
    [{ redirects: [5] }, /^redirects\(\), rule 1: it must be an object, not a number/],
    [{ redirects: [rule] }, /`permanent` must be true or false, and is undefined/],
    [{ redirects: [{ ...rule, statusCode: 200 }] }, /one of 301, 302, 303, 307, 308, and is 200/],
    [{ redirects: [{ ...rule, statusCode: 301, permanent: true }] }, /of which it may have one/],
    [{ redirects: [{ ...rule, permanent: true, to: 1 }] }, /it has `to`, and may have only source/],
    [{ redirects: [{ ...rule, permanent: true, source: 'a' }] }, /`source` must start with `\/`/],
    [{ redirects: [{ ...rule, permanent: true, source: undefined }] }, /`source` must be a text/],
    [{ redirects: [{ ...rule, permanent: true, source: '/:a(' }] }, /`source` cannot be read/],
    [
      { redirects: [{ ...rule, permanent: true, destination: 'b' }] },
      /must start with `\/`, `http/,
    ],
    [{ redirects: [{ ...rule, permanent: true, destination: '/:b' }] }, /nor `has` has a `:b`/],
    [{ redirects: [{ ...rule, permanent: true, basePath: true }] }, /`basePath` must be false/],
    [{ rewrites: 'no' }, /^rewrites\(\) must return a list or an object of lists/],
    [{ rewrites: { before: [] } }, /beforeFiles, afterFiles and fallback, not `before`/],
    [{ rewrites: [{ ...rule, permanent: true }] }, /it has `permanent`/],
    [{ rewrites: [{ ...rule, has: {} }] }, /`has` must be a list/],
    [{ rewrites: [{ ...rule, has: [{ type: 'body' }] }] }, /`has` holds {"type":"body"}/],
    [{ rewrites: [{ ...rule, has: [{ type: 'host' }] }] }, /{ type: 'host', value }/],
    [
      { rewrites: [{ ...rule, missing: [{ type: 'query', key: 'a', value: '(' }] }] },
      /`missing` cannot/,
    ],
    [{ headers: [{ source: '/a', headers: [] }] }, /with at least one/],
    [{ headers: [{ source: '/a', headers: [{ key: 'X-A' }] }] }, /not { key, value } with texts/],
    [{ headers: [{ source: '/a', headers: [{ ...header, key: 'X A' }] }] }, /X A/],
    [{ headers: [{ source: '/a', headers: [{ ...header, value: 'a\nb' }] }] }, /X-A/],
    [{ headers: [{ source: '/a', headers: [header], destination: '/b' }] }, /it has `destination`/],
  ];
  for (const [sources, message] of WRONG) {
    test(`are wrong: ${JSON.stringify(sources)}`, () => {
      const { rules, errors } = compileRules(sources, options);
      assert.equal(rules, undefined);
      assert.match(errors[0]?.text ?? '', message);
    });
  }

  test('every wrong one is told', () => {
    const { errors } = compileRules({ redirects: [{}, {}], rewrites: [{}] }, options);
    assert.equal(errors.length, 3);
  });
});
