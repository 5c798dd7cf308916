// SPDX-License-Identifier: MIT

/**
 * Objects whose keys a client chose. They are plain objects, as handlers expect, and any name is
 * a name like others: `constructor` is not inherited, and `__proto__` sets no prototype.
 */

import { own } from './bare.ts';

export function setKey(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') own(object, key, value);
  else object[key] = value;
}

export function getKey<T>(object: Record<string, T>, key: string): T | undefined {
  const value = object[key];
  return value === undefined || Object.hasOwn(object, key) ? value : undefined;
}
