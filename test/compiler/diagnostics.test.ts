// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeFrame, formatDiagnostic } from '../../compiler/diagnostics.ts';

const SOURCE = ['one', 'two', '\tthree(3);', 'four', 'five', 'six'].join('\n');

describe('a code frame', () => {
  test('shows two lines on each side and a mark under the place', () => {
    assert.deepEqual(codeFrame(SOURCE, 3, 2, 5), [
      '  1 │ one',
      '  2 │ two',
      '> 3 │ \tthree(3);',
      '    │ \t^^^^^',
      '  4 │ four',
      '  5 │ five',
    ]);
  });

  test('at the edges of the file, and behind the end of a line', () => {
    assert.deepEqual(codeFrame('only', 1, 5), ['> 1 │ only', '    │     ^']);
    assert.equal(codeFrame(SOURCE, 6, 1)[0], '  4 │ four');
    assert.deepEqual(codeFrame(SOURCE, 7, 1), []);
  });

  test('aligns the numbers', () => {
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join('\n');
    assert.deepEqual(codeFrame(lines, 10, 1).slice(0, 4), [
      '   8 │ line 8',
      '   9 │ line 9',
      '> 10 │ line 10',
      '     │ ^^^^',
    ]);
  });

  test('of a long line shows the part that counts', () => {
    const [line = '', mark = ''] = codeFrame(`${'x'.repeat(5000)}!${'x'.repeat(5000)}`, 1, 5001);
    assert.ok(line.length < 200);
    assert.equal(line[mark.indexOf('^')], '!');
  });

  test('the mark is as long as the word, if nobody says more', () => {
    assert.equal(codeFrame('let name = 1;', 1, 5)[1], '    │     ^^^^');
    assert.equal(codeFrame('a = ;', 1, 5)[1], '    │     ^');
  });

  test('the mark ends with the line', () => {
    assert.equal(codeFrame('abc', 1, 2, 100)[1], '    │  ^^');
  });

  test('holds nothing that moves the cursor', () => {
    assert.deepEqual(codeFrame('a\x1b[2Jb', 1, 1)[0], '> 1 │ a\uFFFD[2Jb');
  });
});

describe('a diagnostic as text', () => {
  test('with a place, a frame and a hint', () => {
    const text = formatDiagnostic({
      severity: 'error',
      text: 'It is wrong.',
      file: 'pages/api/a.ts',
      line: 1,
      column: 3,
      frame: codeFrame('wrong', 1, 3),
      hint: 'Make it right.\nAnd well.',
    });
    assert.equal(
      text,
      `⨯ pages/api/a.ts:1:3
  It is wrong.

    > 1 │ wrong
        │   ^^^

  Make it right.
  And well.
`,
    );
  });

  test('of several files', () => {
    const text = formatDiagnostic({
      severity: 'warning',
      text: 'Two\nlines.',
      files: ['a.ts', 'b.ts'],
    });
    assert.equal(text, '⚠ Two\n  lines.\n    a.ts\n    b.ts\n');
  });

  test('holds nothing that moves the cursor, and no colour where nobody sees it', () => {
    const text = formatDiagnostic(
      { severity: 'error', text: '\x1b[31mred\x1b[0m' },
      process.stderr,
    );
    assert.equal(text, '⨯ red\n');
  });
});
