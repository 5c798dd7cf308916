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

  const WRONG: [text: string, message: RegExp][] = [
    ['{ "parity": true }', /`parity` must be "next" or absent, and is true/],
    ['{ "parity": "Next" }', /and is "Next"/],
    ['{ "paritty": "next" }', /There is no option `paritty`/],
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
