// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CompileError } from '../../compiler/diagnostics.ts';
import type { Files } from '../support/app.ts';
import { compile } from './support.ts';

const ROUTE = 'export default () => [process.env.FROM_CONFIG, process.env["FROM_" + "CONFIG"]];';

describe('next.config', () => {
  const KINDS: Files[] = [
    { 'next.config.js': "module.exports = { env: { FROM_CONFIG: 'x' } };" },
    { 'next.config.mjs': "export default async () => ({ env: { FROM_CONFIG: 'x' } });" },
    {
      'next.config.ts':
        "import { NextConfig } from 'next'; import { value } from './lib/value'; const c: NextConfig = { env: { FROM_CONFIG: value } }; export default c;",
      'lib/value.ts': "export const value = 'x';",
    },
    {
      'next.config.mjs':
        "export default (phase) => ({ env: { FROM_CONFIG: phase === 'phase-production-build' ? 'x' : phase } });",
    },
    {
      'next.config.js': 'module.exports = { env: { FROM_CONFIG: process.env.A } };',
      '.env': 'A=x',
    },
  ];
  for (const files of KINDS) {
    test(`env is inlined, and only that: ${Object.values(files)[0]}`, async () => {
      const { load, root } = await compile({ ...files, 'pages/api/a.ts': ROUTE });
      assert.deepEqual((await load('/api/a')).default(), ['x', undefined]);
      assert.equal(process.env.A, undefined);
      assert.ok(!existsSync(join(root, '.capra/server/next.config')));
    });
  }

  test('pageExtensions say what is a route', async () => {
    const { compilation } = await compile({
      'next.config.mjs': "export default { pageExtensions: ['api.ts'] };",
      'pages/api/a.ts': ROUTE,
      'pages/api/b.api.ts': ROUTE,
    });
    assert.deepEqual(
      compilation.manifest.routes.map(({ route }) => route),
      ['/api/b'],
    );
  });

  test('options that are not applied are named', async () => {
    const { compilation } = await compile({
      'next.config.mjs':
        'export default { reactStrictMode: true, trailingSlash: true, rewrites: async () => [] };',
      'pages/api/a.ts': ROUTE,
    });
    assert.deepEqual(
      compilation.warnings.map(({ file, text }) => `${file}: ${text}`),
      ['next.config.mjs: Not applied: trailingSlash, rewrites.'],
    );
  });

  const WRONG: [string, RegExp][] = [
    ['export default 5;', /must export an object, and exports number/],
    ['export default null;', /and exports null/],
    ["throw new Error('no luck');", /next\.config\.mjs failed: no luck/],
    ['export default {', /Expected|Unexpected/],
    ["export default { pageExtensions: '.ts' };", /`pageExtensions` must be a list/],
  ];
  for (const [source, message] of WRONG) {
    test(`is wrong: ${source}`, async () => {
      const compiled = compile({ 'next.config.mjs': source, 'pages/api/a.ts': ROUTE });
      await assert.rejects(
        compiled,
        (error) => error instanceof CompileError && message.test(error.message),
      );
    });
  }
});
