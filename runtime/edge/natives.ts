// SPDX-License-Identifier: MIT

/** Node's own classes, whatever stands in their place later. */

export const NativeHeaders = globalThis.Headers;
export const NativeRequest = globalThis.Request;
export const NativeResponse = globalThis.Response;
export const nativeFetch = globalThis.fetch;

type Members = Record<PropertyKey, unknown>;

/**
 * Gives `prototype` all members of `native` that it has not yet. They are those of the object that `realOf`
 * makes of one of ours.
 */
export function delegate<T extends object>(
  prototype: T,
  native: object,
  realOf: (object: T) => object,
): void {
  for (const key of Reflect.ownKeys(native)) {
    if (key === 'constructor' || Object.hasOwn(prototype, key)) continue;
    const { get, value, enumerable } = Reflect.getOwnPropertyDescriptor(native, key) ?? {};
    const shared = { enumerable: enumerable === true, configurable: true };
    if (get !== undefined) {
      Object.defineProperty(prototype, key, {
        ...shared,
        get(this: T) {
          return (realOf(this) as Members)[key];
        },
      });
    } else if (typeof value === 'function') {
      Object.defineProperty(prototype, key, {
        ...shared,
        writable: true,
        value(this: T, ...args: unknown[]) {
          return value.apply(realOf(this), args);
        },
      });
    }
  }
}
