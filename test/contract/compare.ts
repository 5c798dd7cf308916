// SPDX-License-Identifier: MIT

import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { Body, Expected } from './case.ts';
import { field, type Head, type Reply } from './exchange.ts';
import { keepAliveSeconds, spellOut } from './normalise.ts';

/** What stands for itself in a case: `<port>`, `<previewModeId>`. */
export type Values = Record<string, string>;

/** What differs between an answer and what was expected, in words; nothing when they agree. */
export function compare(expected: Expected, reply: Reply, values: Values): string[] {
  return [
    ...compareStatus(expected, reply),
    ...(reply.head && expected.status !== null ? compareHeaders(expected, reply.head, values) : []),
    ...compareBody(expected.body, reply, values),
    ...compareClosing(reply),
  ];
}

function compareStatus({ status, interim = [] }: Expected, reply: Reply): string[] {
  const found = reply.head?.status ?? null;
  const early = reply.interim.map((head) => head.status);
  return [
    ...(found === status ? [] : [`status: expected ${status}, found ${found}`]),
    ...(`${early}` === `${interim}` ? [] : [`interim: expected ${interim}, found ${early}`]),
  ];
}

function compareHeaders({ headers = [] }: Expected, head: Head, values: Values): string[] {
  const wanted = [...spellOut(headers), ...connectionLines(headers)];
  const left = [...head.lines];
  const missing = wanted.filter((line) => {
    const pattern = toPattern(line, values);
    const at = left.findIndex((each) => pattern.test(each));
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  return [
    ...missing.map((line) => `missing header: ${line}`),
    ...left.map((line) => `unexpected header: ${line}`),
  ];
}

// The contract's tables leave these out, for every answer has them.
function connectionLines(headers: string[]): string[] {
  const closes = headers.includes('Connection: close');
  return [
    'Date: <any>',
    ...(closes ? [] : ['Connection: keep-alive', `Keep-Alive: timeout=${keepAliveSeconds}`]),
  ];
}

/** `<any>` stands for anything, and a name in `values` for its value. */
function toPattern(text: string, values: Values): RegExp {
  const parts = fill(text, values)
    .split(/<any>|<jwt>/)
    .map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** Puts the values in for their names. */
export function fill(text: string, values: Values): string {
  return Object.entries(values).reduce(
    (result, [name, value]) => result.replaceAll(name, value),
    text,
  );
}

function compareBody(body: Body, reply: Reply, values: Values): string[] {
  const end = expectedEnd(body);
  const ends = end === reply.end ? [] : [`end of the answer: expected ${end}, found ${reply.end}`];
  const says = bodyMatches(body, reply, values)
    ? []
    : [`body: expected ${show(body)}, found ${show(reply.body.toString('utf8'))}`];
  return [...ends, ...says];
}

function expectedEnd(body: Body): Reply['end'] {
  if (typeof body === 'string') return 'whole';
  if ('silentFor' in body) return 'open';
  if ('closed' in body) return 'closed';
  return 'cut' in body ? 'cut' : 'whole';
}

function bodyMatches(body: Body, { body: bytes, head }: Reply, values: Values): boolean {
  const text = bytes.toString('utf8');
  if (typeof body === 'string') return toPattern(body, values).test(text);
  if ('hex' in body) return bytes.toString('hex') === body.hex;
  if ('repeat' in body) return text === body.repeat.repeat(body.times);
  if ('page' in body) return isPage(text, body.page, body.text);
  if ('document' in body) return /^<!doctype html/i.test(text);
  if ('starts' in body) return text.startsWith(fill(body.starts, values));
  if ('any' in body) return true;
  if ('coding' in body) return isCoded(body, bytes, head);
  if ('silentFor' in body) return text === (body.open ?? '');
  if ('cut' in body) return text === body.cut;
  return text === '' && 'closed' in body;
}

function isPage(text: string, status: number, says: string): boolean {
  const heading = new RegExp(`<h1[^>]*>${status}</h1>`);
  const line = new RegExp(`<h2[^>]*>${RegExp.escape(says)}</h2>`);
  return heading.test(text) && line.test(text);
}

const decoders: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

type Coded = Extract<Body, { coding: string }>;

function isCoded({ coding, bytes: length, of }: Coded, bytes: Buffer, head?: Head): boolean {
  if (!head || field(head, 'content-encoding') !== coding) return false;
  try {
    const plain = decoders[coding](bytes);
    return plain.length === length && (of === undefined || plain.toString() === of);
  } catch {
    return false;
  }
}

function compareClosing({ head, isClosed }: Reply): string[] {
  const closes = head?.lines.some((line) => line.toLowerCase() === 'connection: close') ?? false;
  return closes && !isClosed ? ['the connection was left open after Connection: close'] : [];
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;
}
