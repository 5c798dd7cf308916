// SPDX-License-Identifier: MIT

/** The query, and the parameters of a dynamic route, which stand beside it in `req.query`. */

import { getKey, setKey } from './plain.ts';

export type Query = Record<string, string | string[]>;

/** The dynamic segments of a route's pattern, in order. */
export interface ParamNames {
  readonly names: readonly string[];
  /** The last one takes all that is left of the path. */
  readonly endsInCatchAll: boolean;
}

/** `[id]`, `[...slug]`, `[[...slug]]` in `/api/users/[id]`. */
export function paramNames(pattern: string): ParamNames {
  const names: string[] = [];
  let endsInCatchAll = false;
  for (const segment of pattern.split('/')) {
    const found = /^\[(?:\[)?(\.\.\.)?(.+?)\]{1,2}$/.exec(segment);
    if (found === null) continue;
    names.push(found[2] as string);
    endsInCatchAll = found[1] !== undefined;
  }
  return { names, endsInCatchAll };
}

const ampersand = 0x26;
const equalsSign = 0x3d;
const percent = 0x25;
const plus = 0x2b;

/** The pairs of a query (without its `?`), as URLSearchParams reads them. */
export function parseQuery(text: string): Query {
  const query: Query = {};
  let start = 0;
  let equals = -1;
  let isEncoded = false;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? ampersand : text.charCodeAt(at);
    if (code === equalsSign) {
      if (equals === -1) equals = at;
    } else if (code === percent || code === plus) {
      isEncoded = true;
    } else if (code === ampersand) {
      if (at > start) addPair(query, text, start, equals, at, isEncoded);
      start = at + 1;
      equals = -1;
      isEncoded = false;
    }
  }
  return query;
}

/** `equals`: where the first `=` is, -1 when there is none. */
function addPair(
  query: Query,
  text: string,
  start: number,
  equals: number,
  end: number,
  isEncoded: boolean,
): void {
  const name = text.slice(start, equals === -1 ? end : equals);
  const given = equals === -1 ? '' : text.slice(equals + 1, end);
  const key = isEncoded ? decodeForm(name) : name;
  const value = isEncoded ? decodeForm(given) : given;
  const before = getKey(query, key);
  if (before === undefined) setKey(query, key, value);
  else if (Array.isArray(before)) before.push(value);
  else setKey(query, key, [before, value]);
}

/**
 * Puts the parameters into `query`. `params`: their values as `Host.request` hands them over. They
 * win over the client's keys of the same names, whose places they take.
 */
export function addParams(query: Query, pattern: ParamNames, params: string): void {
  const { names, endsInCatchAll } = pattern;
  const last = names.length - 1;
  let at = 0;
  for (let index = 0; index <= last; index++) {
    const name = names[index] as string;
    if (endsInCatchAll && index === last) {
      // An optional catch-all that took nothing has no piece, or one that is empty.
      if (at < params.length) setKey(query, name, params.slice(at).split('/').map(decodeParam));
      return;
    }
    const slash = index === last ? -1 : params.indexOf('/', at);
    const end = slash === -1 ? params.length : slash;
    setKey(query, name, decodeParam(params.slice(at, end)));
    at = end + 1;
  }
}

function decodeParam(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text;
}

/** Undoes form encoding (WHATWG URL, 5.1): malformed escapes stay, bytes that are no UTF-8 become U+FFFD. */
export function decodeForm(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return decodeLoosely(spaced);
  }
}

function decodeLoosely(text: string): string {
  const bytes = Buffer.from(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    const high = byte === 0x25 ? hexDigit(bytes[at + 1]) : -1;
    const low = high === -1 ? -1 : hexDigit(bytes[at + 2]);
    if (low !== -1) at += 2;
    bytes[length++] = low === -1 ? byte : high * 16 + low;
  }
  return bytes.toString('utf8', 0, length);
}

function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
