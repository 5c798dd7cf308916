// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { METHODS as nodeMethods } from 'node:http';
import { test } from 'node:test';
import { METHODS } from '../../runtime/methods.ts';

test('methods have the numbers that C gives them', () => {
  const header = readFileSync(new URL('../../src/http/method.h', import.meta.url), 'utf8');
  const table = header.slice(header.indexOf('#define HTTP_METHODS(X)'), header.indexOf('typedef'));
  const names = [...table.matchAll(/X\(\w+, "([^"]+)"\)/g)].map((found) => found[1]);
  assert.deepEqual(METHODS, names);
});

test('methods are those that Node knows', () => {
  assert.deepEqual([...METHODS].sort(), [...nodeMethods].sort());
});
