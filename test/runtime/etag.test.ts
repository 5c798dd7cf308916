// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etagOf } from '../../runtime/etag.ts';

test('ETags are those of Next', () => {
  const table: [text: string, etag: string][] = [
    ['', '"78p3gz236i0"'],
    ['a', '"ap6mcnqid61"'],
    ['x', '"ayxe2glzap1"'],
    ['hello', '"2caikvdqo85"'],
    ['{"a":1}', '"147uiiad94i7"'],
    ['é', '"c66t4pa6oi1"'],
    ['日本語', '"cx9odr3xdk3"'],
    ['😀', '"c26v2dkjuu2"'],
    ['\0\uffff', '"7pwdoimjh82"'],
    ['The quick brown fox', '"bmcxx1jbg5j"'],
    ['a'.repeat(1024), '"pcnahxmeohsg"'],
    ['a'.repeat(5000), '"o9zuz7dtgb3uw"'],
    [JSON.stringify(Buffer.from('buf')), '"x2yvc5omeu11"'],
  ];
  for (const [text, etag] of table) assert.equal(etagOf(text), etag, text.slice(0, 20));
});
