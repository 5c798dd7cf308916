// SPDX-License-Identifier: MIT

/**
 * A class to extend that has the prototype of `Class` but not its constructor: objects of the
 * subclass are `instanceof Class` and inherit its members, at the cost of a plain object. What
 * the constructor would have set up, the subclass makes when it is first touched.
 */
export function bare<Inherited extends object>(Class: {
  readonly prototype: unknown;
}): new () => Inherited {
  function Bare() {}
  Bare.prototype = Class.prototype;
  Object.setPrototypeOf(Bare, Class);
  return Bare as unknown as new () => Inherited;
}

/** Gives `object` a property of its own, as an assignment to a plain property would. */
export function own(object: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** Lets assignments replace these accessors of a prototype, as they replace its methods. */
export function assignable(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    if (descriptor?.get === undefined) throw new Error(`no accessor: ${name}`);
    descriptor.set = function (this: object, value: unknown) {
      own(this, name, value);
    };
    Object.defineProperty(prototype, name, descriptor);
  }
}
