// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCapraConfig } from '../../compiler/capra-config.ts';
import { CompileError } from '../../compiler/diagnostics.ts';
import { makeApp } from '../support/app.ts';
import { compile } from './support.ts';

const read = (text?: string) =>
  readCapraConfig(makeApp(text === undefined ? { 'a.txt': '' } : { 'capra.json': text }));

describe('capra.json', () => {
  test('asks for parity, or for nothing', () => {
    assert.equal(read('{ "parity": "next" }').isStrictParity, true);
    assert.equal(read('{}').isStrictParity, false);
    assert.equal(read().isStrictParity, false);
  });

  test('says how routes in C are compiled', () => {
    const native = { packages: ['sqlite3', 'libpq >= 13'], flags: ['-DDEBUG', '-Ilib'] };
    assert.deepEqual(read(JSON.stringify({ native })).native, native);
    assert.deepEqual(read('{ "native": {} }').native, { packages: [], flags: [] });
    assert.deepEqual(read().native, { packages: [], flags: [] });
  });

  const NETWORKS: [value: unknown, list: string | undefined][] = [
    [undefined, undefined],
    ['none', 'none'],
    ['loopback', 'loopback'],
    ['10.0.0.0/8, private ,unix', '10.0.0.0/8,private,unix'],
    [['10.0.0.0/8', '2001:db8::/32'], '10.0.0.0/8,2001:db8::/32'],
    ['192.0.2.7,192.0.2.128/25,0.0.0.0/0,::/0', '192.0.2.7,192.0.2.128/25,0.0.0.0/0,::/0'],
    ['::1,2001:db8:8000::/33,::ffff:192.0.2.0/120', '::1,2001:db8:8000::/33,::ffff:192.0.2.0/120'],
  ];
  for (const [value, list] of NETWORKS) {
    test(`trusts ${JSON.stringify(value)}`, () => {
      assert.equal(read(JSON.stringify({ trustProxy: value })).trustProxy, list);
    });
  }

  test('trusts nobody that is no network', () => {
    const wrong = [
      '',
      '10.0.0.1/8',
      '10.0.0.0/33',
      '10.0.0.0/08',
      '10.0.0.0/',
      '10.0.0',
      'localhost',
    ];
    const more = [
      '2001:db8::1/32',
      '::/129',
      'fe80::1%eth0',
      'loopback,none',
      '10.0.0.0/8/8',
      '1.2.3.4,',
    ];
    for (const list of [...wrong, ...more])
      assert.throws(() => read(JSON.stringify({ trustProxy: list })), /which is no network/, list);
  });

  const WRONG: [text: string, message: RegExp][] = [
    ['{ "native": ["sqlite3"] }', /`native` must be an object, and is \["sqlite3"\]/],
    ['{ "native": { "libs": [] } }', /no option `native\.libs`/],
    [
      '{ "native": { "packages": "sqlite3" } }',
      /`native\.packages` must be a list .* and is "sqlite3"/,
    ],
    ['{ "native": { "packages": ["a; b"] } }', /`native\.packages` must be a list/],
    [
      '{ "native": { "flags": ["DEBUG"] } }',
      /`native\.flags` must be a list .* and is \["DEBUG"\]/,
    ],
    ['{ "parity": true }', /`parity` must be "next" or absent, and is true/],
    ['{ "parity": "Next" }', /and is "Next"/],
    ['{ "paritty": "next" }', /There is no option `paritty`/],
    ['{ "trustProxy": true }', /`trustProxy` must be a text or a list of them, and is true/],
    ['{ "trustProxy": [1] }', /and is \[1\]/],
    ['[]', /must hold an object, and holds a list/],
    ['null', /and holds null/],
    ['"next"', /and holds a string/],
    ['', /It is not JSON/],
    ['{ "parity": "next", }', /It is not JSON/],
  ];
  for (const [text, message] of WRONG) {
    test(`is wrong: ${text}`, () => {
      assert.throws(
        () => read(text),
        (error) => error instanceof CompileError && message.test(error.message),
      );
    });
  }

  test('says where it is no JSON', () => {
    assert.throws(
      () => read('{\n  "parity": next\n}\n'),
      (error) => {
        assert.ok(error instanceof CompileError);
        const [{ file, line, column } = {}] = error.diagnostics;
        assert.deepEqual([file, line, column], ['capra.json', 2, 13]);
        return true;
      },
    );
  });

  test('decides what an invalid limit is', async () => {
    const route =
      "export const config = { api: { bodyParser: { sizeLimit: 'abc' } } };\nexport default () => {};\n";
    const strict = await compile({ 'capra.json': '{"parity":"next"}', 'pages/api/a.js': route });
    assert.deepEqual(strict.compilation.errors, []);
    const plain = await compile({ 'pages/api/a.js': route });
    assert.equal(plain.compilation.errors.length, 1);
  });
});
