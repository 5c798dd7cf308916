// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { watchProject } from '../../compiler/watch.ts';
import { makeApp } from '../support/app.ts';

const watches = () =>
  process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;

function watchApp(root: string) {
  return watchProject({ root, pages: 'pages', onChange: () => {} });
}

test('each folder has one watch, those of packages and of other tools have none', () => {
  const root = makeApp({
    'lib/deep/x.ts': '',
    'node_modules/a/index.js': '',
    '.git/index': '',
    '.capra/dev/manifest.json': '',
    'public/images/x.png': '',
    'pages/api/.hidden/node_modules/x.ts': '',
  });
  const watcher = watchApp(root);
  // The root, lib, lib/deep, pages, pages/api, .hidden, and the node_modules below it, which has routes.
  assert.equal(watches(), 7);
  watcher.add([join(root, 'lib'), join(root, 'public')]);
  assert.equal(watches(), 8);
  watcher.close();
  assert.equal(watches(), 0);
});

test('a circle of links ends', () => {
  const root = makeApp({ 'pages/api/x.ts': '' });
  symlinkSync('..', join(root, 'pages/api/up'));
  const watcher = watchApp(root);
  assert.ok(watches() < 10);
  watcher.close();
});

test('a folder that is named after the end is not watched: it kept the compiler alive', () => {
  const root = makeApp({ 'pages/api/x.ts': '' });
  const watcher = watchApp(root);
  watcher.close();
  mkdirSync(join(root, 'late'));
  watcher.add([join(root, 'late')]);
  assert.equal(watches(), 0);
});
