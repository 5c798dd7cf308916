// SPDX-License-Identifier: MIT

/** With `--parity next`: what Next makes of names that it keeps for itself, or trips over. */

import type { Cookies } from './cookies.ts';
import type { Query } from './query.ts';

const inherited = Object.prototype as unknown as Record<string, unknown>;

/** Without the keys of Next's own router, and `__proto__`. Also what `req.url` shows. */
export function withoutInternal(query: Query): Query {
  for (const key of Object.keys(query)) if (isInternal(key)) delete query[key];
  return query;
}

function isInternal(key: string): boolean {
  return /^nxt[PI]./s.test(key) || key === 'nextInternalLocale' || key === '__proto__';
}

/** `req.query`: a name that every object has is a list that begins with what it is on every object. */
export function withInherited(query: Query): Query {
  for (const [key, value] of Object.entries(withoutInternal(query))) {
    if (key in inherited) Object.assign(query, { [key]: [inherited[key], value].flat() });
  }
  return query;
}

/** `req.cookies`: the same names are dropped. */
export function withoutInherited(cookies: Cookies): Cookies {
  for (const key of Object.keys(cookies)) if (key in inherited) delete cookies[key];
  return cookies;
}
