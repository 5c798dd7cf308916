// SPDX-License-Identifier: MIT

/**
 * The fields of a request's head, as Node's IncomingMessage shows them. A head is text that C has
 * validated (see `Host.request`): lines end in CR LF, each has a colon behind its name.
 */

import { intern } from './intern.ts';

export type Headers = Record<string, string | string[] | undefined>;

/** What becomes of a field that comes more than once. */
const Repeat = {
  /** Joined with a comma (RFC 9110, 5.3). */
  comma: 0,
  /** Joined as one Cookie field (RFC 6265, 5.4). */
  semicolon: 1,
  /** Kept apart in an array. */
  list: 2,
  /** Only the first counts. */
  first: 3,
  /** Never shown: Next uses it between its own parts and drops what a client sends. */
  hidden: 4,
} as const;

interface FieldName {
  readonly key: string;
  readonly repeat: number;
}

const repeats = new Map<string, number>([
  ['cookie', Repeat.semicolon],
  ['set-cookie', Repeat.list],
]);
const onlyFirst =
  'age authorization content-length content-type etag expires from host if-modified-since ' +
  'if-unmodified-since last-modified location max-forwards proxy-authorization referer ' +
  'retry-after server user-agent';
const neverShown =
  'x-middleware-rewrite x-middleware-redirect x-middleware-set-cookie x-middleware-skip ' +
  'x-middleware-override-headers x-middleware-next x-now-route-matches x-matched-path ' +
  'x-nextjs-data x-next-resume-state-length next-resume';
for (const key of onlyFirst.split(' ')) repeats.set(key, Repeat.first);
for (const key of neverShown.split(' ')) repeats.set(key, Repeat.hidden);

/** Names as clients spelt them. Bounded: a client may invent as many as it likes. */
const seen = new Map<string, FieldName>();
const seenAtMost = 1024;

function fieldName(name: string): FieldName {
  const known = seen.get(name);
  if (known !== undefined) return known;
  const key = name.toLowerCase();
  const field = { key: intern(key), repeat: repeats.get(key) ?? Repeat.comma };
  if (seen.size < seenAtMost) seen.set(intern(name), field);
  return field;
}

/** Where the fields begin: behind the request line. */
export function fieldsAt(head: string): number {
  const end = head.indexOf('\r\n');
  return end === -1 ? head.length : end + 2;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\r\n', at);
  return end === -1 ? text.length : end;
}

const space = 0x20;
const tab = 0x09;

/** What is between two places, without white space at its ends. */
function valueBetween(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  let code = text.charCodeAt(start);
  while (start < end && (code === space || code === tab)) code = text.charCodeAt(++start);
  code = text.charCodeAt(end - 1);
  while (end > start && (code === space || code === tab)) code = text.charCodeAt(--end - 1);
  return text.slice(start, end);
}

function add(headers: Headers, name: FieldName, value: string): void {
  const key = name.key;
  const before = headers[key];
  switch (name.repeat) {
    case Repeat.comma:
      headers[key] = typeof before === 'string' ? `${before}, ${value}` : value;
      break;
    case Repeat.semicolon:
      headers[key] = typeof before === 'string' ? `${before}; ${value}` : value;
      break;
    case Repeat.list:
      if (Array.isArray(before)) before.push(value);
      else headers[key] = [value];
      break;
    case Repeat.first:
      if (before === undefined) headers[key] = value;
      break;
  }
}

/** `req.headers`: names in lower case, repeated fields combined by Node's rules. */
export function parseHeaders(text: string, from: number): Headers {
  const headers: Headers = {};
  for (let at = from; at < text.length; ) {
    const end = lineEnd(text, at);
    const colon = text.indexOf(':', at);
    add(headers, fieldName(text.slice(at, colon)), valueBetween(text, colon + 1, end));
    at = end + 2;
  }
  return headers;
}

/** `req.headersDistinct`: every value of every field, in arrays. */
export function parseDistinct(text: string, from: number): Record<string, string[]> {
  const distinct: Record<string, string[]> = Object.create(null);
  const raw = parseRaw(text, from);
  for (let at = 0; at < raw.length; at += 2) {
    const key = fieldName(raw[at] as string).key;
    const value = raw[at + 1] as string;
    const values = distinct[key];
    if (values === undefined) distinct[key] = [value];
    else values.push(value);
  }
  return distinct;
}

/** `req.rawHeaders`: name, value, name, value, as they came. */
export function parseRaw(text: string, from: number): string[] {
  const raw: string[] = [];
  for (let at = from; at < text.length; ) {
    const end = lineEnd(text, at);
    const colon = text.indexOf(':', at);
    raw.push(text.slice(at, colon), valueBetween(text, colon + 1, end));
    at = end + 2;
  }
  return raw;
}

/** The first field called `key` (in lower case), without looking closely at the others. */
export function findField(head: string, key: string): string | undefined {
  return findFieldFrom(head, fieldsAt(head), key).value;
}

/** All fields called `key`, joined with `separator`. */
export function joinFields(head: string, key: string, separator: string): string | undefined {
  let found = findFieldFrom(head, fieldsAt(head), key);
  let joined = found.value;
  while (found.value !== undefined) {
    found = findFieldFrom(head, found.end, key);
    if (found.value !== undefined) joined += separator + found.value;
  }
  return joined;
}

function findFieldFrom(
  head: string,
  from: number,
  key: string,
): { value: string | undefined; end: number } {
  const first = key.charCodeAt(0);
  for (let at = from; at < head.length; ) {
    const end = lineEnd(head, at);
    const colon = at + key.length;
    if (
      (head.charCodeAt(at) | 0x20) === first &&
      head.charCodeAt(colon) === 0x3a &&
      head.slice(at, colon).toLowerCase() === key
    ) {
      return { value: valueBetween(head, colon + 1, end), end: end + 2 };
    }
    at = end + 2;
  }
  return { value: undefined, end: head.length };
}
