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

  test('options that have no meaning for routes are named once', async () => {
    const { compilation } = await compile({
      'next.config.mjs': `export default {
        reactStrictMode: true,
        trailingSlash: true,
        rewrites: async () => [],
        images: {},
        experimental: { caseSensitiveRoutes: true, ppr: true },
      };`,
      'pages/api/a.ts': ROUTE,
    });
    assert.deepEqual(
      compilation.warnings.map(({ file, text }) => `${file}: ${text}`),
      ['next.config.mjs: Not applied to routes: reactStrictMode, images, experimental.ppr.'],
    );
  });

  test('settings are in the manifest, as Next has them by default and as they were set', async () => {
    const files = { 'pages/api/a.ts': ROUTE };
    const plain = await compile(files);
    assert.deepEqual(plain.compilation.manifest.settings, {
      parity: false,
      basePath: '',
      trailingSlash: false,
      skipTrailingSlashRedirect: false,
      compress: true,
      poweredByHeader: true,
      generateEtags: true,
      proxyBodyLimit: 10 * 1024 ** 2,
      proxyBodyLimitText: '10mb',
    });
    const set = await compile({
      ...files,
      'capra.json': '{ "parity": "next" }',
      'next.config.mjs': `export default (phase, { defaultConfig }) => ({
        ...defaultConfig,
        basePath: '/docs',
        compress: false,
        redirects: () => [{ source: '/a', destination: '/b', permanent: true }],
      });`,
    });
    assert.deepEqual(set.compilation.warnings, []);
    const { rules, ...settings } = set.compilation.manifest.settings;
    assert.deepEqual(settings, {
      ...plain.compilation.manifest.settings,
      parity: true,
      basePath: '/docs',
      compress: false,
    });
    assert.equal(rules?.redirects[0]?.status, 308);
    assert.notEqual(set.compilation.manifest.buildId, plain.compilation.manifest.buildId);
  });

  test('the line that failed is shown', async () => {
    const compiled = compile({
      'next.config.ts': "import { fail } from './lib/fail';\nexport default { env: fail() };\n",
      'lib/fail.ts': "export function fail(): never {\n  throw new Error('no luck');\n}\n",
      'pages/api/a.ts': ROUTE,
    });
    await assert.rejects(compiled, (error) => {
      assert.ok(error instanceof CompileError);
      const [{ file, line, frame } = {}] = error.diagnostics;
      assert.deepEqual([file, line], ['lib/fail.ts', 2]);
      assert.match(frame?.join('\n') ?? '', /> 2 │ {3}throw new Error\('no luck'\);/);
      return true;
    });
  });

  const WRONG: [string, RegExp][] = [
    ['export default 5;', /must export an object, and exports number/],
    ['export default null;', /and exports null/],
    ["throw new Error('no luck');", /next\.config\.mjs failed: no luck/],
    ['export default {', /Expected|Unexpected/],
    ["export default { pageExtensions: '.ts' };", /`pageExtensions` must be a list/],
    [
      "export default { trailingSlash: 'yes' };",
      /`trailingSlash` must be true or false, and is "yes"/,
    ],
    ["export default { basePath: 'docs' };", /`basePath` must start with `\/`, and is `docs`/],
    ["export default { basePath: '/docs/' };", /`basePath` must not end with `\/`/],
    ["export default { basePath: '/' };", /`basePath` must not be `\/`/],
    ["export default { env: { NODE_ENV: 'x' } };", /`env` must not set NODE_ENV/],
    [
      "export default { experimental: { proxyClientMaxBodySize: 'x' } };",
      /`experimental\.proxyClientMaxBodySize` is "x", which is no size/,
    ],
    ['export default { redirects: [] };', /`redirects` must be a function/],
    ['export default { redirects: () => ({}) };', /redirects\(\) must be a list of rules/],
    ["export default { redirects() { throw new Error('down'); } };", /failed: down/],
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
