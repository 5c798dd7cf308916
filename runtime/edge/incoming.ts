// SPDX-License-Identifier: MIT

/**
 * The request that an edge route is called with: a NextRequest, and so a Request, by its prototype. What it
 * shows comes from the text of the head. A Request of Node's own (`kReal`) is made when one is needed: for
 * `body`, `clone()`, and to be fetched or copied.
 */

import { bare } from '../bare.ts';
import type { Settings } from '../manifest.ts';
import type { Request } from '../request.ts';
import { lent } from './borrowed.ts';
import { delegate, NativeRequest, NativeResponse } from './natives.ts';
import { kConfig, kCookies, kNextUrl, kToNative, NextRequest } from './next-request.ts';
import { collect, streamOf } from './request-body.ts';
import { RequestHeaders } from './request-headers.ts';
import { decodeText, parseJson, unusable } from './text.ts';
import { urlOf } from './url.ts';

type Native = InstanceType<typeof NativeRequest>;

const kReq: unique symbol = Symbol('req');
const kUrl: unique symbol = Symbol('url');
const kHeaders: unique symbol = Symbol('headers');
const kReal: unique symbol = Symbol('real');
const kUsed: unique symbol = Symbol('used');

type Inherited = Pick<NextRequest, 'nextUrl' | 'cookies'>;

export class IncomingRequest extends bare<Inherited>(NextRequest) {
  declare [kReq]: Request;
  declare [kConfig]: Settings;
  declare [kUrl]: string | undefined;
  declare [kHeaders]: RequestHeaders | undefined;
  declare [kReal]: Native | undefined;
  declare [kUsed]: boolean;

  constructor(req: Request, settings: Settings) {
    super();
    this[kReq] = req;
    this[kConfig] = settings;
    this[kUrl] = undefined;
    this[kHeaders] = undefined;
    this[kReal] = undefined;
    this[kUsed] = false;
  }

  get method(): string {
    return this[kReq].method;
  }

  get url(): string {
    this[kUrl] ??= urlOf(this[kReq], this[kConfig].parity);
    return this[kUrl];
  }

  get headers(): RequestHeaders {
    this[kHeaders] ??= new RequestHeaders(this[kReq]);
    return this[kHeaders];
  }

  /** Aborts when the client goes away before it has the whole answer. */
  get signal(): AbortSignal {
    return (this[kReq] as unknown as { signal: AbortSignal }).signal;
  }

  get bodyUsed(): boolean {
    return this[kReal]?.bodyUsed ?? this[kUsed];
  }

  async text(): Promise<string> {
    return this[kReal] ? await this[kReal].text() : decodeText(await take(this));
  }

  async json(): Promise<unknown> {
    return parseJson(await this.text());
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return await (await this.#asResponse()).arrayBuffer();
  }

  async blob(): Promise<Blob> {
    return await (await this.#asResponse()).blob();
  }

  async formData(): Promise<FormData> {
    return await (await this.#asResponse()).formData();
  }

  async #asResponse(): Promise<Pick<Native, 'arrayBuffer' | 'blob' | 'formData'>> {
    if (this[kReal]) return this[kReal];
    const type = this.headers.get('content-type');
    const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
    return new NativeResponse((await take(this)) as string, { headers });
  }

  /** For who needs one that Node has made. */
  [kToNative](): Native {
    const real = realOf(this);
    return this[kHeaders] === undefined
      ? real
      : new NativeRequest(real, { headers: [...this.headers] });
  }
}

Object.assign(IncomingRequest.prototype, { [kNextUrl]: undefined, [kCookies]: undefined });
for (const [name, value] of Object.entries({
  destination: '',
  referrer: 'about:client',
  referrerPolicy: '',
  mode: 'cors',
  credentials: 'same-origin',
  cache: 'default',
  redirect: 'follow',
  integrity: '',
  keepalive: false,
  isReloadNavigation: false,
  isHistoryNavigation: false,
  duplex: 'half',
})) {
  const get = () => value;
  Object.defineProperty(IncomingRequest.prototype, name, {
    get,
    enumerable: true,
    configurable: true,
  });
}
delegate(IncomingRequest.prototype, NativeRequest.prototype, realOf);
Object.defineProperty(IncomingRequest.prototype, 'constructor', { value: NextRequest });

/** GET and HEAD have none, whatever the client has sent. */
function hasBody({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** The whole body, which is used up now. */
async function take(request: IncomingRequest): Promise<string | Uint8Array> {
  const req = request[kReq];
  if (!hasBody(req)) return '';
  if (request[kUsed]) throw unusable();
  request[kUsed] = true;
  return lent.bodyOf(req) ?? (await collect(req));
}

function realOf(request: IncomingRequest): Native {
  if (request[kReal] !== undefined) return request[kReal];
  const { [kReq]: req, url, method, signal } = request;
  // One whose body has been read is as good as any other of that kind.
  const body = hasBody(req) ? (request[kUsed] ? '' : streamOf(req)) : null;
  const headers = [...request.headers];
  const init = { method, headers, signal, body, duplex: 'half' as const };
  request[kReal] = new NativeRequest(url, init);
  if (request[kUsed]) void request[kReal].arrayBuffer();
  return request[kReal];
}
