// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: .env files refer to variables so

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEnv, readEnvFiles } from '../../compiler/env-files.ts';
import { makeApp } from '../support/app.ts';
import { LINES, REFERENCES } from '../support/env-cases.ts';

/** The values of one `.env` file. */
function valuesOf(text: string, environment: Record<string, string> = {}) {
  return readEnvFiles(makeApp({ '.env': text }), 'production', environment).values;
}

describe('which file wins', () => {
  const files = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, `WHO=${name}`]));
  const all = files(
    '.env',
    '.env.local',
    '.env.production',
    '.env.production.local',
    '.env.development',
    '.env.development.local',
    '.env.test',
  );

  for (const mode of ['production', 'development'] as const) {
    test(`in ${mode}`, () => {
      const root = makeApp(all);
      const read = readEnvFiles(root, mode, {});
      assert.deepEqual(read.files, [`.env.${mode}.local`, '.env.local', `.env.${mode}`, '.env']);
      assert.deepEqual(read.values, { WHO: `.env.${mode}.local` });
    });
  }

  test('.env.local before .env.production before .env', () => {
    const root = makeApp({
      '.env': 'A=1\nB=1\nC=1',
      '.env.production': 'A=2\nB=2',
      '.env.local': 'A=3',
    });
    assert.deepEqual(readEnvFiles(root, 'production', {}).values, { A: '3', B: '2', C: '1' });
  });

  test('the environment wins over all of them, an empty value too', () => {
    assert.deepEqual(valuesOf('A=file\nB=file\nC=file', { A: 'process', B: '' }), { C: 'file' });
  });

  test('none at all', () => {
    assert.deepEqual(readEnvFiles(makeApp({ 'a.txt': '' }), 'production', {}), {
      files: [],
      values: {},
    });
  });

  test('a folder called .env is no file', () => {
    assert.deepEqual(readEnvFiles(makeApp({ '.env/x': '' }), 'production', {}).files, []);
  });
});

describe('a line', () => {
  for (const [text, values] of LINES) {
    test(JSON.stringify(text), () => assert.deepEqual(Object.fromEntries(parseEnv(text)), values));
  }
});

describe('a reference', () => {
  for (const [text, values] of REFERENCES) {
    test(JSON.stringify(text), () => assert.deepEqual(valuesOf(text), values));
  }

  test('means the value that counts in the end, that of the environment or of another file', () => {
    const root = makeApp({ '.env': 'A=low\nK=$A/$OUTER', '.env.local': 'A=high' });
    assert.deepEqual(readEnvFiles(root, 'production', { OUTER: '$A' }).values, {
      A: 'high',
      K: 'high/$A',
    });
  });
});
