// SPDX-License-Identifier: MIT

/** `req` as API routes have it: what Next adds to Node's. */

import { IncomingMessage } from 'node:http';
import { assignable, own } from './bare.ts';
import { type Cookies, parseCookies } from './cookies.ts';
import { findField, joinFields } from './headers.ts';
import {
  kBody,
  kCookies,
  kHead,
  kHeaders,
  kParams,
  kPreview,
  kQuery,
  kRaw,
  kResponse,
  kRewrite,
  kRoute,
  kServer,
} from './internals.ts';
import type { Route } from './manifest.ts';
import { type MediaType, parseMediaType } from './media-type.ts';
import { withInherited, withoutInherited } from './parity.ts';
import type { PreviewData } from './preview.ts';
import { addParams, parseQuery, type Query } from './query.ts';
import { bytesOf, mayFail, readBody } from './read-body.ts';
import { Request, targetOf } from './request.ts';
import { queryAt, withoutFragment } from './url.ts';

/** Of a route that reads its body as a stream (`bodyParser: false`): there is no `req.body`. */
export class StreamedRequest extends Request {
  declare [kQuery]: Query | undefined;
  declare [kCookies]: Cookies | undefined;

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
    super(route, method, targetAt, targetLength, head, path, params, raw);
    this[kQuery] = undefined;
    this[kCookies] = undefined;
  }

  get query(): Query {
    this[kQuery] ??= queryOf(this);
    return this[kQuery];
  }

  set query(query: Query) {
    this[kQuery] = query;
  }

  get cookies(): Cookies {
    this[kCookies] ??= cookiesOf(this);
    return this[kCookies];
  }

  set cookies(cookies: Cookies) {
    this[kCookies] = cookies;
  }

  get previewData(): PreviewData {
    const preview = this[kPreview];
    return preview === undefined ? false : preview.data;
  }

  get preview(): true | undefined {
    return this.previewData === false ? undefined : true;
  }

  get draftMode(): true | undefined {
    return this.preview;
  }
}

/** Of all other routes: the body was read before the handler runs. */
export class ParsedRequest extends StreamedRequest {
  declare [kBody]: unknown;

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
    super(route, method, targetAt, targetLength, head, path, params, raw);
    this[kBody] = undefined;
  }

  get body(): unknown {
    this[kBody] ??= readBody(this[kRaw] ?? '', mediaTypeOf(this));
    return this[kBody];
  }

  set body(body: unknown) {
    own(this, 'body', body);
  }

  /** The body has been read: packages that would read it (`express.json()`) take that as done. */
  get readable(): boolean {
    return false;
  }

  /** The bytes as the client sent them. */
  get rawBody(): Buffer {
    const bytes = bytesOf(this[kRaw] ?? '');
    own(this, 'rawBody', bytes);
    return bytes;
  }
}

assignable(StreamedRequest.prototype, ['previewData', 'preview', 'draftMode']);
assignable(ParsedRequest.prototype, ['rawBody', 'readable']);
for (const { prototype } of [StreamedRequest, ParsedRequest]) {
  Object.defineProperty(prototype, 'constructor', { value: IncomingMessage });
}

/** Reads a body that may turn out to be malformed. Throws a BodyError. */
export function checkBody(req: ParsedRequest, raw: string | Uint8Array): void {
  const type = mediaTypeOf(req);
  if (mayFail(type)) req[kBody] = readBody(raw, type);
}

function mediaTypeOf(req: ParsedRequest): MediaType {
  return parseMediaType(findField(req[kHead], 'content-type'));
}

function queryOf(req: Request): Query {
  const query = parseQuery(req[kRewrite]?.query ?? clientQueryOf(req));
  if (req[kResponse][kServer].settings.parity) withInherited(query);
  const params = req[kParams];
  if (params !== undefined) addParams(query, req[kRoute].params, params);
  return query;
}

function clientQueryOf(req: Request): string {
  const target = withoutFragment(targetOf(req));
  return target.slice(queryAt(target) + 1);
}

/** From the head, or from `req.headers` if someone has looked at them, and may have changed them. */
function cookiesOf(req: Request): Cookies {
  const field =
    req[kHeaders] === undefined ? joinFields(req[kHead], 'cookie', '; ') : req[kHeaders].cookie;
  const cookies = parseCookies(field as string | undefined);
  return req[kResponse][kServer].settings.parity ? withoutInherited(cookies) : cookies;
}
