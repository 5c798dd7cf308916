// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: .env files refer to variables so

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEnv, readEnvFiles } from '../../compiler/env-files.ts';
import { makeApp } from '../support/app.ts';

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
  const LINES: [string, Record<string, string>][] = [
    ['K=v', { K: 'v' }],
    ['K=', { K: '' }],
    ['K=  trim  ', { K: 'trim' }],
    ['  K = v', { K: 'v' }],
    ['export K=1', { K: '1' }],
    ['K.DOT=1', { 'K.DOT': '1' }],
    ['lower-case=1', { 'lower-case': '1' }],
    ['K: v', { K: 'v' }],
    ['K=a#b', { K: 'a' }],
    ['K=a # b', { K: 'a' }],
    ['K="a#b" # c', { K: 'a#b' }],
    ["K='a#b'", { K: 'a#b' }],
    ['K=`a "b" \'c\'`', { K: 'a "b" \'c\'' }],
    ['K="  kept  "', { K: '  kept  ' }],
    ['K="x\\ny"', { K: 'x\ny' }],
    ["K='x\\ny'", { K: 'x\\ny' }],
    ['K="line1\nline2"\nL=1', { K: 'line1\nline2', L: '1' }],
    ['K=\'{"a": 1}\'', { K: '{"a": 1}' }],
    ['K={"a": 1}', { K: '{"a": 1}' }],
    ['K="never closed\nL=1', { K: '"never closed', L: '1' }],
    ['K=1\nK=2', { K: '2' }],
    ['# K=1\nL=1', { L: '1' }],
    ['nonsense\nL=1', { L: '1' }],
    ['A=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['\uFEFFA=1', { A: '1' }],
    ['K=a=b=c', { K: 'a=b=c' }],
    ['URL=postgres://u:p@h/db?x=1', { URL: 'postgres://u:p@h/db?x=1' }],
  ];
  for (const [text, values] of LINES) {
    test(JSON.stringify(text), () => assert.deepEqual(Object.fromEntries(parseEnv(text)), values));
  }
});

describe('a reference', () => {
  const FILES: [string, Record<string, string>][] = [
    ['A=1\nK=$A-x', { A: '1', K: '1-x' }],
    ['A=1\nK=${A}-y', { A: '1', K: '1-y' }],
    ['A=1\nK=pre$A', { A: '1', K: 'pre1' }],
    ['A=1\nK="$A"', { A: '1', K: '1' }],
    ["A=1\nK='$A'", { A: '1', K: '1' }],
    ['A=1\nK=\\$A', { A: '1', K: '$A' }],
    ['K=${MISSING:-dflt}', { K: 'dflt' }],
    ['K=${MISSING:-}', { K: '' }],
    ['A=1\nK=${MISSING:-${A}}', { A: '1', K: '1' }],
    ['EMPTY=\nK=${EMPTY:-dflt}', { EMPTY: '', K: 'dflt' }],
    ['K=[$MISSING]', { K: '[]' }],
    ['K=$LATER\nLATER=$LAST\nLAST=end', { K: 'end', LATER: 'end', LAST: 'end' }],
    ['A=$B\nB=$A', { A: '', B: '' }],
    ['A=x$A', { A: 'x' }],
    ['K=5$ and $', { K: '5$ and $' }],
  ];
  for (const [text, values] of FILES) {
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
