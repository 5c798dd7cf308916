// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AT_MOST_MS, collectChanges, QUIET_MS } from '../../compiler/burst.ts';
import { makeApp, writeFiles } from '../support/app.ts';

/** Changes, what came of them, and a clock that only moves when it is told to. */
function collect(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const bursts: [string[], boolean][] = [];
  const changes = collectChanges((paths, moved) => bursts.push([paths, moved]));
  return { changes, bursts, pass: (ms: number) => t.mock.timers.tick(ms) };
}

test('changes that come close together are one burst', (t) => {
  const { changes, bursts, pass } = collect(t);
  changes.add('a', false);
  pass(QUIET_MS - 1);
  changes.add('b', true);
  changes.add('a', false);
  pass(QUIET_MS - 1);
  assert.deepEqual(bursts, []);
  pass(1);
  assert.deepEqual(bursts, [[['a', 'b'], true]]);
  changes.add('c', false);
  pass(QUIET_MS);
  assert.deepEqual(bursts[1], [['c'], false]);
});

test('a burst that does not end is not waited for', (t) => {
  const { changes, bursts, pass } = collect(t);
  for (let ms = 0; ms <= AT_MOST_MS; ms += QUIET_MS / 2) {
    changes.add(`at ${ms}`, false);
    pass(QUIET_MS / 2);
  }
  assert.equal(bursts.length, 1);
});

test('a file that was emptied is waited for until it is written', (t) => {
  const { changes, bursts, pass } = collect(t);
  const root = makeApp({ 'a.ts': '' });
  changes.add(join(root, 'a.ts'), false);
  pass(QUIET_MS * 3);
  assert.deepEqual(bursts, []);
  writeFiles(root, { 'a.ts': 'written' });
  pass(QUIET_MS);
  assert.equal(bursts.length, 1);
});

test('a file that stays empty is waited for no longer than a burst', (t) => {
  const { changes, bursts, pass } = collect(t);
  const root = makeApp({ 'a.ts': '' });
  changes.add(join(root, 'a.ts'), false);
  pass(AT_MOST_MS);
  assert.equal(bursts.length, 1);
});

test('after the end nothing comes', (t) => {
  const { changes, bursts, pass } = collect(t);
  changes.add('a', false);
  changes.close();
  pass(AT_MOST_MS);
  assert.deepEqual(bursts, []);
});
