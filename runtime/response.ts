// SPDX-License-Identifier: MIT

/**
 * `res` as Node's http has it. It is a ServerResponse by its prototype, none of whose constructor's
 * state exists: what a handler says is kept here until one call hands the whole answer to C.
 */

import { ServerResponse, STATUS_CODES } from 'node:http';
import { getDefaultHighWaterMark } from 'node:stream';
import { assignable, bare, own } from './bare.ts';
import { type Bytes, Flag, SLOTS } from './core.ts';
import {
  appendField,
  type Fields,
  type FieldValue,
  findField,
  isFieldValue,
  removeField,
  renderFields,
  setField,
} from './fields.ts';
import { pin } from './graft.ts';
import {
  kCleared,
  kFields,
  kId,
  kLose,
  kMore,
  kPreset,
  kRelease,
  kRequest,
  kRoute,
  kServer,
  kSocket,
  kState,
  kTagged,
} from './internals.ts';
import { warn } from './log.ts';
import type { Settings } from './manifest.ts';
import {
  connectionReset,
  headersSent,
  invalidReason,
  invalidStatus,
  invalidType,
  invalidValue,
  nullChunk,
  streamDestroyed,
  writeAfterEnd,
} from './node-errors.ts';
import type { Request } from './request.ts';
import { unfold } from './rules.ts';
import type { Server } from './server.ts';
import { withTag } from './tagged.ts';

/** How far a response is. It only ever moves down this list. */
export const State = {
  /** Nothing is decided. */
  fresh: 0,
  /** The head is decided (`writeHead`), but not sent. */
  head: 1,
  /** The head has been sent, the body follows. */
  streaming: 2,
  /** All is with C, and nobody was listening for that. */
  ended: 3,
  /** All is with C; `finish` comes in a moment. */
  ending: 4,
  /** `finish` has been emitted; `close` comes in a moment. */
  finished: 5,
  /** All has been emitted. */
  closed: 6,
  /** The connection was cut before the end. */
  cut: 7,
} as const;

type Callback = (error?: Error | null) => void;
type FieldsArgument =
  | Record<string, unknown>
  | readonly unknown[]
  | readonly (readonly unknown[])[]
  | null;

/** A head that is decided. */
interface Head {
  status: number;
  reason: string | undefined;
  lines: string;
  length: number;
  flags: number;
}

/** What only some responses need. */
class More {
  head: Head | null = null;
  /** Bytes that wait in memory for the client. */
  pending = 0;
  needsDrain = false;
  /** Called when what waits has been sent. */
  waiting: Callback[] = [];
  /** Called when the response has ended. */
  ending: Callback[] = [];
  /** Bytes of body so far. */
  sent = 0;
  corked = 0;
  error: Error | null = null;
  /** `end` was called on a response that had been cut. */
  isEnded = false;
}

const highWaterMark = getDefaultHighWaterMark(false);

/** With less in memory C does not tell when it has gone (see `Core.write`); it is as good as gone. */
const drainsFrom = 16_384;

type Inherited = Pick<ServerResponse, 'emit' | 'listenerCount' | 'once'>;

export class Response extends bare<Inherited>(ServerResponse) {
  declare statusCode: number;
  declare sendDate: boolean;
  declare shouldKeepAlive: boolean;
  declare _trailer: string;
  declare _events: object | undefined;
  declare [kServer]: Server;
  declare [kRequest]: Request;
  declare [kId]: number;
  declare [kState]: number;
  /** What was set; see also `kPreset`. */
  declare [kFields]: Fields | null;
  /** Lines that C has preset, as long as nobody has asked for them. */
  declare [kPreset]: string | undefined;
  declare [kMore]: More | null;
  declare [kCleared]: boolean;
  declare [kTagged]: string | Buffer | undefined;

  constructor(server: Server, req: Request, id: number) {
    super();
    this.statusCode = 200;
    this[kServer] = server;
    this[kRequest] = req;
    this[kId] = id;
    this[kState] = State.fresh;
    this[kFields] = null;
    this[kMore] = null;
    this[kTagged] = undefined;
  }

  // ---- The head ----

  /** Ignored once the head is sent, as in Next (Node would throw). */
  setHeader(name: string, value: unknown): this {
    if (!isSent(this)) {
      // A text takes the place of what was preset, and C sees to that.
      if (typeof value !== 'string') unfold(this);
      this[kFields] ??= [];
      setField(this[kFields], name, value);
    }
    return this;
  }

  appendHeader(name: string, value: FieldValue): this {
    if (isSent(this)) throw headersSent('append');
    this[kFields] = unfold(this) ?? [];
    appendField(this[kFields], name, value);
    return this;
  }

  getHeader(name: string): FieldValue | undefined {
    return findField(fieldsOf(this), lowerCase(name))?.value;
  }

  hasHeader(name: string): boolean {
    return findField(fieldsOf(this), lowerCase(name)) !== undefined;
  }

  removeHeader(name: string): void {
    const key = lowerCase(name);
    if (isSent(this)) throw headersSent('remove');
    if (key === 'date') this.sendDate = false;
    const fields = unfold(this);
    if (fields !== null) removeField(fields, key);
  }

  getHeaderNames(): string[] {
    return (fieldsOf(this) ?? []).map((field) => field.key);
  }

  getRawHeaderNames(): string[] {
    return (fieldsOf(this) ?? []).map((field) => field.name);
  }

  getHeaders(): Record<string, FieldValue> {
    const headers: Record<string, FieldValue> = Object.create(null);
    for (const field of fieldsOf(this) ?? []) headers[field.key] = field.value;
    return headers;
  }

  _renderHeaders(): Record<string, FieldValue> {
    if (isSent(this)) throw headersSent('render');
    const headers: Record<string, FieldValue> = {};
    for (const field of unfold(this) ?? []) headers[field.name] = field.value;
    return headers;
  }

  writeHead(status: number, reason?: string | FieldsArgument, fields?: FieldsArgument): this {
    if (isSent(this)) throw headersSent('write');
    const code = checkStatus(status);
    if (typeof reason === 'string') this.statusMessage = reason;
    else fields ??= reason ?? null;
    this.statusCode = code;
    if (fields) mergeFields(this, fields);
    settleHead(this);
    return this;
  }

  /** Packages replace it, and call it, to be there when the head is made. */
  _implicitHeader(): void {
    this.writeHead(this.statusCode);
  }

  flushHeaders(): void {
    if (this[kState] === State.fresh) implicitHead(this);
    if (this[kState] === State.head) begin(this);
  }

  get statusMessage(): string | undefined {
    return isSent(this) ? reasonOf(this.statusCode) : undefined;
  }

  set statusMessage(reason: string | undefined) {
    own(this, 'statusMessage', reason);
  }

  get headersSent(): boolean {
    return isSent(this);
  }

  get _header(): string | null {
    if (!isSent(this)) return null;
    const reason = this.statusMessage ?? reasonOf(this.statusCode);
    return `HTTP/1.1 ${this.statusCode} ${reason}\r\n`;
  }

  get _headerSent(): boolean {
    return this[kState] >= State.streaming && isSent(this);
  }

  /** Node's `writeContinue`, `writeProcessing` and `writeEarlyHints` end here. */
  _writeRaw(head: string, _encoding?: unknown, callback?: unknown): boolean {
    if (this[kState] >= State.ended) return false;
    const lines = head.slice(head.indexOf('\r\n') + 2, -2);
    this[kServer].core.writeInterim(this[kId], Number(head.slice(9, 12)), lines);
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  }

  _isLenientHeaderValidation(): boolean {
    return false;
  }

  // ---- The body ----

  write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (typeof encoding === 'function') {
      callback = encoding;
      encoding = undefined;
    }
    const bytes = bytesOf(chunk, encoding);
    if (this[kState] >= State.ended) return refuseWrite(this, callback);
    if (this[kState] === State.fresh) implicitHead(this);
    if (this[kState] === State.head) begin(this);
    const more = moreOf(this);
    more.sent += Buffer.byteLength(bytes);
    this[kRequest][kSocket]?.touch();
    const waiting = this[kServer].core.write(this[kId], bytes);
    more.pending = waiting < drainsFrom ? 0 : waiting;
    if (typeof callback === 'function') {
      if (more.pending === 0) process.nextTick(callback);
      else more.waiting.push(callback as Callback);
    }
    if (more.pending < highWaterMark) return true;
    more.needsDrain = true;
    return false;
  }

  end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    if (typeof chunk === 'function') {
      callback = chunk;
      chunk = undefined;
    } else if (typeof encoding === 'function') {
      callback = encoding;
      encoding = undefined;
    }
    const body = chunk ? bytesOf(chunk, encoding) : undefined;
    if (this[kState] >= State.ended) return endAgain(this, callback);
    if (typeof callback === 'function') moreOf(this).ending.push(callback as Callback);
    deliver(this, body, 0);
    return this;
  }

  cork(): void {
    moreOf(this).corked++;
  }

  /** C sends what one turn of the loop has written in one go; there is nothing to let go. */
  uncork(): void {
    const more = moreOf(this);
    if (more.corked > 0) more.corked--;
  }

  /** What Next's compression adds to every response, where it is on. */
  get flush(): (() => void) | undefined {
    return this[kServer].settings.compress ? flush : undefined;
  }

  destroy(error?: Error): this {
    if (this[kState] < State.ended) {
      moreOf(this).error = error ?? null;
      abort(this);
    }
    return this;
  }

  setTimeout(ms: number, callback?: () => void): this {
    const socket = this[kRequest].socket;
    if (callback) this.on('timeout', callback);
    socket.setTimeout(ms);
    return this;
  }

  /** Who listens only now, in the tick after the end, hears of it all the same. */
  on(name: string | symbol, listener: (...args: never[]) => void): this {
    ServerResponse.prototype.on.call(this as never, name, listener as () => void);
    if (this[kState] === State.ended && (name === 'finish' || name === 'close')) {
      this[kState] = State.ending;
      process.nextTick(announceEnd, this);
    }
    return this;
  }

  addListener(name: string | symbol, listener: (...args: never[]) => void): this {
    return this.on(name, listener);
  }

  // ---- How it stands ----

  get finished(): boolean {
    return hasEnded(this);
  }

  get writableEnded(): boolean {
    return hasEnded(this);
  }

  get writableFinished(): boolean {
    const state = this[kState];
    return state === State.ended || state === State.finished || state === State.closed;
  }

  get destroyed(): boolean {
    const state = this[kState];
    return state === State.ended || state >= State.closed;
  }

  get closed(): boolean {
    return this.destroyed;
  }

  get _closed(): boolean {
    return this.destroyed;
  }

  get errored(): Error | null {
    return this[kMore]?.error ?? null;
  }

  get writableLength(): number {
    return this[kMore]?.pending ?? 0;
  }

  get writableHighWaterMark(): number {
    return highWaterMark;
  }

  get writableCorked(): number {
    return this[kMore]?.corked ?? 0;
  }

  get writableNeedDrain(): boolean {
    return this[kState] < State.ended && this[kMore]?.needsDrain === true;
  }

  get writableObjectMode(): boolean {
    return false;
  }

  get socket(): object | null {
    const state = this[kState];
    return state < State.finished || state === State.cut ? this[kRequest].socket : null;
  }

  get connection(): object | null {
    return this.socket;
  }

  // ---- Express ----

  get req(): Request {
    return this[kRequest];
  }

  /** Express and its like do this just before they replace the prototype. */
  set req(req: Request) {
    pin(this, ServerResponse.prototype);
    own(this, 'req', req);
  }
}

assignable(Response.prototype, [
  'flush',
  'finished',
  'destroyed',
  'closed',
  'socket',
  'connection',
]);

/** What Node's constructor would have made own properties; packages look at some. */
Object.assign(Response.prototype, {
  sendDate: true,
  shouldKeepAlive: true,
  writable: true,
  chunkedEncoding: false,
  useChunkedEncodingByDefault: true,
  strictContentLength: false,
  maxRequestsOnConnectionReached: false,
  outputSize: 0,
  _defaultKeepAlive: true,
  _removedConnection: false,
  _removedContLen: false,
  _removedTE: false,
  _hasBody: true,
  _trailer: '',
  _sent100: false,
  _expect_continue: false,
  _contentLength: null,
  _keepAliveTimeout: 0,
  _last: false,
  [kCleared]: false,
  [kPreset]: undefined,
});
Object.defineProperty(Response.prototype, 'constructor', { value: ServerResponse });

const { writeHead, _implicitHeader } = Response.prototype;

// ---- The way to C ----

/**
 * Hands over the rest of the body, and the head with it if that has not gone yet. True when the client had
 * the body already (`Flag.etag`).
 */
export function deliver(res: Response, body: Bytes | undefined, flags: number): boolean {
  if (res[kState] === State.fresh && isPatched(res)) implicitHead(res);
  const isStreaming = res[kState] === State.streaming;
  const isDecided = res[kState] === State.head;
  const head = (res[kState] === State.fresh ? null : moreOf(res).head) ?? decideHead(res);
  warnOfSize(res, body);
  const { core, settings } = res[kServer];
  const trailers = res._trailer === '' ? undefined : res._trailer;
  const id = conclude(res);
  if (isStreaming) {
    core.finish(id, body, trailers);
  } else if (trailers !== undefined || (head.length >= 0 && res[kRequest].method === 'HEAD')) {
    // The answer to HEAD states the length of a body that only GET is sent.
    core.writeHead(id, head.status, head.reason, head.lines, head.length, head.flags);
    core.finish(id, body, trailers);
  } else {
    flags |= head.flags;
    if (settings.parity && (flags & Flag.etag) === 0)
      flags |= framing(settings, head.length, isDecided);
    return core.respond(id, head.status, head.reason, head.lines, body, flags) === true;
  }
  return false;
}

/**
 * How Next frames a whole body whose `length` the handler has not declared. Its compression lets the head go
 * before Node could know; without compression that is so only when the head was decided first.
 */
export function framing({ parity, compress }: Settings, length: number, isDecided = false): number {
  return parity && length < 0 && (compress || isDecided) ? Flag.chunked : 0;
}

/** Marks the response as ended. Returns the number to end it under, which names nothing afterwards. */
export function conclude(res: Response): number {
  const id = forget(res);
  if (isHeard(res)) {
    res[kState] = State.ending;
    process.nextTick(announceEnd, res);
  } else {
    res[kState] = State.ended;
  }
  return id;
}

/** Cuts the connection without (the rest of) an answer. */
export function abort(res: Response): void {
  if (res[kState] >= State.ended) return;
  const id = res[kId];
  cut(res, connectionReset());
  res[kServer].core.abort(id);
}

/** The connection is no more. `error` is what the request's stream meets. */
export function cut(res: Response, error: Error): void {
  if (res[kState] >= State.ended) return;
  forget(res);
  res[kState] = State.cut;
  res[kRequest][kLose](error);
  if (isHeard(res)) process.nextTick(announceCut, res);
}

/** `Host.drained`. */
export function drained(res: Response): void {
  const more = moreOf(res);
  more.pending = 0;
  for (const callback of more.waiting.splice(0)) process.nextTick(callback);
  if (!more.needsDrain) return;
  more.needsDrain = false;
  res.emit('drain');
}

function forget(res: Response): number {
  const id = res[kId];
  const { live } = res[kServer];
  res[kId] = -1;
  if (live[id & SLOTS] === res) live[id & SLOTS] = undefined;
  return id;
}

function begin(res: Response): void {
  const { status, reason, lines, length, flags } = moreOf(res).head as Head;
  res[kState] = State.streaming;
  res[kServer].core.writeHead(res[kId], status, reason, lines, length, flags);
}

/** Decides the head from what was set, through `writeHead` if a package has replaced it. */
export function implicitHead(res: Response): void {
  if (isPatched(res)) res._implicitHeader();
  if (res[kState] === State.fresh) settleHead(res);
}

function isPatched(res: Response): boolean {
  return res.writeHead !== writeHead || res._implicitHeader !== _implicitHeader;
}

function settleHead(res: Response): void {
  moreOf(res).head = decideHead(res);
  if (res[kState] === State.fresh) res[kState] = State.head;
}

function decideHead(res: Response): Head {
  const status = checkStatus(res.statusCode);
  const { lines, length, flags } = renderFields(res[kFields]);
  return { status, reason: checkReason(res), lines, length, flags: flags | ownFlags(res) };
}

function ownFlags(res: Response): number {
  return (
    (res.sendDate ? 0 : Flag.noDate) |
    (res.shouldKeepAlive ? 0 : Flag.close) |
    (res[kPreset] === undefined ? 0 : Flag.preset)
  );
}

/** A final status: an interim one would leave the client waiting (RFC 9110, 15.2). */
function checkStatus(status: unknown): number {
  const code = (status as number) | 0;
  if (code < 200 || code > 999) throw invalidStatus(status);
  return code;
}

function checkReason(res: Response): string | undefined {
  const reason = res.statusMessage;
  if (!reason) return undefined;
  if (!isFieldValue(reason)) throw invalidReason();
  return String(reason);
}

function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? 'unknown';
}

// ---- Small parts ----

/** Whether the head can no longer be changed. */
export function isSent(res: Response): boolean {
  const state = res[kState];
  return state !== State.fresh && (state !== State.cut || (res[kMore]?.head ?? null) !== null);
}

/** What was set, and what C has added to it. */
function fieldsOf(res: Response): Fields | null {
  const body = res[kTagged];
  unfold(res);
  if (body !== undefined) {
    const isKnown = res.statusCode === 304;
    res[kFields] = withTag(res[kFields], body, {
      isKnown,
      keepsType: res[kServer].settings.parity,
    });
    res[kTagged] = undefined;
  }
  return res[kFields];
}

function hasEnded(res: Response): boolean {
  const state = res[kState];
  if (state === State.cut) return res[kMore]?.isEnded === true;
  return state >= State.ended;
}

function moreOf(res: Response): More {
  res[kMore] ??= new More();
  return res[kMore];
}

/** All that was written goes to the client. It does anyway, but with `--parity next`. */
function flush(this: Response): void {
  if (this[kState] === State.streaming) this[kServer].core.write(this[kId], '');
}

function lowerCase(name: unknown): string {
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name);
  return name.toLowerCase();
}

function bytesOf(chunk: unknown, encoding: unknown): Bytes {
  if (typeof chunk === 'string') {
    const isUtf8 = encoding === undefined || encoding === null || encoding === 'utf8';
    return isUtf8 ? chunk : Buffer.from(chunk, encoding as BufferEncoding);
  }
  if (chunk instanceof Uint8Array) return chunk;
  if (chunk === null) throw nullChunk();
  throw invalidType('chunk', 'of type string or an instance of Buffer or Uint8Array', chunk);
}

/** What `writeHead` was given wins over what was set before; a list may repeat a name. */
function mergeFields(res: Response, fields: NonNullable<FieldsArgument>): void {
  if (!Array.isArray(fields)) {
    for (const [name, value] of Object.entries(fields)) if (name) res.setHeader(name, value);
    return;
  }
  const { parity, compress } = res[kServer].settings;
  if (parity && compress) {
    // Next's compression takes each element for a pair, also a text: its first two characters.
    for (const pair of fields) res.setHeader(pair[0], pair[1]);
    return;
  }
  const isPairs = Array.isArray(fields[0]);
  if (!isPairs && fields.length % 2 !== 0) throw invalidValue('headers', fields);
  const flat = isPairs ? fields.flatMap((pair) => pair.slice(0, 2)) : fields;
  for (let at = 0; at < flat.length; at += 2) res.removeHeader(flat[at]);
  for (let at = 0; at < flat.length; at += 2) {
    if (flat[at]) res.appendHeader(flat[at], flat[at + 1]);
  }
}

function refuseWrite(res: Response, callback: unknown): false {
  if (typeof callback === 'function') {
    process.nextTick(
      callback,
      res[kState] === State.cut ? streamDestroyed('write') : writeAfterEnd(),
    );
  }
  return false;
}

function endAgain<R extends Response>(res: R, callback: unknown): R {
  const isCut = res[kState] === State.cut;
  if (isCut) moreOf(res).isEnded = true;
  if (typeof callback !== 'function') return res;
  if (res[kState] === State.ending) moreOf(res).ending.push(callback as Callback);
  else process.nextTick(callback, isCut ? streamDestroyed('end') : undefined);
  return res;
}

/** One warning for a response that is larger than the route's `responseLimit`. */
function warnOfSize(res: Response, body: Bytes | undefined): void {
  const { responseLimit } = res[kRequest][kRoute].limits;
  const sent = res[kMore]?.sent ?? 0;
  // No character takes more than three bytes.
  if (sent + (body === undefined ? 0 : body.length * 3) < responseLimit) return;
  if (sent + (body === undefined ? 0 : Buffer.byteLength(body)) < responseLimit) return;
  warn(
    `API response for ${res[kRequest].url} exceeds ${sizeText(responseLimit)}. ` +
      'API Routes are meant to respond quickly.',
  );
}

/** `4MB`, `1KB`, `100B`. */
function sizeText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${Number(size.toFixed(2))}${units[unit]}`;
}

// ---- Events ----

/** Whether anybody would notice the end. */
function isHeard(res: Response): boolean {
  const req = res[kRequest];
  return (
    res._events !== undefined ||
    req._events !== undefined ||
    req[kSocket] !== undefined ||
    (res[kMore] !== null && res[kMore].ending.length + res[kMore].waiting.length > 0)
  );
}

function announceEnd(res: Response): void {
  res[kState] = State.finished;
  // Before the listeners: one that throws must not keep `close` from the others.
  process.nextTick(announceClose, res);
  res[kRequest][kRelease]();
  const more = res[kMore];
  for (const callback of more?.waiting.splice(0) ?? []) callback();
  for (const callback of more?.ending.splice(0) ?? []) callback();
  res.emit('prefinish');
  res.emit('finish');
}

function announceClose(res: Response): void {
  res[kState] = State.closed;
  res.emit('close');
}

function announceCut(res: Response): void {
  const more = res[kMore];
  for (const callback of more?.waiting.splice(0) ?? []) {
    process.nextTick(callback, streamDestroyed('write'));
  }
  for (const callback of more?.ending.splice(0) ?? []) {
    process.nextTick(callback, streamDestroyed('end'));
  }
  res.emit('close');
}
