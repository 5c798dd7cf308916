// SPDX-License-Identifier: MIT

/** `request.cookies` and `response.cookies`: the cookies in a set of headers, which follow each change. */

import { inspect } from 'node:util';

type Headers = Pick<
  InstanceType<typeof globalThis.Headers>,
  'get' | 'set' | 'append' | 'delete' | 'getSetCookie'
>;

export interface RequestCookie {
  name: string;
  value: string;
}

export interface ResponseCookie extends RequestCookie {
  path?: string;
  domain?: string;
  expires?: Date | number;
  maxAge?: number;
  secure?: boolean;
  httpOnly?: boolean;
  sameSite?: boolean | 'lax' | 'strict' | 'none';
  partitioned?: boolean;
  priority?: 'low' | 'medium' | 'high';
}

type Options = Partial<Omit<ResponseCookie, 'name' | 'value'>>;
type NameOrCookie = string | { name: string };

/** What both have in common. */
class Cookies<C extends RequestCookie> {
  protected readonly jar: Map<string, C> = new Map();
  protected readonly headers: Headers;

  constructor(headers: Headers) {
    this.headers = headers;
  }

  get(name: NameOrCookie): C | undefined {
    return this.jar.get(nameOf(name));
  }

  getAll(name?: NameOrCookie): C[] {
    const all = [...this.jar.values()];
    return name === undefined ? all : all.filter((cookie) => cookie.name === nameOf(name));
  }

  has(name: string): boolean {
    return this.jar.has(name);
  }

  [inspect.custom](): object {
    return Object.fromEntries(this.jar);
  }
}

export class RequestCookies extends Cookies<RequestCookie> {
  constructor(headers: Headers) {
    super(headers);
    for (const pair of (headers.get('cookie') ?? '').split(/; */)) {
      const [name, value] = splitPair(pair);
      const decoded = decode(value ?? 'true');
      if (pair !== '' && decoded !== undefined) this.jar.set(name, { name, value: decoded });
    }
  }

  get size(): number {
    return this.jar.size;
  }

  [Symbol.iterator](): MapIterator<[string, RequestCookie]> {
    return this.jar[Symbol.iterator]();
  }

  set(cookie: RequestCookie): this;
  set(name: string, value: string): this;
  set(nameOrCookie: string | RequestCookie, text = ''): this {
    const cookie =
      typeof nameOrCookie === 'string' ? { name: nameOrCookie, value: text } : nameOrCookie;
    this.jar.set(cookie.name, { name: cookie.name, value: cookie.value });
    return this.#write();
  }

  delete(name: string): boolean;
  delete(names: string[]): boolean[];
  delete(names: string | string[]): boolean | boolean[] {
    const were = [names].flat().map((name) => this.jar.delete(name));
    this.#write();
    return Array.isArray(names) ? were : (were[0] as boolean);
  }

  clear(): this {
    this.jar.clear();
    return this.#write();
  }

  #write(): this {
    this.headers.set('cookie', this.toString());
    return this;
  }

  override toString(): string {
    return [...this.jar.values()].map(writePair).join('; ');
  }
}

export class ResponseCookies extends Cookies<ResponseCookie> {
  constructor(headers: Headers) {
    super(headers);
    for (const line of headers.getSetCookie()) {
      const cookie = parseSetCookie(line);
      if (cookie !== undefined) this.jar.set(cookie.name, cookie);
    }
  }

  set(cookie: ResponseCookie): this;
  set(name: string, value: string, options?: Options): this;
  set(nameOrCookie: string | ResponseCookie, value = '', options: Options = {}): this {
    const cookie =
      typeof nameOrCookie === 'string' ? { ...options, name: nameOrCookie, value } : nameOrCookie;
    this.jar.set(cookie.name, complete(cookie));
    this.headers.delete('set-cookie');
    for (const each of this.jar.values()) this.headers.append('set-cookie', writeSetCookie(each));
    return this;
  }

  delete(name: string): this;
  delete(cookie: Omit<ResponseCookie, 'value' | 'expires'>): this;
  delete(nameOrCookie: string | Omit<ResponseCookie, 'value' | 'expires'>): this {
    const cookie = typeof nameOrCookie === 'string' ? { name: nameOrCookie } : nameOrCookie;
    return this.set({ ...cookie, value: '', expires: new Date(0) });
  }

  override toString(): string {
    return [...this.jar.values()].map(writeSetCookie).join('; ');
  }
}

function nameOf(nameOrCookie: NameOrCookie): string {
  return typeof nameOrCookie === 'string' ? nameOrCookie : nameOrCookie.name;
}

function splitPair(pair: string): [name: string, value: string | undefined] {
  const equals = pair.indexOf('=');
  return equals === -1 ? [pair, undefined] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** Undefined for what is not well escaped. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function writePair({ name, value }: RequestCookie): string {
  return `${name}=${encodeURIComponent(value ?? '')}`;
}

/** The path is all of the site unless another is given, and an age becomes a moment as well. */
function complete(cookie: ResponseCookie): ResponseCookie {
  const full = { ...cookie, path: cookie.path ?? '/' };
  if (typeof full.expires === 'number') full.expires = new Date(full.expires);
  if (full.maxAge) full.expires = new Date(Date.now() + full.maxAge * 1000);
  return full;
}

function writeSetCookie(cookie: ResponseCookie): string {
  const { path, expires, maxAge, domain, secure, httpOnly, sameSite, partitioned, priority } =
    cookie;
  const attributes = [
    path && `Path=${path}`,
    (expires || expires === 0) && `Expires=${new Date(expires).toUTCString()}`,
    typeof maxAge === 'number' && `Max-Age=${maxAge}`,
    domain && `Domain=${domain}`,
    secure && 'Secure',
    httpOnly && 'HttpOnly',
    sameSite && `SameSite=${sameSite === true ? 'strict' : sameSite}`,
    partitioned && 'Partitioned',
    priority && `Priority=${priority}`,
  ];
  return [writePair(cookie), ...attributes.filter(Boolean)].join('; ');
}

function parseSetCookie(line: string): ResponseCookie | undefined {
  const [first = '', ...rest] = line.split(/; */);
  const [name, value] = splitPair(first);
  const decoded = decode(value ?? 'true');
  if (first === '' || decoded === undefined) return undefined;
  const cookie: ResponseCookie = { name, value: decoded };
  for (const attribute of rest) {
    const [key, text = ''] = splitPair(attribute);
    readAttribute(cookie, key.toLowerCase(), text);
  }
  return cookie;
}

function readAttribute(cookie: ResponseCookie, key: string, text: string): void {
  const word = text.toLowerCase();
  if (key === 'path') cookie.path = text;
  else if (key === 'domain') cookie.domain = text;
  else if (key === 'expires') cookie.expires = new Date(text);
  else if (key === 'max-age') cookie.maxAge = Number(text);
  else if (key === 'secure') cookie.secure = true;
  else if (key === 'httponly') cookie.httpOnly = true;
  else if (key === 'partitioned') cookie.partitioned = true;
  else if (key === 'samesite' && isOneOf(word, ['strict', 'lax', 'none'])) cookie.sameSite = word;
  else if (key === 'priority' && isOneOf(word, ['low', 'medium', 'high'])) cookie.priority = word;
}

function isOneOf<T extends string>(word: string, words: readonly T[]): word is T {
  return (words as readonly string[]).includes(word);
}
