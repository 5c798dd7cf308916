// SPDX-License-Identifier: MIT

/** NextRequest of `next/server`: a Request with `nextUrl` and `cookies`. */

import { RequestCookies } from './cookies.ts';
import { NativeRequest } from './natives.ts';
import { NextURL, type NextUrlOptions } from './next-url.ts';

export const kConfig: unique symbol = Symbol('config');
export const kNextUrl: unique symbol = Symbol('nextUrl');
export const kCookies: unique symbol = Symbol('cookies');
/** Of a request that is Node's by its prototype only: makes one that Node takes for its own. */
export const kToNative: unique symbol = Symbol('toNative');

type Input = ConstructorParameters<typeof NativeRequest>[0];
type Init = NonNullable<ConstructorParameters<typeof NativeRequest>[1]> & {
  nextConfig?: NextUrlOptions['nextConfig'];
};

/** What Node's constructors and `fetch` can do something with. */
export function toNative<T>(input: T): T {
  const convert = (input as { [kToNative]?: () => T } | null | undefined)?.[kToNative];
  return convert === undefined ? input : convert.call(input);
}

export class NextRequest extends NativeRequest {
  declare [kConfig]: NextUrlOptions['nextConfig'];
  declare [kNextUrl]: NextURL | undefined;
  declare [kCookies]: RequestCookies | undefined;

  constructor(input: Input | NextURL, init: Init = {}) {
    const { nextConfig, ...rest } = init;
    // Next asks nobody to say it.
    if (rest.body) rest.duplex = 'half';
    super(toNative(input instanceof NextURL ? input.href : input), rest);
    this[kConfig] = nextConfig;
  }

  get nextUrl(): NextURL {
    this[kNextUrl] ??= new NextURL(this.url, { nextConfig: this[kConfig] ?? {} });
    return this[kNextUrl];
  }

  get cookies(): RequestCookies {
    this[kCookies] ??= new RequestCookies(this.headers);
    return this[kCookies];
  }

  get page(): never {
    throw new Error('The request.page has been deprecated in favour of `URLPattern`.');
  }

  get ua(): never {
    throw new Error('The request.ua has been removed in favour of `userAgent` function.');
  }
}
