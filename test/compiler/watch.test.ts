// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { watchProject } from '../../compiler/watch.ts';
import { makeApp } from '../support/app.ts';

/** How many folders are watched; what was closed in this turn of the loop does not count. */
async function watches(): Promise<number> {
  await new Promise(setImmediate);
  return process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
}

function watchApp(t: TestContext, root: string) {
  const watcher = watchProject({ root, pages: 'pages', onChange: () => {} });
  t.after(watcher.close);
  return watcher;
}

test('each folder has one watch, those of packages and of other tools have none', async (t) => {
  const root = makeApp({
    'lib/deep/x.ts': '',
    'node_modules/a/index.js': '',
    '.git/index': '',
    '.capra/dev/manifest.json': '',
    'public/images/x.png': '',
    'pages/api/.hidden/node_modules/x.ts': '',
  });
  const watcher = watchApp(t, root);
  // The root, lib, lib/deep, pages, pages/api, .hidden, and the node_modules below it, which has routes.
  assert.equal(await watches(), 7);
  watcher.add([join(root, 'lib'), join(root, 'public')]);
  assert.equal(await watches(), 8);
  watcher.close();
  assert.equal(await watches(), 0);
});

test('a circle of links ends', async (t) => {
  const root = makeApp({ 'pages/api/x.ts': '' });
  symlinkSync('../..', join(root, 'pages/api/up'));
  watchApp(t, root);
  assert.equal(await watches(), 3);
});

test('a folder that is named after the end is not watched: it kept the compiler alive', async (t) => {
  const root = makeApp({ 'pages/api/x.ts': '', 'late/x.ts': '' });
  const watcher = watchApp(t, root);
  watcher.close();
  watcher.add([join(root, 'late')]);
  assert.equal(await watches(), 0);
});
