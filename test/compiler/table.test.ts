// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeTable } from '../../compiler/table.ts';

const row = (route: string, kind: 'script' | 'native' = 'script', bytes?: number) => ({
  route,
  kind,
  file: `pages${route}.${kind === 'script' ? 'ts' : 'c'}`,
  ...(bytes !== undefined && { bytes }),
});

test('a built project: a tree, aligned, with sizes and what the marks mean', () => {
  const rows = [
    row('/api/a', 'script', 12),
    row('/api/b/[...all]', 'native', 16_384),
    row('/api/c', 'script', 1_500_000),
  ];
  assert.equal(
    routeTable(rows, process.stdout),
    `Route (pages)            Size   File
┌ ƒ /api/a               12 B   pages/api/a.ts
├ C /api/b/[...all]   16.0 kB   pages/api/b/[...all].c
└ ƒ /api/c             1.4 MB   pages/api/c.ts

ƒ  JavaScript or TypeScript, run by Node
C  C, compiled to machine code
`,
  );
});

test('a project that was not built has no sizes; one route has no branch', () => {
  assert.equal(
    routeTable([row('/api/only', 'native')], process.stdout),
    `Route (pages)   File
─ C /api/only   pages/api/only.c

C  C, compiled to machine code
`,
  );
});

test('columns hold with wide characters', () => {
  const [, first = '', second = ''] = routeTable(
    [row('/api/日本'), row('/api/x')],
    process.stdout,
  ).split('\n');
  assert.equal(first.indexOf('pages') + 2, second.indexOf('pages'));
});

test('nothing for no routes', () => assert.equal(routeTable([], process.stdout), ''));
