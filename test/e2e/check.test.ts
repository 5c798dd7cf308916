// SPDX-License-Identifier: MIT

// `capra check` through the command that a person types.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { buildApp, makeApp } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { root } from '../support/paths.ts';

const faulty = {
  'src/middleware.js': 'export function middleware() {}\n',
  'pages/api/a.js': 'export default (req, res) => res.end(missing);\n',
};

describe('capra check', () => {
  test('tells place and rule, on stdout, and ends with 1', async () => {
    const folder = makeApp(faulty);
    const { code, stdout, stderr } = await capra(['check', folder]);
    assert.deepEqual([code, stderr], [1, '']);
    assert.match(stdout, /^⨯ pages\/api\/a\.js:1:38$/m);
    assert.match(stdout, /\[undefined-name\]/);
    assert.match(stdout, /^⚠ src\/middleware\.js$/m);
    assert.match(stdout, /^⨯ 1 error, 1 warning, 0 notes \(1 route, 1 file\)$/m);
    assert.equal(existsSync(join(folder, '.capra')), false);
  });

  test('takes the folder from where it is run, and --json', async () => {
    const { code, stdout } = await capra(['check', '--json'], { cwd: makeApp(faulty) });
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(stdout).counts, { error: 1, warning: 1, note: 0 });
  });

  test('leaves a build as it is', async () => {
    const folder = await buildApp({
      'next.config.js': 'module.exports = { compress: false };\n',
      'pages/api/a.js': 'export default (req, res) => res.end();\n',
    });
    const all = () => readdirSync(join(folder, '.capra'), { recursive: true }).sort();
    const before = all();
    assert.equal((await capra(['check', folder])).code, 0);
    assert.deepEqual(all(), before);
  });

  test('hands --parity next on', async () => {
    const folder = makeApp({
      'pages/api/a.js':
        "export const config = { api: { bodyParser: { sizeLimit: 'abc' } } };\nexport default (req, res) => res.end();\n",
    });
    assert.equal((await capra(['check', folder])).code, 1);
    const strict = await capra(['check', '--json', '--parity', 'next', folder]);
    assert.equal(strict.code, 0);
    assert.deepEqual(JSON.parse(strict.stdout).counts, { error: 0, warning: 1, note: 0 });
  });

  test('finds nothing wrong with the tutorial', async () => {
    const { code, stdout } = await capra(['check', join(root, 'examples/tutorial')]);
    assert.deepEqual([code, stdout.startsWith('✓ Nothing to tell')], [0, true]);
  });

  test('refuses what it does not know with exit code 2', async () => {
    for (const args of [
      ['check', '--jsn'],
      ['check', '.', 'second'],
      ['check', '--parity', 'prev'],
      ['check', join(makeApp({}), 'missing')],
      ['build', '--json'],
    ]) {
      const { code, stdout, stderr } = await capra(args);
      assert.deepEqual([code, stdout], [2, ''], stderr);
    }
  });
});
