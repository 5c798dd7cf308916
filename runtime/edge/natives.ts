// SPDX-License-Identifier: MIT

/** Node's own classes, whatever stands in their place later. */

export const NativeHeaders = globalThis.Headers;
export const NativeRequest = globalThis.Request;
export const NativeResponse = globalThis.Response;
export const nativeFetch = globalThis.fetch;

type NativeRequest = InstanceType<typeof NativeRequest>;
type NativeResponse = InstanceType<typeof NativeResponse>;

/**
 * Gives `prototype` all members of `native` that it has not: they go to the object that `realOf` makes of
 * one of ours.
 */
export function delegate<T extends object>(
  prototype: T,
  native: object,
  realOf: (object: T) => object,
): void {
  for (const key of Reflect.ownKeys(native)) {
    if (key === 'constructor' || key === Symbol.toStringTag || Object.hasOwn(prototype, key))
      continue;
    const {
      value,
      get,
      enumerable = false,
    } = Object.getOwnPropertyDescriptor(native, key) as PropertyDescriptor;
    const access = (object: T) => (realOf(object) as Record<PropertyKey, unknown>)[key];
    const descriptor: PropertyDescriptor =
      get === undefined
        ? {
            value: {
              [key](this: T, ...args: unknown[]) {
                return (access(this) as (...args: unknown[]) => unknown).apply(realOf(this), args);
              },
            }[key],
            writable: true,
          }
        : {
            get(this: T) {
              return access(this);
            },
          };
    if (value !== undefined && typeof value !== 'function') continue;
    Object.defineProperty(prototype, key, { ...descriptor, enumerable, configurable: true });
  }
}
