// SPDX-License-Identifier: MIT

import { getKey, setKey } from './plain.ts';

export type Cookies = Record<string, string>;

/**
 * What `req.cookies` shows of a Cookie field. The first of equal names counts, and a value that
 * is not well escaped is shown as it came.
 */
export function parseCookies(field: string | undefined): Cookies {
  const cookies: Cookies = {};
  if (field === undefined) return cookies;
  for (const pair of field.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim();
    if (getKey(cookies, name) === undefined) setKey(cookies, name, decode(pair.slice(equals + 1)));
  }
  return cookies;
}

function decode(text: string): string {
  const trimmed = text.trim();
  // As in Next, the last character goes with the first, whether or not it is a quote.
  const value = trimmed.startsWith('"') ? trimmed.slice(1, -1) : trimmed;
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
