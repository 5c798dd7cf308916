// SPDX-License-Identifier: MIT

/**
 * `req` as Node's http has it. It is an IncomingMessage by its prototype, and so a Readable; what
 * the constructors would have made is made when it is first touched, from the text of the head.
 */

import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { assignable, bare, own } from './bare.ts';
import { pin } from './graft.ts';
import { fieldsAt, type Headers, parseDistinct, parseHeaders, parseRaw } from './headers.ts';
import {
  kAbort,
  kHead,
  kHeaders,
  kId,
  kListens,
  kLose,
  kParams,
  kPath,
  kPreview,
  kRaw,
  kRelease,
  kResponse,
  kRewrite,
  kRoute,
  kServer,
  kSocket,
  kState,
  kTargetAt,
  kTargetLength,
  kTrailers,
  kUrl,
} from './internals.ts';
import type { Route } from './manifest.ts';
import { connectionReset } from './node-errors.ts';
import { withoutInternal } from './parity.ts';
import type { Preview } from './preview.ts';
import { parseQuery } from './query.ts';
import { bytesOf } from './read-body.ts';
import { abort, type Response, State } from './response.ts';
import type { Rewrite } from './rules.ts';
import { Socket } from './socket.ts';
import { nextUrl, queryAt, withoutFragment, writeQuery } from './url.ts';

type Inherited = Pick<
  IncomingMessage,
  'emit' | 'iterator' | 'listenerCount' | 'push' | 'destroy' | 'readableEnded'
> & { _dump(): void };

export class Request extends bare<Inherited>(IncomingMessage) {
  declare method: string;
  declare aborted: boolean;
  declare complete: boolean;
  declare _consuming: boolean;
  declare _dumped: boolean;
  declare _events: object | undefined;
  /** Set by the host as soon as it has made the response. */
  declare [kResponse]: Response;
  declare [kRoute]: Route;
  declare [kHead]: string;
  declare [kTargetAt]: number;
  declare [kTargetLength]: number;
  declare [kPath]: string | undefined;
  declare [kParams]: string | undefined;
  declare [kRewrite]: Rewrite | undefined;
  declare [kRaw]: string | Uint8Array | undefined | null;
  declare [kUrl]: string | undefined;
  declare [kHeaders]: Headers | undefined;
  declare [kTrailers]: string | undefined;
  declare [kAbort]: AbortController | undefined;
  declare [kSocket]: Socket | undefined;
  declare [kPreview]: Preview | undefined;

  constructor(
    route: Route,
    method: string,
    targetAt: number,
    targetLength: number,
    head: string,
    path: string | undefined,
    params: string | undefined,
    raw: string | Uint8Array | undefined | null,
  ) {
    super();
    this.method = method;
    this[kResponse] = undefined as unknown as Response;
    this[kRoute] = route;
    this[kHead] = head;
    this[kTargetAt] = targetAt;
    this[kTargetLength] = targetLength;
    this[kPath] = path;
    this[kParams] = params;
    this[kRaw] = raw;
    this[kUrl] = undefined;
    this[kHeaders] = undefined;
    if (raw === null) this.complete = false;
  }

  // ---- The request line ----

  get url(): string {
    this[kUrl] ??= urlOf(this);
    return this[kUrl];
  }

  set url(url: string) {
    this[kUrl] = url;
  }

  get httpVersion(): string {
    return `1.${this.httpVersionMinor}`;
  }

  get httpVersionMajor(): number {
    return 1;
  }

  /** The last character of the request line. */
  get httpVersionMinor(): number {
    const head = this[kHead];
    const end = head.indexOf('\r\n');
    return head.charCodeAt((end === -1 ? head.length : end) - 1) - 0x30;
  }

  // ---- The fields ----

  get headers(): Headers {
    this[kHeaders] ??= headersOf(this);
    return this[kHeaders];
  }

  set headers(headers: Headers) {
    this[kHeaders] = headers;
  }

  get headersDistinct(): Record<string, string[]> {
    const distinct = parseDistinct(this[kHead], fieldsAt(this[kHead]));
    own(this, 'headersDistinct', distinct);
    return distinct;
  }

  get rawHeaders(): string[] {
    const raw = parseRaw(this[kHead], fieldsAt(this[kHead]));
    own(this, 'rawHeaders', raw);
    return raw;
  }

  get trailers(): Headers {
    return parseHeaders(this[kTrailers] ?? '', 0);
  }

  get trailersDistinct(): Record<string, string[]> {
    return parseDistinct(this[kTrailers] ?? '', 0);
  }

  get rawTrailers(): string[] {
    return parseRaw(this[kTrailers] ?? '', 0);
  }

  // ---- The connection ----

  get socket(): Socket {
    this[kSocket] ??= new Socket(this[kResponse]);
    return this[kSocket];
  }

  set socket(socket: Socket) {
    own(this, 'socket', socket);
  }

  get connection(): Socket {
    return this.socket;
  }

  set connection(socket: Socket) {
    this.socket = socket;
  }

  /** Aborts when the client goes away before it has the whole answer. */
  get signal(): AbortSignal {
    if (this[kAbort] === undefined) {
      this[kAbort] = new AbortController();
      if (this[kResponse][kState] === State.cut) this[kAbort].abort();
    }
    return this[kAbort].signal;
  }

  // ---- The stream ----

  get _readableState(): object {
    // Goes through the setter below.
    Readable.call(this as never, { autoDestroy: true });
    const raw = this[kRaw];
    if (raw !== null) {
      // Read beforehand, or never there: the stream has ended. (Read for a route that turned out
      // to want a stream: it has one piece.)
      if (raw !== undefined && !this[kRoute].limits.readsBody) this.push(bytesOf(raw));
      this.push(null);
    }
    return this._readableState;
  }

  set _readableState(state: object) {
    own(this, '_readableState', state);
  }

  _read(): void {
    this._consuming = true;
    const res = this[kResponse];
    if (!this.complete && res[kState] < State.ended) res[kServer].core.readBody(res[kId]);
  }

  _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Who lets go of a body that is still coming wants the connection closed. What was read
    // beforehand has nothing to let go of.
    if (!this[kRoute].limits.readsBody && (!this.readableEnded || !this.complete)) {
      announceAbort(this);
      abort(this[kResponse]);
    }
    // As in Node: an error is for those who listen, and never an uncaught exception.
    process.nextTick(done, this.listenerCount('error') === 0 ? null : error);
  }

  /** The response has ended, and with it the request: C reads no more of the body. */
  [kRelease](): void {
    this[kSocket]?.release();
    if (this._events === undefined) return;
    if (!this.complete) this[kLose](connectionReset());
    else if (!this._consuming) this._dump();
  }

  /** The connection is gone. */
  [kLose](error: Error): void {
    this[kSocket]?.release();
    if (this._events !== undefined || this[kAbort] !== undefined) announceAbort(this);
    if (this._events !== undefined) this.destroy(this[kRoute].limits.readsBody ? undefined : error);
    if (this[kSocket]?._events !== undefined) process.nextTick(emitClose, this[kSocket]);
  }

  /** Whether someone wants to know that the client has gone. */
  [kListens](): boolean {
    return (
      this[kAbort] !== undefined ||
      (this._events !== undefined &&
        (this.listenerCount('close') > 0 || this.listenerCount('aborted') > 0)) ||
      (this[kSocket]?._events !== undefined && this[kSocket].listenerCount('close') > 0)
    );
  }

  // ---- Express ----

  get res(): Response | undefined {
    return undefined;
  }

  /** Express and its like do this just before they replace the prototype. */
  set res(res: Response) {
    pin(this, IncomingMessage.prototype);
    own(this, 'res', res);
  }
}

assignable(Request.prototype, [
  'headersDistinct',
  'rawHeaders',
  'trailers',
  'trailersDistinct',
  'rawTrailers',
  'httpVersion',
  'httpVersionMajor',
  'httpVersionMinor',
]);

/** What Node's constructor would have made own properties. */
Object.assign(Request.prototype, {
  aborted: false,
  complete: true,
  upgrade: false,
  statusCode: null,
  statusMessage: null,
  joinDuplicateHeaders: undefined,
  _consuming: false,
  _dumped: false,
  [kTrailers]: undefined,
  [kRewrite]: undefined,
  [kAbort]: undefined,
  [kSocket]: undefined,
  [kPreview]: undefined,
});
Object.defineProperty(Request.prototype, 'constructor', { value: IncomingMessage });

/** `Host.body`. Returns whether more is wanted at once. */
export function receive(
  req: Request,
  chunk: Uint8Array | null,
  trailers: string | undefined,
): boolean {
  if (chunk !== null) return req.push(chunk);
  req.complete = true;
  if (trailers !== undefined) req[kTrailers] = trailers;
  return req.push(null);
}

/** The target as the client sent it. */
export function targetOf(req: Request): string {
  return req[kHead].slice(req[kTargetAt], req[kTargetAt] + req[kTargetLength]);
}

function urlOf(req: Request): string {
  const target = targetOf(req);
  const shown = withoutFragment(target);
  const question = queryAt(shown);
  const path = req[kPath] ?? shown.slice(0, question);
  const { names } = req[kRoute].params;
  const hidden = req[kRewrite] === undefined ? names : [...names, ...req[kRewrite].hidden];
  const query = shown.slice(question + 1);
  if (!req[kResponse][kServer].settings.parity) return nextUrl(path, query, hidden);
  return path + writeQuery(withoutInternal(parseQuery(query)), hidden);
}

function headersOf(req: Request): Headers {
  const head = req[kHead];
  const headers = parseHeaders(head, fieldsAt(head));
  const { remoteAddress, localPort } = req.socket;
  addHeader(headers, 'x-forwarded-host', headers.host);
  addHeader(headers, 'x-forwarded-port', localPort === undefined ? undefined : `${localPort}`);
  addHeader(headers, 'x-forwarded-proto', 'http');
  addHeader(headers, 'x-forwarded-for', remoteAddress);
  return headers;
}

/** Next tells a handler behind no proxy what a proxy would have told it. */
function addHeader(headers: Headers, key: string, value: Headers[string]): void {
  if (value !== undefined && headers[key] === undefined) headers[key] = value;
}

function announceAbort(req: Request): void {
  if (req.aborted) return;
  // As in Node, a request whose body was read to its end is not aborted any more.
  if (!req.complete || (!req[kRoute].limits.readsBody && !req.readableEnded)) {
    req.aborted = true;
    req.emit('aborted');
  }
  req[kAbort]?.abort();
}

function emitClose(socket: Socket): void {
  socket.emit('close', false);
}
