// SPDX-License-Identifier: MIT

/**
 * `Response` as edge routes meet it. Most are made of a text and a few headers, and sent at once: these keep
 * what they were given, and nothing else is made. Whatever more is asked of one is asked of one of Node's own
 * that is made then (`kReal`).
 */

import { bare } from '../bare.ts';
import { type Fields, setField } from '../fields.ts';
import { delegate, NativeHeaders, NativeResponse } from './natives.ts';
import { decodeText, parseJson, unusable } from './text.ts';

const kStatus: unique symbol = Symbol('status');
const kReason: unique symbol = Symbol('reason');
const kType: unique symbol = Symbol('type');
const kBody: unique symbol = Symbol('body');
const kUsed: unique symbol = Symbol('used');
const kFields: unique symbol = Symbol('fields');
const kHeaders: unique symbol = Symbol('headers');
const kReal: unique symbol = Symbol('real');

type Native = InstanceType<typeof NativeResponse>;
type Headers = InstanceType<typeof NativeHeaders>;
type Body = ConstructorParameters<typeof NativeResponse>[0];
export type Init = NonNullable<ConstructorParameters<typeof NativeResponse>[1]>;

export class LightResponse extends bare<object>(NativeResponse) {
  declare [kStatus]: number;
  declare [kReason]: string;
  /** The Content-Type that goes with the body, unless another was set. */
  declare [kType]: string | null;
  declare [kBody]: string | Uint8Array | null;
  declare [kUsed]: boolean;
  /** The headers as they were given; null when there are none, or when `kHeaders` has them. */
  declare [kFields]: Fields | null;
  declare [kHeaders]: Headers | null;
  declare [kReal]: Native | null;

  constructor(body?: Body, init?: Init) {
    super();
    this[kStatus] = 200;
    this[kReason] = '';
    this[kType] = null;
    this[kBody] = null;
    this[kUsed] = false;
    this[kFields] = null;
    this[kHeaders] = null;
    this[kReal] = null;
    // Node's knows all there is to know of what is unusual, and of what is wrong.
    if (!takeInit(this, init) || !takeBody(this, body))
      this[kReal] = new NativeResponse(body, init);
  }

  static json(data: unknown, init?: Init): LightResponse {
    return jsonOf(new LightResponse(stringify(data), init), data, init);
  }

  static redirect(...args: Parameters<typeof NativeResponse.redirect>): LightResponse {
    return wrap(NativeResponse.redirect(...args));
  }

  static error(): LightResponse {
    return wrap(NativeResponse.error());
  }

  get status(): number {
    return this[kReal]?.status ?? this[kStatus];
  }

  get statusText(): string {
    return this[kReal]?.statusText ?? this[kReason];
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get headers(): Headers {
    return headersOf(this);
  }

  get bodyUsed(): boolean {
    return this[kReal]?.bodyUsed ?? this[kUsed];
  }

  async text(): Promise<string> {
    if (this[kReal] !== null) return await this[kReal].text();
    return decodeText(claim(this) ?? '');
  }

  async json(): Promise<unknown> {
    return parseJson(await this.text());
  }

  clone(): LightResponse {
    if (this[kReal] !== null) {
      const copy = wrap(this[kReal].clone());
      if (this[kHeaders] !== null) copy[kHeaders] = new NativeHeaders(this[kHeaders]);
      return copy;
    }
    if (this[kUsed]) throw new TypeError('Response.clone: Body has already been consumed.');
    const copy = new LightResponse();
    copy[kStatus] = this[kStatus];
    copy[kReason] = this[kReason];
    copy[kType] = this[kType];
    copy[kBody] = this[kBody];
    copy[kFields] = this[kFields];
    copy[kHeaders] = this[kHeaders] && new NativeHeaders(this[kHeaders]);
    return copy;
  }
}

delegate(LightResponse.prototype, NativeResponse.prototype, realOf);
/** Those that Node makes (`fetch`) are Responses, too. */
Object.defineProperty(LightResponse, Symbol.hasInstance, {
  value(this: typeof LightResponse, value: unknown): boolean {
    const Class = this === LightResponse ? NativeResponse : this;
    return Function.prototype[Symbol.hasInstance].call(Class, value);
  },
});
Object.defineProperty(LightResponse, 'name', { value: 'Response', configurable: true });
Object.defineProperty(LightResponse, 'length', { value: 0, configurable: true });

// ---- What it was made of ----

function takeInit(response: LightResponse, init: Init | null | undefined): boolean {
  if (init === undefined || init === null) return true;
  if (typeof init !== 'object') return false;
  const { status, statusText, headers } = init;
  if (status !== undefined) {
    if (!Number.isInteger(status) || status < 200 || status > 599) return false;
    response[kStatus] = status;
  }
  if (statusText !== undefined) {
    if (typeof statusText !== 'string' || !isReason.test(statusText)) return false;
    response[kReason] = statusText;
  }
  return headers === undefined || takeHeaders(response, headers);
}

/** RFC 9112, 4. */
const isReason = /^[\t\x20-\x7e\x80-\xff]*$/;

function takeHeaders(response: LightResponse, given: NonNullable<Init['headers']>): boolean {
  if (typeof given !== 'object' || given === null) return false;
  if (Symbol.iterator in given) {
    response[kHeaders] = new NativeHeaders(given);
    return true;
  }
  const fields: Fields = [];
  const record = given as Record<string, unknown>;
  try {
    for (const name of Object.keys(record)) {
      const count = fields.length;
      setField(fields, name, trim(String(record[name])));
      // The same name in other letters: both values count.
      if (fields.length === count) return false;
    }
  } catch {
    return false;
  }
  response[kFields] = fields;
  return true;
}

/** Without white space at the ends (Fetch, "normalize"). */
function trim(value: string): string {
  const hasSpace = value.charCodeAt(0) <= 0x20 || value.charCodeAt(value.length - 1) <= 0x20;
  return hasSpace ? value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '') : value;
}

const textType = 'text/plain;charset=UTF-8';
const jsonType = 'application/json';

function takeBody(response: LightResponse, body: Body): boolean {
  if (body === undefined || body === null) return true;
  const status = response[kStatus];
  if (status === 204 || status === 205 || status === 304) return false;
  if (typeof body === 'string') {
    response[kBody] = body;
    response[kType] = textType;
    return true;
  }
  const bytes = copyBytes(body);
  response[kBody] = bytes;
  return bytes !== null;
}

/** Null for what is not plain bytes. */
function copyBytes(body: unknown): Uint8Array | null {
  if (body instanceof ArrayBuffer) return body.resizable ? null : new Uint8Array(body.slice(0));
  if (!ArrayBuffer.isView(body)) return null;
  const { buffer, byteOffset, byteLength } = body;
  if (!(buffer instanceof ArrayBuffer) || buffer.resizable) return null;
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

export function stringify(data: unknown): string {
  const text = JSON.stringify(data);
  if (text === undefined) throw new TypeError('Value is not JSON serializable');
  return text;
}

/** `response` has the text of `data` as its body; now it also has the type. */
export function jsonOf<R extends LightResponse>(response: R, data: unknown, init?: Init): R {
  if (response[kReal] === null) response[kType] = jsonType;
  else response[kReal] = NativeResponse.json(data, init);
  return response;
}

// ---- What is made of it ----

function wrap(real: Native): LightResponse {
  const response = new LightResponse();
  response[kReal] = real;
  return response;
}

function headersOf(response: LightResponse): Headers {
  const headers = response[kHeaders];
  if (headers === null) {
    if (response[kReal] !== null) return response[kReal].headers;
    return makeHeaders(response);
  }
  return withType(response, headers);
}

function makeHeaders(response: LightResponse): Headers {
  const headers = new NativeHeaders();
  for (const { key, value } of response[kFields] ?? []) {
    if (Array.isArray(value)) for (const one of value) headers.append(key, one);
    else headers.append(key, String(value));
  }
  response[kFields] = null;
  response[kHeaders] = headers;
  return withType(response, headers);
}

function withType(response: LightResponse, headers: Headers): Headers {
  const type = response[kType];
  if (type === null) return headers;
  response[kType] = null;
  if (!headers.has('content-type')) headers.set('content-type', type);
  return headers;
}

function realOf(response: LightResponse): Native {
  if (response[kReal] !== null) return response[kReal];
  const { status, statusText, headers } = response;
  const real = new NativeResponse(response[kBody] as Body, { status, statusText, headers });
  if (response[kUsed]) void real.arrayBuffer();
  response[kReal] = real;
  return real;
}

/** The body, which is used up now. */
function claim(response: LightResponse): string | Uint8Array | null {
  if (response[kUsed]) throw unusable();
  response[kUsed] = response[kBody] !== null;
  return response[kBody];
}

// ---- For who sends it ----

export interface Contents {
  status: number;
  reason: string;
  /** The headers, in one form or the other; `type` goes with the first. */
  fields: Fields | null;
  headers: Headers | null;
  type: string | null;
  body: string | Uint8Array | ReadableStream<Uint8Array> | null;
}

/** Takes a Response of any make apart. Throws when its body has been read. */
export function takeApart(response: LightResponse | Native): Contents {
  if (!(kReal in response) || response[kReal] !== null) return takeRealApart(response as Native);
  return {
    status: response[kStatus],
    reason: response[kReason],
    fields: response[kFields],
    headers: response[kHeaders],
    type: response[kType],
    body: claim(response),
  };
}

function takeRealApart(response: Native): Contents {
  const { status, statusText: reason, headers, body, bodyUsed } = response;
  if (bodyUsed || body?.locked) {
    throw new TypeError('The body of the Response that the handler returned has been read before');
  }
  return { status, reason, fields: null, headers, type: null, body };
}
