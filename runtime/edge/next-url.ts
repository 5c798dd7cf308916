// SPDX-License-Identifier: MIT

/** `request.nextUrl`: a URL whose `pathname` does without the base path of next.config. */

import { inspect } from 'node:util';

export interface NextUrlOptions {
  headers?: unknown;
  base?: string | URL;
  forceLocale?: boolean;
  nextConfig?: { basePath?: string };
}

export class NextURL {
  #url: URL;
  #basePath: string;
  readonly #options: NextUrlOptions;
  buildId: string | undefined = undefined;
  readonly defaultLocale = undefined;
  readonly domainLocale = undefined;

  constructor(input: string | URL, options?: NextUrlOptions);
  constructor(input: string | URL, base?: string | URL, options?: NextUrlOptions);
  constructor(
    input: string | URL,
    baseOrOptions?: string | URL | NextUrlOptions,
    options: NextUrlOptions = {},
  ) {
    const isBase = typeof baseOrOptions === 'string' || baseOrOptions instanceof URL;
    this.#options = isBase ? options : (baseOrOptions ?? options);
    this.#url = new URL(String(input), isBase ? baseOrOptions : this.#options.base);
    this.#basePath = '';
    this.#cutBasePath();
  }

  #cutBasePath(): void {
    const { basePath = '' } = this.#options.nextConfig ?? {};
    const { pathname } = this.#url;
    const isBelow = pathname === basePath || pathname.startsWith(`${basePath}/`);
    this.#basePath = isBelow ? basePath : '';
    if (this.#basePath !== '') this.#url.pathname = pathname.slice(basePath.length);
  }

  get href(): string {
    if (this.#basePath === '') return this.#url.href;
    const whole = new URL(this.#url);
    whole.pathname = this.#basePath + (whole.pathname === '/' ? '' : whole.pathname);
    return whole.href;
  }

  set href(href: string) {
    this.#url = new URL(String(href));
    this.#cutBasePath();
  }

  get basePath(): string {
    return this.#basePath;
  }

  set basePath(basePath: string) {
    this.#basePath = basePath === '' || basePath.startsWith('/') ? basePath : `/${basePath}`;
  }

  get locale(): string {
    return '';
  }

  set locale(locale: string) {
    throw new TypeError(`The NextURL configuration includes no locale "${locale}"`);
  }

  get origin(): string {
    return this.#url.origin;
  }

  get searchParams(): URLSearchParams {
    return this.#url.searchParams;
  }

  get protocol(): string {
    return this.#url.protocol;
  }

  set protocol(protocol: string) {
    this.#url.protocol = protocol;
  }

  get username(): string {
    return this.#url.username;
  }

  set username(username: string) {
    this.#url.username = username;
  }

  get password(): string {
    return this.#url.password;
  }

  set password(password: string) {
    this.#url.password = password;
  }

  get host(): string {
    return this.#url.host;
  }

  set host(host: string) {
    this.#url.host = host;
  }

  get hostname(): string {
    return this.#url.hostname;
  }

  set hostname(hostname: string) {
    this.#url.hostname = hostname;
  }

  get port(): string {
    return this.#url.port;
  }

  set port(port: string) {
    this.#url.port = port;
  }

  get pathname(): string {
    return this.#url.pathname;
  }

  set pathname(pathname: string) {
    this.#url.pathname = pathname;
  }

  get search(): string {
    return this.#url.search;
  }

  set search(search: string) {
    this.#url.search = search;
  }

  get hash(): string {
    return this.#url.hash;
  }

  set hash(hash: string) {
    this.#url.hash = hash;
  }

  clone(): NextURL {
    return new NextURL(this.href, this.#options);
  }

  toString(): string {
    return this.href;
  }

  toJSON(): string {
    return this.href;
  }

  [inspect.custom](): object {
    const { href, origin, protocol, host, pathname, search, hash, basePath } = this;
    return { href, origin, protocol, host, pathname, search, hash, basePath };
  }
}
