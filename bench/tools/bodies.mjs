// SPDX-License-Identifier: MIT
// Bodies to send, the same in every run.
import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs';

/** A value that JSON writes in about so many bytes: a list of records like those of an API. */
export function jsonOf(bytes) {
  const items = [];
  for (let size = 0, id = 1; size < bytes - 60; id++) {
    const item = {
      id,
      name: `Item ${id}`,
      price: id * 1.25,
      tags: ['a', 'b'],
      inStock: id % 2 === 0,
    };
    size += JSON.stringify(item).length + 1;
    items.push(item);
  }
  return { items };
}

export const BOUNDARY = '----bench-0123456789abcdef';
const PIECE = Buffer.alloc(1 << 20, 'a');

/** Writes a multipart body with one file of so many MiB, once. Returns the length of the whole. */
export function writeMultipart(path, mebibytes) {
  const head =
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n` +
    'Content-Type: application/octet-stream\r\n\r\n';
  const tail = `\r\n--${BOUNDARY}--\r\n`;
  const length = head.length + mebibytes * PIECE.length + tail.length;
  if (existsSync(path) && statSync(path).size === length) return length;
  const file = openSync(path, 'w');
  writeSync(file, head);
  for (let i = 0; i < mebibytes; i++) writeSync(file, PIECE);
  writeSync(file, tail);
  closeSync(file);
  return length;
}
