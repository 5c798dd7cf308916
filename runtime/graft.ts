// SPDX-License-Identifier: MIT

/**
 * Express and Connect put their own prototypes under `req` and `res`, and ours go. They assign
 * `req.res` and `res.req` just before: that is when our members are copied onto the object itself,
 * where they also shadow Express's members of the same names, as Next's do.
 */
export function pin(object: object, upTo: object): void {
  for (
    let prototype = Object.getPrototypeOf(object);
    prototype !== null && prototype !== upTo;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const key of Reflect.ownKeys(prototype)) {
      if (key === 'constructor' || Object.hasOwn(object, key)) continue;
      Object.defineProperty(object, key, Object.getOwnPropertyDescriptor(prototype, key) as object);
    }
  }
}
