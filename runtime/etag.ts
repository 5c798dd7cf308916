// SPDX-License-Identifier: MIT

/**
 * The ETag, for the answers whose bytes C does not see as they were before a middleware changed
 * them (compression). All others get theirs from `src/response/etag.c`.
 */

import { findField } from './headers.ts';

/**
 * Next's: FNV-1a with 16-bit steps, folded to 52 bits, and the length, both in base 36. The 64 bits of
 * the hash stand in four numbers of 16; the prime is 2^40 + 0x1b3.
 */
export function etagOf(text: string): string {
  let a = 0x2325;
  let b = 0x8422;
  let c = 0x9ce4;
  let d = 0xcbf2;
  for (let at = 0; at < text.length; at++) {
    a ^= text.charCodeAt(at);
    const a1 = a * 0x1b3;
    const b1 = b * 0x1b3 + (a1 >>> 16);
    const c1 = c * 0x1b3 + (a << 8) + (b1 >>> 16);
    d = (d * 0x1b3 + (b << 8) + (c1 >>> 16)) & 0xffff;
    a = a1 & 0xffff;
    b = b1 & 0xffff;
    c = c1 & 0xffff;
  }
  const folded = (d & 0xf) * 2 ** 48 + c * 2 ** 32 + b * 2 ** 16 + (a ^ (d >> 4));
  return `"${folded.toString(36)}${text.length.toString(36)}"`;
}

/**
 * Whether the client has what `etag` names, by the rules of `response_is_fresh`. `head`: of the
 * request.
 */
export function isFresh(head: string, method: string, status: number, etag: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (status < 200 || status > 299 || status === 204 || status === 206) return false;
  const list = findField(head, 'if-none-match');
  if (list === undefined || findField(head, 'if-modified-since') !== undefined) return false;
  if (/(?:^|,)[ \t]*no-cache[ \t]*(?:,|$)/i.test(findField(head, 'cache-control') ?? ''))
    return false;
  return list === '*' || tagsOf(list).some((tag) => strong(tag) === strong(etag));
}

/** A tag may hold a comma inside its quotes. */
function tagsOf(list: string): string[] {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

function strong(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
