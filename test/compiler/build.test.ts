// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../compiler/manifest.ts';
import { makeApp, writeFiles } from '../support/app.ts';
import { run, steady } from './support.ts';

const APP = {
  'lib/x.ts': 'export const x = 1;',
  'pages/api/hello.ts': "import { x } from '../../lib/x'; export default () => x;",
  'pages/api/users/[id].ts': "import { x } from '../../../lib/x'; export default () => x + 1;",
  'pages/api/primes.c':
    '#include <capra.h>\nstatic void f(capra_request *q, capra_response *s) { (void)q; capra_response_text(s, 200, "x"); }\nCAPRA_ROUTE(f);\n',
};

const manifestOf = (root: string): Manifest =>
  JSON.parse(readFileSync(join(root, '.capra/manifest.json'), 'utf8'));

/** Every file of the build with its content. */
function snapshot(root: string): Map<string, string> {
  const folder = join(root, '.capra');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), 'latin1'),
    ]),
  );
}

describe('build', () => {
  test('prints the routes and writes what the server reads', async () => {
    const root = makeApp(APP);
    const { code, stdout, stderr } = await run(['build', root]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(
      steady(stdout).replace(/ +N B/g, ' N B'),
      `Route (pages)            Size   File
┌ ƒ /api/hello N B   pages/api/hello.ts
├ C /api/primes N B   pages/api/primes.c
└ ƒ /api/users/[id] N B   pages/api/users/[id].ts

ƒ  JavaScript or TypeScript, run by Node
C  C, compiled to machine code

✓ Built 3 routes in N ms
`,
    );
    const { version, capra, mode, buildId, routes } = manifestOf(root);
    assert.deepEqual([version, mode], [1, 'production']);
    assert.match(capra, /^\d+\.\d+\.\d+/);
    assert.match(buildId, /^[\w-]{16}$/);
    assert.deepEqual(
      routes.map(({ route, file, kind }) => `${route} ${file} ${kind}`),
      [
        '/api/hello pages/api/hello.ts script',
        '/api/primes pages/api/primes.c native',
        '/api/users/[id] pages/api/users/[id].ts script',
      ],
    );
    for (const entry of routes) {
      assert.ok('module' in entry && existsSync(join(root, entry.module)));
      assert.ok(entry.bytes > 0);
      assert.deepEqual(entry.config, {
        bodyParser: true,
        bodyLimit: 1_048_576,
        bodyLimitText: '1mb',
        responseLimit: 4_194_304,
        externalResolver: false,
        maxDuration: null,
        runtime: 'nodejs',
      });
    }
  });

  test('again gives the same', async () => {
    const root = makeApp(APP);
    await run(['build', root]);
    const first = snapshot(root);
    await run(['build', root]);
    assert.deepEqual(snapshot(root), first);
  });

  test('keeps the modules of the build before, which may still be served, and none that are older', async () => {
    const root = makeApp(APP);
    const moduleOf = () => {
      const [entry] = manifestOf(root).routes;
      return join(root, entry && 'module' in entry ? entry.module : '');
    };
    const modules: string[] = [];
    for (const text of ['1', '2', '3']) {
      writeFiles(root, {
        'pages/api/hello.ts': `export default () => ${text};`,
        '.capra/server/left-over.mjs': '',
      });
      assert.equal((await run(['build', root])).code, 0);
      modules.push(moduleOf());
    }
    assert.deepEqual(modules.map(existsSync), [false, true, true]);
    assert.ok(!existsSync(join(root, '.capra/server/left-over.mjs')));
  });

  test('that fails shows everything that is wrong and leaves the last build as it was', async () => {
    const root = makeApp(APP);
    await run(['build', root]);
    const before = snapshot(root);
    writeFiles(root, {
      'lib/x.ts': 'export const x = ;',
      'pages/api/size.ts':
        "export const config = { api: { bodyParser: { sizeLimit: 'abc' } } };\nexport default () => 1;",
      'pages/api/gone.ts': "import './gone-too'; export default () => 1;",
      'pages/api/wrong.c': '#include <capra.h>\nint x = ;\n',
    });
    const { code, stdout, stderr } = await run(['build', root]);
    assert.deepEqual([code, stdout], [1, '']);
    for (const place of [
      'lib/x.ts:1:18',
      'pages/api/size.ts:1:57',
      'pages/api/gone.ts:1:8',
      'pages/api/wrong.c:2:9',
    ]) {
      assert.ok(stderr.includes(`⨯ ${place}\n`), place);
    }
    assert.match(stderr, /⨯ Build failed: 4 errors\. The last build is as it was\.\n$/);
    assert.deepEqual(snapshot(root), before);
  });

  test('names conflicting routes together with what does not compile', async () => {
    const root = makeApp({
      'pages/api/[a].ts': 'export default 1;',
      'pages/api/[b]/x.ts': 'const = 1;',
    });
    const { code, stderr } = await run(['build', root]);
    assert.equal(code, 1);
    assert.match(stderr, /You cannot use different slug names/);
    assert.match(stderr, /pages\/api\/\[a\]\.ts\n +pages\/api\/\[b\]\/x\.ts/);
    assert.match(stderr, /pages\/api\/\[b\]\/x\.ts:1:7/);
    assert.ok(!existsSync(join(root, '.capra/manifest.json')));
  });

  test('warns, and goes on', async () => {
    const root = makeApp({
      'pages/index.tsx': '',
      'pages/api/a.test.ts': 'export default () => 1;',
      'pages/api/b.ts': '',
    });
    const { code, stderr } = await run(['build', root]);
    assert.equal(code, 0);
    assert.equal(stderr.match(/^⚠ /gm)?.length, 3);
  });

  test('names the .env files', async () => {
    const root = makeApp({
      ...APP,
      '.env': 'A=1',
      '.env.production.local': 'B=1',
      '.env.development': 'C=1',
    });
    const { stdout } = await run(['build', root]);
    assert.match(stdout, /^- Environments: \.env\.production\.local, \.env\n/);
  });

  test('of a project without routes is a build of none', async () => {
    const root = makeApp({ 'pages/index.tsx': '' });
    const { code, stdout, stderr } = await run(['build', root]);
    assert.equal(code, 0);
    assert.match(stderr, /There are no routes in pages\/api\./);
    assert.match(stdout, /✓ Built 0 routes/);
    assert.deepEqual(manifestOf(root).routes, []);
  });

  test('of routes in C only', async () => {
    const root = makeApp({ 'pages/api/primes.c': APP['pages/api/primes.c'] });
    assert.equal((await run(['build', root])).code, 0);
    assert.equal(manifestOf(root).routes[0]?.kind, 'native');
  });

  test('with --parity next takes what Next takes', async () => {
    const files = {
      'pages/api/a.ts':
        "export const config = { api: { bodyParser: { sizeLimit: 'abc' } } }; export default () => 1;",
      'pages/api/b.ts': 'export default () => 1;',
      'pages/api/b/index.ts': 'export default () => 2;',
    };
    assert.equal((await run(['build', makeApp(files)])).code, 1);
    const asked = makeApp({ ...files, 'capra.json': '{ "parity": "next" }' });
    assert.equal((await run(['build', asked])).code, 0);
    const root = makeApp(files);
    assert.equal((await run(['build', root, '--parity', 'next'])).code, 0);
    const [a, b] = manifestOf(root).routes;
    assert.equal(a && 'config' in a && a.config.bodyLimit, null);
    assert.equal(b?.file, 'pages/api/b/index.ts');
  });

  test('is not in the way of the project’s history', async () => {
    const root = makeApp(APP);
    await run(['build', root]);
    assert.equal(readFileSync(join(root, '.capra/.gitignore'), 'utf8'), '*\n');
  });
});

describe('routes', () => {
  test('prints them without building', async () => {
    const root = makeApp(APP);
    const { code, stdout } = await run(['routes', root]);
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `Route (pages)         File
┌ ƒ /api/hello        pages/api/hello.ts
├ C /api/primes       pages/api/primes.c
└ ƒ /api/users/[id]   pages/api/users/[id].ts

ƒ  JavaScript or TypeScript, run by Node
C  C, compiled to machine code
`,
    );
    assert.ok(!existsSync(join(root, '.capra')));
  });

  test('fails for conflicting ones', async () => {
    const { code, stderr } = await run([
      'routes',
      makeApp({ 'pages/api/a.ts': '', 'pages/api/a.js': '' }),
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /Duplicate page detected/);
  });
});

describe('the command line', () => {
  const USAGE: string[][] = [
    [],
    ['bake'],
    ['build', 'a', 'b'],
    ['build', '--parity'],
    ['build', '--parity', 'express'],
    ['build', '--fast'],
  ];
  for (const args of USAGE) {
    test(`is told how it is used: ${args.join(' ') || 'nothing'}`, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /usage: capra build\|dev\|routes/);
    });
  }

  test('--help', async () => {
    const { code, stdout } = await run(['--help']);
    assert.equal(code, 0);
    assert.match(stdout, /usage: /);
  });

  test('a folder that is no project', async () => {
    const root = makeApp({ 'src/index.ts': '' });
    for (const command of ['build', 'dev', 'routes']) {
      const { code, stderr } = await run([command, root]);
      assert.equal(code, 1);
      assert.match(stderr, /Couldn't find a `pages` or `src\/pages` folder/);
    }
    rmSync(root, { recursive: true });
    assert.equal((await run(['build', root])).code, 1);
  });
});
