// SPDX-License-Identifier: MIT

/** The types that edge routes take from `next/server`, for a project that does not have Next installed. */
declare module 'next/server' {
  interface RequestCookie {
    name: string;
    value: string;
  }

  interface CookieOptions {
    path?: string;
    domain?: string;
    /** A moment, or the milliseconds of one. */
    expires?: Date | number;
    /** In seconds. */
    maxAge?: number;
    secure?: boolean;
    httpOnly?: boolean;
    sameSite?: boolean | 'lax' | 'strict' | 'none';
    partitioned?: boolean;
    priority?: 'low' | 'medium' | 'high';
  }

  interface ResponseCookie extends RequestCookie, CookieOptions {}

  /** The cookies that a request brings; what is changed here is changed in its `cookie` header. */
  interface RequestCookies extends Iterable<[string, RequestCookie]> {
    readonly size: number;
    get(name: string | RequestCookie): RequestCookie | undefined;
    getAll(name?: string | RequestCookie): RequestCookie[];
    has(name: string): boolean;
    set(name: string, value: string): this;
    set(cookie: RequestCookie): this;
    delete(name: string): boolean;
    delete(names: string[]): boolean[];
    clear(): this;
    toString(): string;
  }

  /** The cookies that a response sets, each a `set-cookie` header. */
  interface ResponseCookies {
    get(name: string | { name: string }): ResponseCookie | undefined;
    getAll(name?: string | { name: string }): ResponseCookie[];
    has(name: string): boolean;
    set(name: string, value: string, options?: CookieOptions): this;
    set(cookie: ResponseCookie): this;
    delete(name: string): this;
    delete(cookie: { name: string } & Omit<CookieOptions, 'expires' | 'maxAge'>): this;
    toString(): string;
  }

  /** A URL; `pathname` is without the `basePath` of next.config. */
  interface NextURL extends URL {
    basePath: string;
    buildId: string | undefined;
    locale: string;
    readonly defaultLocale: string | undefined;
    clone(): NextURL;
  }

  interface NextRequestInit extends RequestInit {
    nextConfig?: { basePath?: string };
  }

  /** What a route with `runtime: 'edge'` is called with. */
  export class NextRequest extends Request {
    constructor(input: string | URL | Request | NextURL, init?: NextRequestInit);
    readonly nextUrl: NextURL;
    readonly cookies: RequestCookies;
  }

  interface NextResponseInit extends ResponseInit {
    url?: string;
  }

  interface RequestChange extends ResponseInit {
    request?: { headers?: Headers };
  }

  export class NextResponse<Body = unknown> extends Response {
    constructor(body?: BodyInit | null, init?: NextResponseInit);
    readonly cookies: ResponseCookies;
    /** A JSON body; `Data` is its type. */
    static json<Data>(data: Data, init?: ResponseInit): NextResponse<Data>;
    /** 307 unless it says otherwise. The URL is an absolute one. */
    static redirect(
      url: string | URL | NextURL,
      init?: number | ResponseInit,
    ): NextResponse<unknown>;
    static rewrite(
      destination: string | URL | NextURL,
      init?: RequestChange,
    ): NextResponse<unknown>;
    static next(init?: RequestChange): NextResponse<unknown>;
    private readonly bodyType: Body;
  }

  /** The second argument of a route with `runtime: 'edge'`. */
  export class NextFetchEvent {
    /** The work goes on behind the answer. */
    waitUntil(task: Promise<unknown>): void;
    passThroughOnException(): void;
  }

  interface UserAgent {
    isBot: boolean;
    ua: string;
    browser: { name?: string; version?: string; major?: string };
    device: { model?: string; type?: string; vendor?: string };
    engine: { name?: string; version?: string };
    os: { name?: string; version?: string };
    cpu: { architecture?: string };
  }

  export function userAgent(request: { headers: Headers }): UserAgent;
  export function userAgentFromString(input: string | undefined): UserAgent;
  export const URLPattern: typeof globalThis.URLPattern;
}
