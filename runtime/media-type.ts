// SPDX-License-Identifier: MIT

import { intern } from './intern.ts';

/** What a body is, going by its Content-Type. */
export interface MediaType {
  readonly kind: 'json' | 'form' | 'text';
  /** In lower case. */
  readonly charset: string;
}

const plain: MediaType = { kind: 'text', charset: 'utf-8' };

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const quoted = '"(?:[^"\\\\]|\\\\.)*"';
const parameter = `;[ \\t]*(${token})=(${token}|${quoted})[ \\t]*`;
const mediaType = new RegExp(`^(${token}/${token})[ \\t]*((?:${parameter})*)$`);
const parameters = new RegExp(parameter, 'g');

const seen = new Map<string, MediaType>();
const seenAtMost = 256;

/**
 * Reads a Content-Type strictly (RFC 9110, 8.3.1). None, and one that is malformed, are `text/plain`, as
 * in Next.
 */
export function parseMediaType(field: string | undefined): MediaType {
  if (field === undefined) return plain;
  const known = seen.get(field);
  if (known !== undefined) return known;
  const parsed = parse(field);
  if (seen.size < seenAtMost) seen.set(intern(field), parsed);
  return parsed;
}

function parse(field: string): MediaType {
  const found = mediaType.exec(field);
  if (found === null) return plain;
  let charset = 'utf-8';
  for (const [, name, value] of (found[2] as string).matchAll(parameters)) {
    if ((name as string).toLowerCase() === 'charset') charset = unquote(value as string);
  }
  return { kind: kindOf((found[1] as string).toLowerCase()), charset: charset.toLowerCase() };
}

function kindOf(type: string): MediaType['kind'] {
  // No other type with `+json`, as in Next: who signs such a body wants its text.
  if (type === 'application/json' || type === 'application/ld+json') return 'json';
  return type === 'application/x-www-form-urlencoded' ? 'form' : 'text';
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}
