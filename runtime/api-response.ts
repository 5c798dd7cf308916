// SPDX-License-Identifier: MIT

/** `res` as API routes have it: what Next adds to Node's. */

import { ServerResponse } from 'node:http';
import { Stream } from 'node:stream';
import { own } from './bare.ts';
import { Flag } from './core.ts';
import { fail } from './errors.ts';
import { isFresh } from './etag.ts';
import { type Fields, findField, setField } from './fields.ts';
import {
  kFields,
  kHead,
  kPreset,
  kRequest,
  kRoute,
  kServer,
  kState,
  kTagged,
} from './internals.ts';
import { logError, warn } from './log.ts';
import { clearPreviewData, setDraftMode, setPreviewData } from './preview.ts';
import { conclude, deliver, isSent, Response, State } from './response.ts';
import { presetsTag, unfold } from './rules.ts';
import { tagOf } from './tagged.ts';

const jsonType = 'application/json; charset=utf-8';
/** The same for who looks at the fields of an answer that has gone; nobody changes them then. */
const jsonFields: Fields = [];
setField(jsonFields, 'Content-Type', jsonType);

/**
 * The helpers are accessors that give a function bound to their response, so that
 * `const { json } = res` works as in Next; called as methods they cost no more than methods.
 */
export class ApiResponse extends Response {
  get status(): (code: number) => this {
    return (code) => {
      this.statusCode = code;
      return this;
    };
  }

  set status(helper: unknown) {
    own(this, 'status', helper);
  }

  get json(): (value?: unknown) => void {
    return (value) => sendJson(this, value);
  }

  set json(helper: unknown) {
    own(this, 'json', helper);
  }

  get send(): (body?: unknown) => void {
    return (body) => send(this, body);
  }

  /** From then on `json` goes through it, as in Next. */
  set send(helper: unknown) {
    this[kFields] ??= [];
    own(this, 'send', helper);
  }

  get redirect(): (statusOrUrl: number | string, url?: string) => this {
    return (statusOrUrl, url) => redirect(this, statusOrUrl, url);
  }

  set redirect(helper: unknown) {
    own(this, 'redirect', helper);
  }

  get setDraftMode(): (options?: { enable?: unknown }) => this {
    return (options = { enable: true }) => {
      setDraftMode(this, options);
      return this;
    };
  }

  set setDraftMode(helper: unknown) {
    own(this, 'setDraftMode', helper);
  }

  get setPreviewData(): (data: unknown, options?: { maxAge?: number; path?: string }) => this {
    return (data, options = {}) => {
      setPreviewData(this, data, options);
      return this;
    };
  }

  set setPreviewData(helper: unknown) {
    own(this, 'setPreviewData', helper);
  }

  get clearPreviewData(): (options?: { path?: string }) => this {
    return (options = {}) => {
      clearPreviewData(this, options);
      return this;
    };
  }

  set clearPreviewData(helper: unknown) {
    own(this, 'clearPreviewData', helper);
  }

  get revalidate(): (path: string) => Promise<void> {
    return (path) => revalidate(path);
  }

  set revalidate(helper: unknown) {
    own(this, 'revalidate', helper);
  }
}

Object.defineProperty(ApiResponse.prototype, 'constructor', { value: ServerResponse });

const { end, writeHead, setHeader } = Response.prototype;

// ---- json ----

function sendJson(res: ApiResponse, value: unknown): void {
  if (res[kState] >= State.ended) {
    endAgain(res);
    return;
  }
  const text = stringify(res, value);
  if (text !== undefined && isUntouched(res) && isSmall(res, text)) {
    const id = conclude(res);
    const flags = res[kPreset] === undefined ? Flag.etag : Flag.etag | Flag.preset;
    const isKnown = res[kServer].core.respondJson(id, res.statusCode, text, flags);
    res[kFields] = jsonFields;
    note(res, text, isKnown);
    return;
  }
  if (text === undefined && res[kServer].isDev) {
    warn(
      `res.json() of ${res[kRequest].url} was given ${typeof value}, which JSON has no text for.`,
    );
  }
  res.setHeader('Content-Type', jsonType);
  if (text === undefined || Object.hasOwn(res, 'send')) res.send(text);
  else send(res, text);
}

/** Next sets the type before it knows whether there is a text, and it stays on the answer to a failure. */
function stringify(res: ApiResponse, value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (res[kServer].settings.parity) res.setHeader('Content-Type', jsonType);
    throw error;
  }
}

/** Nothing was set but a plain status, and no package has replaced what the answer goes through. */
function isUntouched(res: ApiResponse): boolean {
  const status = res.statusCode;
  return (
    res[kState] === State.fresh &&
    res[kFields] === null &&
    !presetsTag(res) &&
    status === (status | 0) &&
    status >= 200 &&
    status <= 999 &&
    status !== 204 &&
    status !== 304 &&
    res.statusMessage === undefined &&
    res.end === end &&
    res.writeHead === writeHead &&
    res.setHeader === setHeader &&
    res.sendDate &&
    res.shouldKeepAlive &&
    res._trailer === ''
  );
}

/** Whether the text is surely below the route's `responseLimit`. */
function isSmall(res: ApiResponse, text: string): boolean {
  return text.length * 3 < res[kRequest][kRoute].limits.responseLimit;
}

// ---- send ----

function send(res: ApiResponse, body: unknown): void {
  if (res[kState] >= State.ended) {
    endAgain(res);
  } else if (body === undefined || body === null) {
    res.end();
  } else if (isBodyless(res.statusCode)) {
    sendNothing(res);
  } else if (body instanceof Stream) {
    sendStream(res, body);
  } else if (Buffer.isBuffer(body)) {
    const flags = Flag.etag | Flag.etagOfBuffer | lateType(res);
    defaultType(res);
    sendTagged(res, body, flags);
  } else if (typeof body === 'string') {
    sendTagged(res, body, Flag.etag);
  } else if (typeof body === 'object' || typeof body === 'number' || typeof body === 'boolean') {
    const text = JSON.stringify(body);
    const flags = Flag.etag | lateType(res);
    res.setHeader('Content-Type', jsonType);
    sendTagged(res, text, flags);
  } else {
    throw new TypeError(
      `res.send() was given a ${typeof body}; it sends strings, Buffers, streams, and what JSON can hold`,
    );
  }
}

/** The second answer is no answer; one that nobody hears ends the response all the same. */
function endAgain(res: ApiResponse): void {
  res.end();
}

function isBodyless(status: unknown): boolean {
  const code = (status as number) | 0;
  return code === 204 || code === 304;
}

function sendNothing(res: ApiResponse): void {
  if (res[kServer].isDev) {
    warn(
      `A body was attempted to be set with a ${res.statusCode} statusCode for ${res[kRequest].url}, ` +
        'this is invalid and the body was ignored.',
    );
  }
  if (!isSent(res)) for (const name of ['content-type', 'content-length']) res.removeHeader(name);
  res.end();
}

function defaultType(res: ApiResponse): void {
  if (!res.hasHeader('content-type')) res.setHeader('Content-Type', 'application/octet-stream');
}

/** The type that follows is that of a body, and not of the answer to who has it, in Next. */
function lateType(res: ApiResponse): number {
  return res[kServer].settings.parity && !res.hasHeader('content-type') ? Flag.lateType : 0;
}

function sendStream(res: ApiResponse, body: Stream): void {
  const hasType = res.hasHeader('content-type');
  defaultType(res);
  body.on('error', (error) => {
    if (res[kServer].settings.parity) {
      logError('uncaughtException', error); // and the client waits
      return;
    }
    if (!hasType && !isSent(res)) res.removeHeader('content-type');
    fail(res, error);
  });
  res.on('close', () => (body as Partial<{ destroy(): void }>).destroy?.());
  body.pipe(res as unknown as NodeJS.WritableStream);
}

/** Sends a whole body with its ETag, or 304 to who has it; the handler's own ETag is respected, but not by Next. */
function sendTagged(res: ApiResponse, body: string | Buffer, flags: number): void {
  if (isSent(res)) {
    res.end(body);
    return;
  }
  if (res[kServer].settings.parity) res.removeHeader('etag');
  if (res.end !== end) tagHere(res, body);
  const tag = findField(presetsTag(res) ? unfold(res) : res[kFields], 'etag');
  if (tag === undefined) {
    note(res, body, deliver(res, body, flags));
  } else if (
    isFresh(res[kRequest][kHead], res[kRequest].method, res.statusCode, String(tag.value))
  ) {
    res.removeHeader('content-length');
    res.statusCode = 304;
    res.end(); // C leaves the Content-Type out, and keeps in mind that it would vary
  } else {
    const isOurs = res.end === end;
    res.end(body);
    if (isOurs) note(res, body, false);
  }
}

/** Keeps what was sent for who asks afterwards which fields there were. */
function note(res: ApiResponse, body: string | Buffer, isKnown: boolean | undefined): void {
  if (isKnown) res.statusCode = 304;
  res[kTagged] = body;
}

/** A package has replaced `end` and may change the bytes: the ETag is that of the bytes before. */
function tagHere(res: ApiResponse, body: string | Buffer): void {
  if (!res.hasHeader('etag')) {
    res.setHeader('ETag', tagOf(body));
  }
  res.setHeader('Content-Length', Buffer.byteLength(body));
}

// ---- The others ----

function redirect<R extends ApiResponse>(res: R, statusOrUrl: unknown, urlOrNone: unknown): R {
  const isShort = typeof statusOrUrl === 'string';
  const status = isShort ? 307 : statusOrUrl;
  const url = isShort ? statusOrUrl : urlOrNone;
  if (typeof status !== 'number' || typeof url !== 'string') {
    throw new Error(
      'Invalid redirect arguments. Please use a single argument URL, ' +
        "e.g. res.redirect('/destination') or use a status code and URL, " +
        "e.g. res.redirect(307, '/destination').",
    );
  }
  res.writeHead(status, { Location: url });
  res.end(url);
  return res;
}

/** There are no pages beside the routes, so there is none to make anew. */
async function revalidate(path: unknown): Promise<void> {
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw new Error(
      'Invalid urlPath provided to revalidate(), must be a path e.g. /blog/post-1, ' +
        `received ${String(path)}`,
    );
  }
  throw new Error(`Failed to revalidate ${path}: Invalid response 404`);
}
