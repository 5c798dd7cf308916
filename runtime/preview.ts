// SPDX-License-Identifier: MIT

/**
 * Draft mode and preview mode: two cookies by which a client is known to be one who may see what is
 * not published. There are no pages here that would look different to such a client, but handlers ask, and
 * set the cookies for the pages of an app beside this one.
 */

import type { PreviewKeys } from '../compiler/preview-keys.ts';
import { parseCookies } from './cookies.ts';
import { findField, joinFields } from './headers.ts';
import { kCleared, kHead, kPreview, kRoute, kServer } from './internals.ts';
import { takesRequests } from './manifest.ts';
import { decryptToken, openToken, sealToken } from './preview-token.ts';
import type { Request } from './request.ts';
import { isSent, type Response } from './response.ts';

const bypassName = '__prerender_bypass';
const dataName = '__next_preview_data';

/** The longest token that cookies are sure to hold, as Next has it. */
const tokenAtMost = 2048;

/** What `JSON.parse` gives; `false` when there is none. */
export type PreviewData = object | string | number | boolean | null;

/** What a request's cookies say; nothing for most requests. */
export class Preview {
  readonly #keys: PreviewKeys;
  /** Undefined: draft mode, which has no data. */
  readonly #sealed: string | undefined;
  #data: PreviewData | undefined;

  constructor(keys: PreviewKeys, sealed: string | undefined) {
    this.#keys = keys;
    this.#sealed = sealed;
  }

  get data(): PreviewData {
    if (this.#data === undefined) {
      this.#data = this.#sealed === undefined ? {} : this.#open(this.#sealed);
    }
    return this.#data;
  }

  #open(sealed: string): PreviewData {
    try {
      return JSON.parse(decryptToken(sealed, this.#keys));
    } catch {
      return false;
    }
  }
}

/** Before the handler is called: finds out what the cookies say, and takes away those that say nothing any more. */
export function readPreview(req: Request, res: Response): void {
  const head = req[kHead];
  if (!isNamed.test(head)) return;
  if (takesRequests(req[kRoute])) return; // Next leaves their cookies alone
  const { preview: keys } = res[kServer];
  const cookies = parseCookies(joinFields(head, 'cookie', '; '));
  const id = cookies[bypassName];
  const token = cookies[dataName];
  if (!id && !token) return;
  if (isSame(findField(head, 'x-prerender-revalidate'), keys.id)) return;
  const sealed = token ? openToken(token, keys) : undefined;
  if (isSame(id, keys.id) && (!token || sealed !== undefined)) {
    req[kPreview] = new Preview(keys, sealed);
  } else {
    clearPreviewData(res, {});
  }
}

const isNamed = /__(?:prerender_bypass|next_preview_data)=/;

/** Not to be found out by how long it takes. */
function isSame(text: string | undefined, secret: string): boolean {
  if (text === undefined || text.length !== secret.length) return false;
  const { timingSafeEqual } = process.getBuiltinModule('node:crypto');
  return timingSafeEqual(Buffer.from(text, 'latin1'), Buffer.from(secret, 'latin1'));
}

interface CookieOptions {
  maxAge?: number;
  path?: string;
}

export function setDraftMode(res: Response, options: { enable?: unknown }): void {
  const { id } = res[kServer].preview;
  const expires = options.enable ? '' : longAgo;
  addCookies(res, [cookie(res, bypassName, id, { expires })]);
}

/** Throws when the data is not JSON, or too much. */
export function setPreviewData(res: Response, data: unknown, options: CookieOptions): void {
  const keys = res[kServer].preview;
  const text: string | undefined = JSON.stringify(data);
  if (text === undefined) {
    throw new TypeError(
      `res.setPreviewData() was given ${typeof data}, which JSON has no text for`,
    );
  }
  const token = sealToken(text, keys, options.maxAge);
  if (token.length > tokenAtMost) {
    throw new Error(
      'Preview data is limited to 2KB currently, ' +
        'reduce how much data you are storing as preview data to continue',
    );
  }
  addCookies(res, [
    cookie(res, bypassName, keys.id, options),
    cookie(res, dataName, token, options),
  ]);
}

/** Once; who calls it again may not take back what has been set since. */
export function clearPreviewData(res: Response, { path }: CookieOptions): void {
  if (res[kCleared]) return;
  const gone = { path, expires: longAgo };
  addCookies(res, [cookie(res, bypassName, '', gone), cookie(res, dataName, '', gone)]);
  res[kCleared] = true;
}

const longAgo = '; Expires=Thu, 01 Jan 1970 00:00:00 GMT';

function cookie(
  res: Response,
  name: string,
  value: string,
  { maxAge, path = '/', expires = '' }: CookieOptions & { expires?: string },
): string {
  const age = maxAge === undefined ? '' : `; Max-Age=${checkAge(maxAge)}`;
  // Pages are shown in frames of editors at other sites; in development there is no TLS.
  const site = res[kServer].isDev ? '; SameSite=Lax' : '; Secure; SameSite=None';
  return `${name}=${value}${age}; Path=${checkPath(path)}${expires}; HttpOnly${site}`;
}

function checkAge(maxAge: number): number {
  if (!Number.isInteger(maxAge)) {
    throw new TypeError(`maxAge must be a whole number of seconds, and is ${String(maxAge)}`);
  }
  return maxAge;
}

function checkPath(path: string): string {
  if (typeof path !== 'string' || !/^[\x20-\x3a\x3c-\x7e]+$/.test(path)) {
    throw new TypeError(`path must be one that a cookie can have, and is ${String(path)}`);
  }
  return path;
}

/** To those that were set before; without effect once the head is sent. */
function addCookies(res: Response, added: string[]): void {
  if (isSent(res)) return;
  const before = [res.getHeader('Set-Cookie') ?? []].flat();
  res.setHeader('Set-Cookie', [...before, ...added]);
}
