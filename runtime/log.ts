// SPDX-License-Identifier: MIT

/** Lines on stderr for the operator, with the marks of `src/base/log.c`. */

export function warn(message: string): void {
  console.error(`⚠ ${message}`);
}

/** `thrown` may be anything; of an Error the stack is printed, in the lines of the sources. */
export function logError(message: string, ...thrown: [] | [thrown: unknown]): void {
  if (thrown.length === 0) console.error(`⨯ ${message}`);
  else console.error(`⨯ ${message}:`, thrown[0]);
}
