// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatSize, parseSize, parseSizeAsNext } from '../../compiler/size.ts';

const SIZES: [unknown, number][] = [
  [0, 0],
  [500, 500],
  [1.9, 1],
  ['500', 500],
  ['10b', 10],
  ['1kb', 1024],
  ['1.5 kb', 1536],
  ['1.5   KB', 1536],
  ['2MB', 2 * 1024 ** 2],
  ['+1mb', 1024 ** 2],
  ['1gb', 1024 ** 3],
  ['1tb', 1024 ** 4],
  ['1pb', 1024 ** 5],
  ['0.1kb', 102],
];

/** No size, and the limit that Next makes of it; null is none. */
const OTHERS: [unknown, number | null][] = [
  ['abc', null],
  ['', null],
  ['kb', null],
  [true, null],
  [{}, null],
  [Number.NaN, null],
  ['5 apples', 5],
  ['1m', 1],
  ['1kb ', 1],
  ['1e3', 1],
  ['-1kb', 0],
  [-1, 0],
];

describe('a size', () => {
  for (const [value, bytes] of SIZES) {
    test(`${JSON.stringify(value)} is ${bytes}`, () => {
      assert.equal(parseSize(value), bytes);
      assert.equal(parseSizeAsNext(value), bytes);
    });
  }
  for (const [value, inNext] of OTHERS) {
    test(`${JSON.stringify(value)} is none; Next makes ${inNext} of it`, () => {
      assert.equal(parseSize(value), undefined);
      assert.equal(parseSizeAsNext(value), inNext);
    });
  }
});

test('a size is shown with three digits or so', () => {
  const shown = [0, 1, 1023, 1024, 12_345, 102_400, 1024 ** 2, 5 * 1024 ** 3].map(formatSize);
  assert.deepEqual(shown, [
    '0 B',
    '1 B',
    '1023 B',
    '1.0 kB',
    '12.1 kB',
    '100 kB',
    '1.0 MB',
    '5.0 GB',
  ]);
});
