// SPDX-License-Identifier: MIT

/**
 * The globals that edge routes, and the packages that they use, make their answers with. Node's own take
 * several times as long to make as to send.
 */

import { NativeRequest, nativeFetch } from './natives.ts';
import { toNative } from './next-request.ts';
import { LightResponse } from './response.ts';

let isInstalled = false;

export function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  replace('Response', LightResponse);
  // These two only have to know the request that a route is called with: it has no inner parts.
  replace('Request', new Proxy(NativeRequest, { construct }));
  replace('fetch', new Proxy(nativeFetch, { apply }));
}

function construct(Class: typeof NativeRequest, args: unknown[], newTarget: unknown): object {
  const [input, ...rest] = args;
  return Reflect.construct(Class, [toNative(input), ...rest], newTarget as typeof NativeRequest);
}

function apply(fetch: typeof nativeFetch, self: unknown, args: unknown[]): unknown {
  const [input, ...rest] = args;
  return Reflect.apply(fetch, self, [toNative(input), ...rest] as never);
}

function replace(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, {
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}
