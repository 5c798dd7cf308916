// SPDX-License-Identifier: MIT

/**
 * Express and Connect put their own prototypes under `req` and `res`, and ours go. They assign
 * `req.res` and `res.req` just before: that is when our members are copied onto the object itself,
 * where they also shadow Express's members of the same names, as Next's do.
 */
export function pin(object: object, upTo: object): void {
  for (const [key, descriptor] of membersOf(Object.getPrototypeOf(object), upTo)) {
    if (!Object.hasOwn(object, key)) Object.defineProperty(object, key, descriptor);
  }
}

type Members = Map<PropertyKey, PropertyDescriptor>;

const known = new WeakMap<object, Members>();

/** What an object with this prototype inherits before it comes to `upTo`. */
function membersOf(prototype: object, upTo: object): Members {
  const before = known.get(prototype);
  if (before !== undefined) return before;
  const members: Members = new Map();
  for (let at = prototype; at !== upTo; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      if (key === 'constructor' || members.has(key)) continue;
      members.set(key, Object.getOwnPropertyDescriptor(at, key) as PropertyDescriptor);
    }
  }
  known.set(prototype, members);
  return members;
}
