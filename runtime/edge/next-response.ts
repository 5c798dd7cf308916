// SPDX-License-Identifier: MIT

/** NextResponse of `next/server`: a Response with `cookies`, and what tells Next's router where to go. */

import { ResponseCookies } from './cookies.ts';
import { jsonOf, LightResponse, type Init as ResponseInit, stringify } from './response.ts';

type Body = ConstructorParameters<typeof LightResponse>[0];

interface Init extends ResponseInit {
  url?: string;
  nextConfig?: unknown;
}

interface RequestChange extends ResponseInit {
  request?: { headers?: Headers };
}

const kCookies: unique symbol = Symbol('cookies');

export class NextResponse extends LightResponse {
  declare [kCookies]: ResponseCookies | undefined;

  constructor(body?: Body, init?: Init) {
    super(body, init);
    this[kCookies] = undefined;
  }

  get cookies(): ResponseCookies {
    this[kCookies] ??= new ResponseCookies(this.headers);
    return this[kCookies];
  }

  static override json(data: unknown, init?: ResponseInit): NextResponse {
    return jsonOf(new NextResponse(stringify(data), init), data, init);
  }

  static override redirect(url: string | URL, init: number | ResponseInit = 307): NextResponse {
    const status = typeof init === 'number' ? init : (init.status ?? 307);
    if (![301, 302, 303, 307, 308].includes(status)) {
      throw new RangeError('Failed to execute "redirect" on "response": Invalid status code');
    }
    const rest = typeof init === 'number' ? {} : init;
    return respond({ ...rest, status }, 'Location', check(url));
  }

  static rewrite(destination: string | URL, init?: RequestChange): NextResponse {
    const response = respond(init, 'x-middleware-rewrite', check(destination));
    return withRequestHeaders(response, init);
  }

  static next(init?: RequestChange): NextResponse {
    return withRequestHeaders(respond(init, 'x-middleware-next', '1'), init);
  }
}

function respond(init: ResponseInit | undefined, name: string, value: string): NextResponse {
  const response = new NextResponse(null, init);
  response.headers.set(name, value);
  return response;
}

function check(url: string | URL): string {
  if (URL.canParse(String(url))) return new URL(String(url)).href;
  throw new Error(
    `URL is malformed "${String(url)}". Please use only absolute URLs: new URL('/path', request.url)`,
  );
}

/** As Next's own proxy reads them. */
function withRequestHeaders(response: NextResponse, init?: RequestChange): NextResponse {
  const { headers } = init?.request ?? {};
  if (headers === undefined) return response;
  if (!(headers instanceof Headers))
    throw new Error('request.headers must be an instance of Headers');
  const names: string[] = [];
  for (const [name, value] of headers) {
    response.headers.set(`x-middleware-request-${name}`, value);
    names.push(name);
  }
  response.headers.set('x-middleware-override-headers', names.join(','));
  return response;
}
