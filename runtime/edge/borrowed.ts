// SPDX-License-Identifier: MIT

import type { Lent } from '../lent.ts';

/** See `../lent.ts`. */
export let lent: Lent;

export function borrow(from: Lent): void {
  lent = from;
}
