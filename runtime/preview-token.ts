// SPDX-License-Identifier: MIT

/**
 * The token in the cookie `__next_preview_data`: a JWT (RFC 7519, HS256) around data that only the server can read
 * (AES-256-GCM). The same that Next makes and reads, given the same keys.
 */

import type { PreviewKeys } from '../compiler/preview-keys.ts';

export type TokenKeys = Pick<PreviewKeys, 'signingKey' | 'encryptionKey'>;

const saltBytes = 64;
const vectorBytes = 16;
const tagBytes = 16;

/** A worker that does not need it must not load it. */
const crypto = () => process.getBuiltinModule('node:crypto');

/** `text` as a token, which is good for `maxAge` seconds, if that is given. */
export function sealToken(text: string, keys: TokenKeys, maxAge?: number): string {
  const iat = Math.floor(Date.now() / 1000);
  const payload = { data: encrypt(text, keys).toString('hex'), iat };
  const signed = [
    { alg: 'HS256', typ: 'JWT' },
    maxAge === undefined ? payload : { ...payload, exp: iat + maxAge },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign(signed, keys).toString('base64url')}`;
}

/** What is encrypted in a token; undefined when it is not signed by us, or over. */
export function openToken(token: string, keys: TokenKeys): string | undefined {
  const [head, body, signature, ...more] = token.split('.');
  if (head === undefined || body === undefined || signature === undefined || more.length > 0)
    return undefined;
  const expected = sign(`${head}.${body}`, keys);
  const found = Buffer.from(signature, 'base64url');
  if (found.length !== expected.length || !crypto().timingSafeEqual(found, expected))
    return undefined;
  try {
    const { alg } = parsePart(head);
    const { data, exp } = parsePart(body);
    const isOver = exp !== undefined && !(Date.now() / 1000 < (exp as number));
    return alg === 'HS256' && typeof data === 'string' && !isOver ? data : undefined;
  } catch {
    return undefined;
  }
}

/** The text in what `openToken` gave. Throws when it was made with another key. */
export function decryptToken(hex: string, keys: TokenKeys): string {
  const bytes = Buffer.from(hex, 'hex');
  const vectorAt = saltBytes;
  const tagAt = vectorAt + vectorBytes;
  const textAt = tagAt + tagBytes;
  const key = deriveKey(keys, bytes.subarray(0, vectorAt));
  const decipher = crypto()
    .createDecipheriv('aes-256-gcm', key, bytes.subarray(vectorAt, tagAt), {
      authTagLength: tagBytes,
    })
    .setAuthTag(bytes.subarray(tagAt, textAt));
  return decipher.update(bytes.subarray(textAt), undefined, 'utf8') + decipher.final('utf8');
}

function parsePart(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) ?? {};
}

function sign(text: string, { signingKey }: TokenKeys): Buffer {
  return crypto().createHmac('sha256', signingKey).update(text).digest();
}

/** Salt, vector, tag, and as many bytes as the text has. */
function encrypt(text: string, keys: TokenKeys): Buffer {
  const { randomBytes, createCipheriv } = crypto();
  const vector = randomBytes(vectorBytes);
  salt ??= randomBytes(saltBytes);
  const cipher = createCipheriv('aes-256-gcm', deriveKey(keys, salt), vector);
  const hidden = [cipher.update(text, 'utf8'), cipher.final()];
  return Buffer.concat([salt, vector, cipher.getAuthTag(), ...hidden]);
}

/**
 * Deriving a key takes tens of milliseconds, in which nobody else is served. So all tokens of a
 * worker share a salt (each has a vector of its own), and keys are kept.
 */
let salt: Buffer | undefined;
const derived = new Map<string, Buffer>();
const derivedAtMost = 64;

function deriveKey({ encryptionKey }: TokenKeys, salt: Buffer): Buffer {
  const name = `${encryptionKey}${salt.toString('latin1')}`;
  const known = derived.get(name);
  const key = known ?? crypto().pbkdf2Sync(encryptionKey, salt, 100_000, 32, 'sha512');
  // The one that was not used for the longest time makes room.
  derived.delete(name);
  derived.set(name, key);
  if (derived.size > derivedAtMost) derived.delete(derived.keys().next().value as string);
  return key;
}
