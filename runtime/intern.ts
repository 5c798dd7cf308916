// SPDX-License-Identifier: MIT

/**
 * A copy of `text` that keeps nothing else alive. A piece cut from a request's head holds on to
 * the whole head; what goes into a cache must not.
 */
export function intern(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string;
}
