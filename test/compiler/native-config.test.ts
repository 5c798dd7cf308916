// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readNativeConfig } from '../../compiler/native-config.ts';
import { DEFAULT_CONFIG, type RouteConfig } from '../../compiler/read-config.ts';

const read = (source: string) =>
  readNativeConfig({
    root: '/nowhere',
    file: 'pages/api/a.c',
    source: `#include <capra.h>\n${source}`,
  });

const limit = (bodyLimit: number, bodyLimitText: string) => ({ bodyLimit, bodyLimitText });

/** What the source says, where it differs from the default. */
const READ: [string, Partial<RouteConfig>][] = [
  ['', {}],
  ['CAPRA_CONFIG({});', {}],
  ['CAPRA_CONFIG({ api: { bodyParser: false } });', { bodyParser: false, bodyLimit: null }],
  ['CAPRA_CONFIG({ api: { bodyParser: { sizeLimit: "4mb" } } });', limit(4 * 1024 ** 2, '4mb')],
  ["CAPRA_CONFIG({ api: { bodyParser: { sizeLimit: '2kb' } } });", limit(2048, '2kb')],
  [
    'CAPRA_CONFIG({\n  maxDuration: (2 + 3), // seconds\n  blocking: true,\n});',
    { maxDuration: 5, blocking: true },
  ],
  ['CAPRA_CONFIG ({ blocking: false });', {}],
  ['CAPRA_CONFIG({ maxDuration: 10, packages: ["sqlite3"] });', { maxDuration: 10 }],
  ['/* CAPRA_CONFIG({ maxDuration: 1 }); */ CAPRA_CONFIG({ maxDuration: 2 });', { maxDuration: 2 }],
  ['// CAPRA_CONFIG({ maxDuration: 1 });', {}],
  ['#define MY_CONFIG CAPRA_CONFIG({ maxDuration: 1 })', {}],
  ['const char *s = "CAPRA_CONFIG({ maxDuration: 1 })"; char c = \'"\';', {}],
];

/** What is refused: the source, the place in the file, and a part of the message. */
const REFUSED: [string, number, number, RegExp][] = [
  [
    'CAPRA_CONFIG({ api: { bodyParser: { sizeLimit: "4 cows" } } });',
    2,
    48,
    /"4 cows", which is no size/,
  ],
  ['CAPRA_CONFIG({\n  blocking: 1,\n});', 3, 13, /`blocking` is 1, and must be true or false/],
  ['CAPRA_CONFIG({ runtime: "edge" });', 2, 25, /no `runtime`/],
  ['CAPRA_CONFIG({ maxDuration: SECONDS });', 2, 29, /must be a plain value/],
  ['CAPRA_CONFIG({ blocking: true, api: { bodyParser: false } });', 2, 26, /body whole/],
  ['CAPRA_CONFIG({ packages: "sqlite3" });', 2, 26, /is "sqlite3", and must be a list of names/],
  ['CAPRA_CONFIG({ packages: ["--libs"] });', 2, 26, /must be a list of names/],
  ['CAPRA_CONFIG({ packages: [NAME] });', 2, 26, /must be a plain value/],
  ['CAPRA_CONFIG({ .blocking = true });', 2, 16, /no object as JavaScript writes it/],
];

describe('CAPRA_CONFIG', () => {
  for (const [source, expected] of READ) {
    test(source || 'none', async () => {
      const { config, diagnostics } = await read(source);
      assert.deepEqual(diagnostics, []);
      assert.deepEqual(config, { ...DEFAULT_CONFIG, ...expected });
    });
  }

  for (const [source, line, column, message] of REFUSED) {
    test(`refused: ${source}`, async () => {
      const { diagnostics } = await read(source);
      assert.equal(diagnostics.length, 1);
      const [found] = diagnostics;
      assert.match(found.text, message);
      assert.deepEqual([found.line, found.column], [line, column]);
      assert.match(found.frame?.join('\n') ?? '', /CAPRA_CONFIG|blocking/);
    });
  }

  test('names packages, which are no part of what the server reads', async () => {
    const { packages, config } = await read(
      'CAPRA_CONFIG({ packages: ["sqlite3", "libpq >= 13"] });',
    );
    assert.deepEqual(packages, ['sqlite3', 'libpq >= 13']);
    assert.deepEqual(config, DEFAULT_CONFIG);
    assert.deepEqual((await read('')).packages ?? [], []);
  });

  test('refused: a limit that only the compiler could know', async () => {
    const { diagnostics } = await read(
      'CAPRA_CONFIG({ api: { bodyParser: { sizeLimit: LIMIT } } });',
    );
    assert.match(diagnostics[0].text, /its values must be plain/);
  });
});
