// SPDX-License-Identifier: MIT

import type { ParsedUrlQuery } from 'node:querystring';
import type { MediaType } from './media-type.ts';

/** A body that is not what its Content-Type says: the client's fault, answered with 400. */
export class BodyError extends Error {}

/**
 * `req.body`: the value of JSON, the pairs of a form, the text of anything else. `raw` as
 * `Host.request` hands it over. Throws a BodyError.
 */
export function readBody(raw: string | Uint8Array, type: MediaType): unknown {
  const text = decode(raw, type.charset);
  switch (type.kind) {
    case 'json':
      return text === '' ? {} : parseJson(text);
    case 'form':
      return parseForm(text);
    case 'text':
      return text;
  }
}

/** Whether `readBody` may throw, so that the body must be read before the handler runs. */
export function mayFail(type: MediaType): boolean {
  return type.kind === 'json' || !isUtf8(type.charset);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BodyError('Invalid JSON');
  }
}

/** node:querystring, loaded when the first form arrives. */
let querystring: typeof import('node:querystring') | undefined;

function parseForm(text: string): ParsedUrlQuery {
  querystring ??= process.getBuiltinModule('node:querystring');
  return querystring.parse(text);
}

function isUtf8(charset: string): boolean {
  return charset === 'utf-8' || charset === 'utf8';
}

function decode(raw: string | Uint8Array, charset: string): string {
  if (isUtf8(charset)) return typeof raw === 'string' ? raw : new TextDecoder().decode(raw);
  const bytes = bytesOf(raw);
  // WHATWG's decoders read Latin-1 as windows-1252, which is something else from 0x80 to 0x9f.
  if (charset === 'iso-8859-1' || charset === 'latin1') return bytes.toString('latin1');
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    throw new BodyError('Invalid body');
  }
}

/** The bytes that the client sent. */
export function bytesOf(raw: string | Uint8Array): Buffer {
  return typeof raw === 'string'
    ? Buffer.from(raw)
    : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
}
