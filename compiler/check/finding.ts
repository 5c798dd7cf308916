// SPDX-License-Identifier: MIT

import type { Diagnostic } from '../diagnostics.ts';

/** What a rule has to say of a place. */
export interface Problem extends Diagnostic {
  /** What comes of it. */
  why?: string;
}

/** The same, with the rule that says it. */
export interface Finding extends Problem {
  rule: string;
}
