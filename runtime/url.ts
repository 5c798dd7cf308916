// SPDX-License-Identifier: MIT

import { parseQuery, type Query } from './query.ts';

/** Where the query of a target begins, its `?` included; the target's length when it has none. */
export function queryAt(target: string): number {
  const question = target.indexOf('?');
  return question === -1 ? target.length : question;
}

/** A target without its fragment, which Next drops. */
export function withoutFragment(target: string): string {
  const hash = target.indexOf('#');
  return hash === -1 ? target : target.slice(0, hash);
}

/**
 * `req.url` as Next writes it anew: the query's pairs grouped by key, integer-like keys first, all
 * form-encoded, and without the keys in `hidden` (the route's parameters).
 */
export function nextUrl(path: string, query: string, hidden: readonly string[]): string {
  if (query === '') return path;
  if (hidden.length === 0 && isOneCleanPair.test(query)) return `${path}?${query}`;
  return path + writeQuery(parseQuery(query), hidden);
}

/** A query as text, form-encoded, behind its `?`; empty when there is nothing in it. */
export function writeQuery(query: Query, hidden: readonly string[]): string {
  let written = '';
  for (const key of Object.keys(query)) {
    if (hidden.includes(key)) continue;
    const name = encodeForm(key);
    const value = query[key] as string | string[];
    if (typeof value === 'string') written += `&${name}=${encodeForm(value)}`;
    else for (const one of value) written += `&${name}=${encodeForm(one)}`;
  }
  return written === '' ? '' : `?${written.slice(1)}`;
}

/** What the encoding would give back unchanged. */
const isOneCleanPair = /^[\w*.-]+=[\w*.+-]*$/;

/** Form encoding (WHATWG URL, 5.2) leaves letters, digits and `*-._` as they are. */
function encodeForm(text: string): string {
  return encodeURIComponent(text).replace(/%20|[!'()~]/g, encodeMark);
}

function encodeMark(mark: string): string {
  return mark === '%20' ? '+' : `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
}
