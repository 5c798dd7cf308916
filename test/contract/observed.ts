// SPDX-License-Identifier: MIT

import type { Mode } from './case.ts';
import type { Server } from './serve.ts';

/** A rule that takes more than one request to see. */
export interface ObservedCase {
  id: string;
  section: string;
  rule: string;
  /** The app whose server it shares; without one it starts what it needs. */
  app?: string;
  check(context: { mode: Mode; server: Server }): Promise<void>;
}

export const observed: ObservedCase[] = [];
