// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type PreviewKeys, previewKeys } from '../../compiler/preview-keys.ts';
import { makeApp } from '../support/app.ts';

const day = 24 * 3600 * 1000;
const now = Date.UTC(2026, 10, 22);

function project(preview?: unknown) {
  const root = makeApp({ 'pages/api/x.js': '' });
  mkdirSync(join(root, '.capra'));
  writeFileSync(join(root, '.capra/manifest.json'), JSON.stringify({ preview }));
  return { root, output: '.capra', mode: 'production' as const };
}

test('an id and two keys, each time others', () => {
  const keys = previewKeys(project(), now);
  assert.match(keys.id, /^[0-9a-f]{32}$/);
  assert.match(keys.signingKey, /^[0-9a-f]{64}$/);
  assert.match(keys.encryptionKey, /^[0-9a-f]{64}$/);
  assert.notEqual(keys.signingKey, keys.encryptionKey);
  assert.notDeepEqual(previewKeys(project(), now), keys);
});

test('a build keeps the keys of the last one for fourteen days', () => {
  const made: PreviewKeys = previewKeys(project(), now);
  assert.deepEqual(previewKeys(project(made), now + 14 * day - 1), made);
  assert.notEqual(previewKeys(project(made), now + 14 * day).id, made.id);
  assert.notEqual(previewKeys(project(made), now - day).id, made.id, 'made in the future');
  for (const broken of [null, {}, { ...made, id: 'x' }, { ...made, signingKey: undefined }])
    assert.notEqual(previewKeys(project(broken), now).id, made.id);
});

test('development has its own', () => {
  const made = previewKeys(project(), now);
  assert.notEqual(previewKeys({ ...project(made), mode: 'development' }, now).id, made.id);
});
