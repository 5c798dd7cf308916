// SPDX-License-Identifier: MIT

// The command: what it prints, in which order, and how it ends.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeApp } from '../../support/app.ts';
import { run } from '../support.ts';
import { findingsOf, places } from './support.ts';

const GOOD = { 'pages/api/a.js': 'export default (req, res) => res.end();\n' };
const MIXED = {
  'next.config.js': 'module.exports = { images: {} };\n',
  'pages/api/a.js':
    'let hits = 0;\nexport default (req, res) => {\n  hits += 1;\n  res.json(missing);\n};\n',
  'pages/api/b.js': 'export const maxDuration = 5;\nexport default (req, res) => res.end();\n',
  'pages/api/c.js': 'export const maxDuration = 5;\nexport default (req, res) => res.end();\n',
};

describe('capra check', () => {
  test('has nothing to tell of a sound project, and leaves nothing behind', async () => {
    const folder = makeApp(GOOD);
    const { code, stdout, stderr } = await run(['check', folder]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout, '✓ Nothing to tell (1 route, 1 file)\n');
    assert.equal(existsSync(join(folder, '.capra')), false);
  });

  test('tells place, source, why, and how to mend it, the worst first', async () => {
    const { code, stdout } = await run(['check', makeApp(MIXED)]);
    assert.equal(code, 1);
    assert.equal(
      stdout,
      `Errors: this will not work

⨯ pages/api/a.js:4:12
  \`missing\` is not defined here. [undefined-name]
  Reaching this line throws a ReferenceError, and the request is answered with 500.

      2 │ export default (req, res) => {
      3 │   hits += 1;
    > 4 │   res.json(missing);
        │            ^^^^^^^
      5 │ };
      6 │

  Import \`missing\`, or declare it.

Warnings: this is a trap

⚠ pages/api/a.js:3:3
  \`hits\` is changed by requests, and every worker has its own. [worker-state]
  \`capra start\` has a worker for each CPU (\`--workers\`), so requests see different values; a restart and a new version forget them.

      1 │ let hits = 0;
      2 │ export default (req, res) => {
    > 3 │   hits += 1;
        │   ^^^^
      4 │   res.json(missing);
      5 │ };

  Keep what must be shared or must last in a database or in Redis. With \`--workers 1\`, and for what may be lost, it can stay.

Notes: this is otherwise than in Next

ℹ next.config.js:1:20
  Not applied: \`images\`. [next-config-key]
  What concerns pages and their build means nothing to API routes.

    > 1 │ module.exports = { images: {} };
        │                    ^^^^^^
      2 │

  Nothing has to be done.

ℹ pages/api/b.js:1:28
  \`maxDuration\` is kept: after 5 s the client gets 504. [max-duration]
  Next keeps it on hosted platforms only; self-hosted it waits for the handler however long it takes.
    pages/api/c.js:1:28

    > 1 │ export const maxDuration = 5;
        │                            ^
      2 │ export default (req, res) => res.end();
      3 │

  Set it to the longest time that the handler may take, or leave it out.

⨯ 1 error, 1 warning, 3 notes (3 routes, 3 files)
`,
    );
  });

  test('ends with 0 when there are only warnings and notes', async () => {
    const { 'pages/api/a.js': _, ...rest } = MIXED;
    const { code, stdout } = await run(['check', makeApp(rest)]);
    assert.equal(code, 0);
    assert.match(stdout, /^✓ 0 errors, 0 warnings, 3 notes \(2 routes, 2 files\)$/m);
  });

  test('--json is the same for machines, each place by itself', async () => {
    const { code, stdout } = await run(['check', '--json', makeApp(MIXED)]);
    assert.equal(code, 1);
    const { version, counts, routes, files, findings } = JSON.parse(stdout);
    assert.deepEqual({ version, routes, files }, { version: 1, routes: 3, files: 3 });
    assert.deepEqual(counts, { error: 1, warning: 1, note: 3 });
    assert.deepEqual(
      findings.map((each: Record<string, unknown>) => [
        each.rule,
        each.file,
        each.line,
        each.column,
      ]),
      [
        ['undefined-name', 'pages/api/a.js', 4, 12],
        ['worker-state', 'pages/api/a.js', 3, 3],
        ['next-config-key', 'next.config.js', 1, 20],
        ['max-duration', 'pages/api/b.js', 1, 28],
        ['max-duration', 'pages/api/c.js', 1, 28],
      ],
    );
    assert.deepEqual(Object.keys(findings[0]).sort(), [
      ...['column', 'file', 'frame', 'hint', 'line', 'rule', 'severity', 'text', 'why'],
    ]);
  });

  test('takes --json for itself only', async () => {
    const { code, stderr } = await run(['build', '--json']);
    assert.equal(code, 2);
    assert.match(stderr, /--json is for check/);
  });

  test('without pages it says so, and what there is', async () => {
    const { code, stdout } = await run([
      'check',
      makeApp({ 'app/api/a/route.ts': 'export function GET() {}\n', 'app/page.tsx': '' }),
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /Couldn't find a `pages` or `src\/pages` folder/);
    assert.match(stdout, /app\/api\/a\/route\.ts/);
    assert.match(stdout, /A page of the app router: not rendered/);
  });

  test('in a folder that is not there it fails as every command does', async () => {
    const { code, stderr } = await run(['check', join(makeApp(GOOD), 'missing')]);
    assert.equal(code, 1);
    assert.match(stderr, /There is no folder/);
  });
});

describe('what a build would refuse', () => {
  test('is told as the build tells it, and the rest all the same', async () => {
    const findings = await findingsOf({
      'pages/api/a.js': 'export default (req, res) => {\n  const = 1;\n};\n',
      'pages/api/b.js': 'export default (req, res) => res.end(missing);\n',
      'pages/api/c.c': '#include <capra.h>\nnothing\n',
    });
    assert.deepEqual(
      findings.map(({ rule, file, line }) => `${rule} ${file}:${line}`),
      ['build pages/api/a.js:2', 'undefined-name pages/api/b.js:1', 'build pages/api/c.c:2'],
    );
  });

  test('an import that leads nowhere', async () => {
    const { stdout } = await run([
      'check',
      makeApp({
        'pages/api/a.js': "import x from './x';\nexport default (req, res) => res.end(x);\n",
      }),
    ]);
    assert.match(stdout, /Could not resolve "\.\/x" \[build\]/);
    assert.match(stdout, /There is no file pages\/api\/x/);
  });

  test('an import of Next is told once, by its rule', async () => {
    const { stdout } = await run([
      'check',
      makeApp({
        'pages/api/a.js':
          "import { headers } from 'next/headers';\nexport default (req, res) => res.end(headers());\n",
      }),
    ]);
    assert.match(stdout, /^⨯ 1 error,/m);
  });

  test('two files for one route', async () => {
    const findings = await findingsOf({
      'pages/api/a.js': 'export default 1;\n',
      'pages/api/a/index.js': 'export default 1;\n',
    });
    assert.deepEqual(
      findings.map(({ rule, severity }) => [rule, severity]),
      [['routes', 'error']],
    );
  });

  test('a size that is none: an error, and a warning where parity takes it', async () => {
    const route =
      "export const config = { api: { bodyParser: { sizeLimit: 'abc' } } };\nexport default (req, res) => res.end();\n";
    const strict = { 'capra.json': '{ "parity": "next" }', 'pages/api/a.js': route };
    const [error, ...none] = await findingsOf({ 'pages/api/a.js': route });
    assert.deepEqual([error?.rule, error?.line, none], ['invalid-size', 1, []]);
    assert.match(error?.why ?? '', /no limit/);
    assert.deepEqual(places(await findingsOf(strict)), ['warning pages/api/a.js:1']);
    assert.equal(error?.severity, 'error');
  });

  test('a next.config that throws, and the routes all the same', async () => {
    const findings = await findingsOf({
      'next.config.js': "throw new Error('no plugin');\n",
      'pages/api/a.js': 'export default (req, res) => res.end(missing);\n',
    });
    assert.deepEqual(
      findings.map(({ rule, file }) => [rule, file]),
      [
        ['build', 'next.config.js'],
        ['undefined-name', 'pages/api/a.js'],
      ],
    );
  });

  test('a test among the routes, and pages, which are not rendered', async () => {
    const findings = await findingsOf({
      'pages/index.jsx': '',
      'pages/api/a.js': 'export default (req, res) => res.end();\n',
      'pages/api/a.test.js': 'export default (req, res) => res.end();\n',
    });
    assert.deepEqual(places(findings), ['warning pages/api/a.test.js', 'note']);
  });

  test('tsconfig paths lead to files', async () => {
    const findings = await findingsOf({
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
      'src/db.ts':
        'export const all: string[] = [];\nexport const add = (a: string) => all.push(a);\n',
      'pages/api/a.ts':
        "import { add } from '@/db';\nexport default (req: any, res: any) => res.json(add(req.query.a));\n",
    });
    assert.deepEqual(places(findings), ['warning src/db.ts:2']);
  });
});

describe("the project's proxy", () => {
  const PROXY = 'export const proxy = () => {};\n';
  const withProxy = (files: Record<string, string>) => findingsOf({ ...GOOD, ...files });

  test('is looked at with all that it imports, beside routes and without any', async () => {
    const files = {
      'proxy.ts': "import { guard } from './lib/guard.ts';\nexport const proxy = () => guard();\n",
      'lib/guard.ts':
        'let asked = 0;\nexport const guard = () => {\n  asked += 1;\n  missing();\n};\n',
    };
    const found = ['error lib/guard.ts:4', 'warning lib/guard.ts:3'];
    assert.deepEqual(places(await withProxy(files)), found);
    const native = { 'pages/api/a.c': '#include <capra.h>\nCAPRA_ROUTE(a);\n' };
    const beside = places(await findingsOf({ ...native, ...files }));
    assert.deepEqual(
      beside.filter((place) => place.includes('lib/')),
      found,
    );
  });

  for (const [what, files, expected] of [
    [
      'a matcher that cannot be read',
      { 'proxy.js': `${PROXY}export const config = { matcher: process.env.PATHS };` },
      ['error proxy.js:2'],
    ],
    [
      'a matcher that is no path',
      { 'proxy.js': `${PROXY}export const config = { matcher: 'api' };` },
      ['error proxy.js:2'],
    ],
    ['no function', { 'proxy.js': 'export const config = {};' }, ['error proxy.js']],
    ['no JavaScript', { 'proxy.js': 'export function proxy(' }, ['error proxy.js:1']],
    ['two of them', { 'proxy.js': PROXY, 'middleware.js': PROXY }, ['error']],
    ['one where it is not run', { 'src/proxy.js': PROXY }, ['warning src/proxy.js']],
    ['a sound one', { 'proxy.js': PROXY }, []],
  ] as const) {
    test(`${what}: what a build of it says`, async () => {
      assert.deepEqual(places(await withProxy(files)), expected);
    });
  }

  test('next/headers is nothing for it either', async () => {
    const source =
      "import { cookies } from 'next/headers';\nexport const proxy = () => cookies();\n";
    const [finding] = await findingsOf({ ...GOOD, 'proxy.js': source }, 'next-module');
    assert.match(finding?.hint ?? '', /in a proxy request\.headers and request\.cookies/);
  });
});
