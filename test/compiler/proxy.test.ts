// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text is source

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CompileError } from '../../compiler/diagnostics.ts';
import { openProject } from '../../compiler/project.ts';
import { findProxy, readMatcher } from '../../compiler/proxy.ts';
import { type Files, makeApp } from '../support/app.ts';
import { compile } from './support.ts';

const HANDLER = 'export default (req, res) => res.end();\n';
const PROXY = 'export function proxy() {}\n';

function find(files: Files, extensions?: string[]) {
  return findProxy(openProject(makeApp(files), { mode: 'production' }), extensions);
}

describe('where a proxy is found', () => {
  const FOUND: [file: string, pages: string][] = [
    ['proxy.ts', 'pages'],
    ['middleware.jsx', 'pages'],
    ['src/proxy.js', 'src/pages'],
    ['src/middleware.tsx', 'src/pages'],
  ];
  for (const [file, pages] of FOUND) {
    test(`${file} beside ${pages}`, () => {
      const { proxy, warnings } = find({ [`${pages}/api/a.js`]: HANDLER, [file]: PROXY });
      assert.deepEqual([proxy?.file, warnings], [file, []]);
      assert.equal(proxy?.name, file.includes('proxy') ? 'proxy' : 'middleware');
    });
  }

  test('with the extensions of pages', () => {
    const { proxy } = find({ 'pages/a.js': '', 'proxy.page.ts': PROXY }, ['page.ts', 'js']);
    assert.equal(proxy?.file, 'proxy.page.ts');
  });

  for (const [file, pages] of [
    ['src/proxy.ts', 'pages'],
    ['proxy.ts', 'src/pages'],
    ['middleware.mjs', 'pages'],
  ] as const) {
    test(`${file} with ${pages} is none, and is not passed over in silence`, () => {
      const { proxy, warnings } = find({ [`${pages}/api/a.js`]: HANDLER, [file]: PROXY });
      assert.equal(proxy, undefined);
      assert.equal(warnings[0]?.file, file);
      assert.match(warnings[0]?.text ?? '', /not run/);
    });
  }

  test('two are one too many', () => {
    const { conflicts } = find({ 'pages/a.js': '', 'proxy.ts': PROXY, 'middleware.js': PROXY });
    assert.deepEqual(conflicts[0]?.files, ['proxy.ts', 'middleware.js']);
  });
});

const options = { basePath: '', isCaseSensitive: false, locales: [] as string[] };
const read = (source: string, more: Partial<typeof options> = {}) =>
  readMatcher({ root: '/none', file: 'proxy.ts', source }, { ...options, ...more });

/** Whether the matcher names each path. */
async function names(source: string, paths: string[], more = {}) {
  const { matcher, diagnostics } = await read(
    `export const config = { matcher: ${source} };`,
    more,
  );
  assert.deepEqual(diagnostics, []);
  return paths.map((path) => matcher?.some(({ regex }) => new RegExp(regex).test(path)));
}

describe('the matcher', () => {
  test('is absent when there is none', async () => {
    for (const source of ['', 'export const config = {};', 'export const config = { runtime: 1 };'])
      assert.deepEqual((await read(source)).matcher, undefined);
  });

  test('is a path, or a list of them', async () => {
    assert.deepEqual(await names("'/a/:b*'", ['/a', '/a/b/c', '/ab', '/A']), [
      true,
      true,
      false,
      false,
    ]);
    assert.deepEqual(await names("['/a', `/b`]", ['/a', '/b/', '/c']), [true, true, false]);
    assert.deepEqual(await names('[]', ['/']), [false]);
  });

  test('may be negative', async () => {
    const paths = ['/api/a', '/about', '/_next/static/x'];
    assert.deepEqual(await names("'/((?!api|_next/static).*)'", paths), [false, true, false]);
  });

  test('stands below the base path, and behind a locale', async () => {
    const paths = ['/docs/a', '/a', '/docs/de/a', '/docs/fr/a'];
    const more = { basePath: '/docs', locales: ['de'] };
    assert.deepEqual(await names("'/a'", paths, more), [true, false, true, false]);
    const own = "{ source: '/a', locale: false }";
    assert.deepEqual(await names(own, paths, more), [true, false, false, false]);
  });

  test('has conditions', async () => {
    const { matcher } = await read(`export const config = {
      matcher: [{
        source: '/a',
        has: [{ type: 'header', key: 'X-A', value: '(?<x>.)' }],
        missing: [{ type: 'cookie', key: 'session' }],
      }],
    } as const;`);
    assert.equal(matcher?.[0]?.has?.[0]?.key, 'x-a');
    assert.deepEqual(matcher?.[0]?.missing, [{ type: 'cookie', key: 'session' }]);
  });

  for (const source of [
    'export const config = { matcher: paths };',
    'export const config = { matcher: [`/${a}`] };',
    'export const config = { ...shared };',
    'export const config = makeConfig();',
    "export let config = { matcher: '/a' };",
    "export { config } from './config';",
    "module.exports = { config: { matcher: '/a' }, proxy() {} };",
  ]) {
    test(`must be static: ${source}`, async () => {
      const { diagnostics } = await read(source);
      assert.equal(diagnostics.length, 1);
      assert.match(diagnostics[0]?.text ?? '', /read without running/);
    });
  }

  const WRONG: [matcher: string, text: RegExp][] = [
    ["'a'", /must start with `\/`/],
    ['5', /must be an object, not a number/],
    ["'/a(b'", /cannot be read/],
    ["[{ source: '/a', destination: '/b' }]", /has `destination`/],
    ["[{ source: '/a', has: [{ type: 'body' }] }]", /`has` holds/],
    ["[{ source: '/a', has: [{ type: 'host' }] }]", /`has` holds/],
    ['[{ has: [] }]', /`source` must be a text/],
  ];
  for (const [matcher, text] of WRONG) {
    test(`is refused: ${matcher}`, async () => {
      const { diagnostics } = await read(`export const config = { matcher: ${matcher} };`);
      assert.match(diagnostics[0]?.text ?? '', text);
      assert.equal(diagnostics[0]?.line, 1);
      assert.ok(diagnostics[0]?.hint);
    });
  }
});

describe('a project with a proxy', () => {
  const build = (proxy: string) => compile({ 'pages/api/a.js': HANDLER, 'proxy.ts': proxy });

  test('has it in its manifest, and its build id', async () => {
    const [one, two] = [
      (await build(PROXY)).compilation.manifest,
      (await build(`${PROXY}export const config = { matcher: '/a' };`)).compilation.manifest,
    ];
    assert.equal(one.proxy?.kind, 'script');
    assert.match(one.proxy?.module ?? '', /server\/proxy-\w+\.mjs$/);
    assert.equal(one.proxy?.matcher, undefined);
    assert.equal(two.proxy?.matcher?.length, 1);
    assert.notEqual(one.buildId, two.buildId);
  });

  for (const [what, proxy, text] of [
    ['no function', 'export const a = 1;', /must export a function `proxy` or a default one/],
    ['a syntax error', 'export default (', /Unexpected end of file/],
    ['a matcher that is none', `${PROXY}export const config = { matcher: 1 };`, /object/],
    ['a config from elsewhere', `${PROXY}export * from './lib/config';`, /read without running/],
  ] as const) {
    test(`with ${what} is broken`, async () => {
      const { compilation } = await compile({
        'pages/api/a.js': HANDLER,
        'lib/config.ts': "export const config = { matcher: '/a' };",
        'proxy.ts': proxy,
      });
      assert.match(compilation.errors[0]?.text ?? '', text);
      assert.equal(compilation.manifest.proxy?.kind, 'error');
      assert.equal(compilation.manifest.routes[0]?.kind, 'script');
    });
  }

  test('that there is twice cannot be served', async () => {
    const files = { 'pages/api/a.js': HANDLER, 'proxy.ts': PROXY, 'middleware.ts': PROXY };
    await assert.rejects(compile(files), CompileError);
  });
});
