// SPDX-License-Identifier: MIT

// What the documents say of the whole: each option once, each dependency, and links that lead somewhere.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, globSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { makeApp } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { within } from '../support/deadline.ts';
import { executable, root } from '../support/paths.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The long options in `capra --help`, with the default in the brackets at the end of their line. */
async function optionsOfHelp(): Promise<Map<string, string | undefined>> {
  const { stdout } = await capra(['--help']);
  const lines = stdout.matchAll(/^ {2}(?:-., | {4})(--[a-z-]+)(.*(?:\n {20}.*)*)/gm);
  return new Map([...lines].map(([, flag, rest]) => [flag, rest.match(/\(([^()]*)\)$/)?.[1]]));
}

/** The rows of options.md that begin with an option, with its default where the table has them. */
function optionsOfDocument(): [string, string | undefined][] {
  let hasDefaults = false;
  const found: [string, string | undefined][] = [];
  for (const line of read('docs/options.md').split('\n')) {
    if (line.startsWith('| option |')) hasDefaults = line.startsWith('| option | default |');
    const row = line.match(/^\| (?:`-.`, )?`(--[a-z-]+)[^|]*\| (?:`([^`]+)`)?/);
    if (row !== null) found.push([row[1], hasDefaults ? row[2] : undefined]);
  }
  return found;
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
for (const [i, unit] of ['b', 'kb', 'mb', 'gb'].entries()) units[unit] = 1024 ** i;

/** `5m` and `300s` are the same; what is no quantity stays as it is. */
function quantity(text: string): string {
  const parts = text.match(/^(\d+)([a-z]*)$/);
  return parts === null ? text : String(Number(parts[1]) * (units[parts[2]] ?? 1));
}

describe('docs/options.md', () => {
  test('has each option of --help, once, and no other', async () => {
    const flags = optionsOfDocument().map(([flag]) => flag);
    assert.deepEqual(flags.toSorted(), [...(await optionsOfHelp()).keys()].toSorted());
  });

  test('has their defaults', async () => {
    const help = await optionsOfHelp();
    let compared = 0;
    for (const [flag, found] of optionsOfDocument()) {
      if (found === undefined) continue;
      // `auto; in dev 1`: what holds in general stands first.
      const expected = help.get(flag)?.split(';')[0] ?? '';
      assert.equal(quantity(found), quantity(expected), flag);
      compared++;
    }
    assert.ok(compared > 25, `only ${compared} defaults were found`);
  });
});

describe('docs/dependencies.md', () => {
  const text = read('docs/dependencies.md').toLowerCase();
  const names = (name: string) =>
    new RegExp(`(?<![\\w@/-])${RegExp.escape(name.toLowerCase())}(?![\\w-])`).test(text);

  test('names every npm package that a package.json asks for', () => {
    const files = globSync('**/package.json', { cwd: root, exclude: ['**/node_modules', 'build'] });
    const missing = files.flatMap((file) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(file));
      const asked = { ...dependencies, ...devDependencies, ...optionalDependencies };
      return Object.keys(asked)
        .filter((name) => !names(name))
        .map((name) => `${file}: ${name}`);
    });
    assert.deepEqual(missing, []);
  });

  test('names every need of scripts/setup.sh, and every library that CMake looks for', () => {
    const table = read('scripts/setup.sh').matchAll(/^(?:build|test|lint) +\| ([^|]+?) *\|/gm);
    const needs = [...table].map(([, what]) => what.replace(/^an? | \d.*$/g, ''));
    const files = ['CMakeLists.txt', ...globSync('cmake/*.cmake', { cwd: root })];
    const modules = files.flatMap((file) =>
      [...read(file).matchAll(/pkg_check_modules\(.* ([a-z]\w*[-\w]*)(?:>=[\d.]+)?\)/g)].map(
        ([, name]) => name,
      ),
    );
    assert.ok(needs.length > 10 && modules.length > 5);
    assert.deepEqual(
      [...needs, ...modules].filter((name) => !names(name)),
      [],
    );
  });
});

describe('docs/c-routes.md', () => {
  /** The first block of code in this language that has these words. */
  const block = (language: string, words: string) =>
    [...read('docs/c-routes.md').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].find(
      ([, found, code]) => found === language && code.includes(words),
    )?.[2] ?? assert.fail(`no ${language} with ${words}`);

  // What its test asks of curl, which need not be there.
  const CURL = `#!${process.execPath}
    const path = process.argv[process.argv.indexOf('--unix-socket') + 1];
    const { pathname } = new URL(process.argv.at(-1));
    require('node:http').get({ socketPath: path, path: pathname, agent: false }, (res) => {
      res.pipe(process.stdout);
      process.exitCode = res.statusCode < 400 ? 0 : 22;
    });`;

  for (const [expected, code] of [
    ['Hello from C!', 0],
    ['something else', 1],
  ] as const) {
    test(`its first route and its test: ends with ${code}`, async () => {
      const folder = makeApp({
        'pages/api/hello.c': block('c', 'static void hello'),
        'test.sh': block('sh', 'ask()').replace('Hello from C!', expected),
        'bin/curl': CURL,
      });
      chmodSync(join(folder, 'bin/curl'), 0o755);
      symlinkSync(executable, join(folder, 'bin/capra'));
      const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
      const child = spawn('sh', ['test.sh'], { cwd: folder, env, stdio: 'ignore' });
      const [found] = await within(once(child, 'close'), 'end of the test', { ms: 60_000 });
      assert.equal(found, code);
    });
  }
});

test('what the documents link to is there', () => {
  const files = globSync(
    ['*.md', 'docs/**/*.md', 'examples/*.md', 'examples/*/*.md', 'bench/*.md'],
    { cwd: root },
  );
  const broken = files.flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)#\s]+)(#[^)\s]*)?\)/g)]
      .map(([, target, part]) => ({ target, part }))
      .filter(({ target }) => !/^[a-z]+:/.test(target))
      .filter(({ target, part }) => !leadsSomewhere(join(dirname(file), decodeURI(target)), part))
      .map(({ target, part }) => `${file}: ${target}${part ?? ''}`),
  );
  assert.ok(files.length > 10);
  assert.deepEqual(broken, []);
});

/** Whether the file is there and, if it is a document, has that heading. */
function leadsSomewhere(path: string, part?: string): boolean {
  if (!existsSync(join(root, path))) return false;
  if (part === undefined || !path.endsWith('.md')) return true;
  const headings = [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading));
  return headings.includes(part.slice(1));
}

/** As the usual renderers of Markdown name a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
