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

/** The pairs of a query (without its `?`), as URLSearchParams reads them. */
export function parseQuery(text: string): Query {
  const query: Query = {};
  for (let at = 0; at < text.length; ) {
    let end = text.indexOf('&', at);
    if (end === -1) end = text.length;
    if (end > at) addPair(query, text.slice(at, end));
    at = end + 1;
  }
  return query;
}

function addPair(query: Query, pair: string): void {
  const equals = pair.indexOf('=');
  const key = decodeForm(equals === -1 ? pair : pair.slice(0, equals));
  const value = equals === -1 ? '' : decodeForm(pair.slice(equals + 1));
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
  const pieces = params.split('/');
  const last = pattern.names.length - 1;
  for (let at = 0; at <= last; at++) {
    const name = pattern.names[at] as string;
    if (pattern.endsInCatchAll && at === last) {
      // Of an optional catch-all that took nothing the text has no piece, or nothing but one
      // that is empty.
      const rest = pieces.slice(at);
      if (rest.length > 0 && !(rest.length === 1 && rest[0] === ''))
        setKey(query, name, rest.map(decodeURIComponent));
    } else {
      setKey(query, name, decodeURIComponent(pieces[at] as string));
    }
  }
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
