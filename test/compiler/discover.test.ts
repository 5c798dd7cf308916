// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CompileError } from '../../compiler/diagnostics.ts';
import { discover } from '../../compiler/discover.ts';
import { openProject } from '../../compiler/project.ts';
import { makeApp } from '../support/app.ts';

const HANDLER = 'export default (req, res) => res.end()';

/** The routes of a project with these files, `route file`, and the texts of its warnings. */
function routesOf(files: string[], extensions?: string[]) {
  const root = makeApp(Object.fromEntries(files.map((file) => [file, HANDLER])));
  const project = openProject(root, { mode: 'production' });
  const { routes, warnings, conflicts } = discover(project, extensions);
  assert.deepEqual(conflicts, []);
  return { routes: routes.map(({ route, file }) => `${route} ${file}`), warnings };
}

// One row for each rule of the mapping from files to routes: the file in pages/, its route or none.
const MAPPING: [string, string | null][] = [
  ['api/index.js', '/api'],
  ['api.js', '/api'],
  ['api.c', '/api'],
  ['api/hello.js', '/api/hello'],
  ['api/nested/index.js', '/api/nested'],
  ['api/nested/deep/thing.js', '/api/nested/deep/thing'],
  ['api/index/index.js', '/api/index'],
  ['api/ts.ts', '/api/ts'],
  ['api/tsx.tsx', '/api/tsx'],
  ['api/jsx.jsx', '/api/jsx'],
  ['api/primes.c', '/api/primes'],
  ['api/primes.cc', '/api/primes'],
  ['api/primes.cpp', '/api/primes'],
  ['api/users/index.c', '/api/users'],
  ['api/mjs.mjs', null],
  ['api/cjs.cjs', null],
  ['api/mts.mts', null],
  ['api/data.json', null],
  ['api/readme.md', null],
  ['api/style.css', null],
  ['api/capra.h', null],
  ['api/Upper.JS', null],
  ['api/plain', null],
  ['api/hello.js.map', null],
  ['api/hello.ts.bak', null],
  ['api/.js', null],
  ['api/_under.js', '/api/_under'],
  ['api/_folder/x.js', '/api/_folder/x'],
  ['api/.name.js', '/api/.name'],
  ['api/.well-known/x.js', '/api/.well-known/x'],
  ['api/node_modules/x.js', '/api/node_modules/x'],
  ['api/404.js', '/api/404'],
  ['api/_app.js', '/api/_app'],
  ['api/_middleware.js', '/api/_middleware'],
  ['api/dots.name.js', '/api/dots.name'],
  ['api/v1.0/x.js', '/api/v1.0/x'],
  ['api/data.json.js', '/api/data.json'],
  ['api/index.js.js', '/api/index.js'],
  ['api/types.d.ts', null],
  ['api/Camel.js', '/api/Camel'],
  ['api/plus+sign.js', '/api/plus+sign'],
  ['api/with space.js', '/api/with space'],
  ['api/ünï.js', '/api/ünï'],
  ['api/pct%41.js', '/api/pct%41'],
  ['api/star*.js', '/api/star*'],
  ['api/a#b?c.js', '/api/a#b?c'],
  ["api/q(x)~@,;:&$'.js", "/api/q(x)~@,;:&$'"],
  ['api/[id].js', '/api/[id]'],
  ['api/[...s].js', '/api/[...s]'],
  ['api/[[...s]].js', '/api/[[...s]]'],
  ['api/user-[id].js', '/api/user-[id]'],
  ['api/pre[mid]post.js', '/api/pre[mid]post'],
  ['api/[name].txt.js', '/api/[name].txt'],
  ['api/[my-param].js', '/api/[my-param]'],
  ['api/sp/[a b].js', '/api/sp/[a b]'],
  ['api/[].js', '/api/[]'],
  ['api/x[.js', '/api/x['],
  ['api/[id.js', '/api/[id'],
  ['api/id].js', '/api/id]'],
  ['index.js', null],
  ['about.js', null],
  ['blog/api/x.js', null],
  ['apix.js', null],
];

describe('a file in pages is a route', () => {
  for (const [file, route] of MAPPING) {
    test(`pages/${file}: ${route ?? 'no route'}`, () => {
      const { routes } = routesOf([`pages/${file}`, 'pages/api/~other.js']);
      const expected = route === null ? [] : [`${route} pages/${file}`];
      assert.deepEqual(routes, [...expected, '/api/~other pages/api/~other.js'].sort());
    });
  }
});

describe('the pages folder', () => {
  test('is src/pages when there is no pages', () => {
    assert.deepEqual(routesOf(['src/pages/api/other.js']).routes, [
      '/api/other src/pages/api/other.js',
    ]);
  });

  test('is pages when there are both, and the other one is mentioned', () => {
    const { routes, warnings } = routesOf(['pages/api/a.js', 'src/pages/api/b.js']);
    assert.deepEqual(routes, ['/api/a pages/api/a.js']);
    assert.match(warnings[0]?.text ?? '', /src\/pages is left out/);
  });

  test('may be without api', () => {
    assert.deepEqual(routesOf(['pages/index.js']).routes, []);
  });

  test('must be there', () => {
    const root = makeApp({ 'lib/x.js': '' });
    const expected = (error: unknown) =>
      error instanceof CompileError && error.message.includes('`pages` or `src/pages`');
    assert.throws(() => openProject(root, { mode: 'production' }), expected);
    assert.throws(
      () => openProject(join(root, 'no'), { mode: 'production' }),
      /There is no folder/,
    );
  });
});

describe('warnings', () => {
  for (const file of ['x.test.js', 'x.spec.ts', 'x.test.tsx']) {
    test(`a test is a route all the same: ${file}`, () => {
      const { routes, warnings } = routesOf([`pages/api/${file}`]);
      assert.equal(routes.length, 1);
      assert.deepEqual(
        warnings.map((warning) => warning.file),
        [`pages/api/${file}`],
      );
    });
  }

  test('one line for all React pages', () => {
    const pages = ['pages/index.tsx', 'pages/_app.tsx', 'pages/blog/[slug].tsx', 'pages/api/a.ts'];
    const { warnings } = routesOf(pages);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.text ?? '', /React pages are not served/);
  });

  test('none for what is no page', () => {
    assert.deepEqual(routesOf(['pages/notes.md', 'pages/api/a.ts', 'pages/x.d.ts']).warnings, []);
  });
});

describe('symbolic links', () => {
  test('files and folders are followed', () => {
    const root = makeApp({
      'shared/real.js': HANDLER,
      'shared/more/deep.js': HANDLER,
      'pages/api/a.js': HANDLER,
    });
    symlinkSync('../../shared/real.js', join(root, 'pages/api/link.js'));
    symlinkSync('../../shared/more', join(root, 'pages/api/folder'));
    const { routes } = discover(openProject(root, { mode: 'production' }));
    assert.deepEqual(
      routes.map(({ route }) => route),
      ['/api/a', '/api/folder/deep', '/api/link'],
    );
  });

  test('a circle ends', () => {
    const root = makeApp({ 'pages/api/a/b.js': HANDLER });
    symlinkSync('..', join(root, 'pages/api/a/up'));
    const { routes } = discover(openProject(root, { mode: 'production' }));
    assert.deepEqual(
      routes.map(({ route }) => route),
      ['/api/a/b'],
    );
  });

  test('the lock of an editor is none of them', () => {
    const root = makeApp({ 'pages/api/a.js': HANDLER });
    symlinkSync('somebody@host.123', join(root, 'pages/api/.#a.js'));
    const { routes, warnings } = discover(openProject(root, { mode: 'production' }));
    assert.deepEqual([routes.length, warnings], [1, []]);
  });

  test('one that leads nowhere is no route, and is mentioned', () => {
    const root = makeApp({ 'pages/api/a.js': HANDLER });
    symlinkSync('gone.js', join(root, 'pages/api/link.js'));
    const { routes, warnings } = discover(openProject(root, { mode: 'production' }));
    assert.equal(routes.length, 1);
    assert.equal(warnings[0]?.file, 'pages/api/link.js');
  });
});

describe('with --parity next', () => {
  const discoverAsNext = (root: string) =>
    discover(openProject(root, { mode: 'production', isStrictParity: true }));

  test('a link is no route, and is mentioned', () => {
    const root = makeApp({ 'lib/b.js': HANDLER, 'pages/api/a.js': HANDLER });
    symlinkSync('../../lib/b.js', join(root, 'pages/api/b.js'));
    const { routes, warnings } = discoverAsNext(root);
    assert.deepEqual([routes.length, warnings[0]?.file], [1, 'pages/api/b.js']);
  });

  test('a file that declares types keeps the routes from being served', () => {
    const root = makeApp({ 'pages/api/a.js': HANDLER, 'pages/api/types.d.ts': '' });
    const { routes, conflicts } = discoverAsNext(root);
    assert.deepEqual([routes.length, conflicts[0]?.file], [1, 'pages/api/types.d.ts']);
  });
});

describe('pageExtensions', () => {
  test('replace the usual ones; the longest counts; C stays', () => {
    const files = ['a.js', 'b.api.js', 'c.mjs', 'd.page.tsx', 'e.ts', 'f.api.api.js', 'g.c'];
    const { routes } = routesOf(
      files.map((file) => `pages/api/${file}`),
      ['api.js', 'mjs', 'page.tsx'],
    );
    assert.deepEqual(
      routes.map((text) => text.split(' ')[0]),
      ['/api/b', '/api/c', '/api/d', '/api/f.api', '/api/g'],
    );
  });
});
