// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mode } from './case.ts';
import type { Outcome } from './run.ts';

/** How a case stands in a mode: as the contract says, otherwise on purpose, or otherwise for now. */
export type Standing =
  | 'passes'
  /** On purpose; the value is the reason. */
  | { differs: string }
  /** The value is what is missing. */
  | { 'not yet': string };

export type Standings = Record<string, Record<Mode, Standing>>;

export const standingFile = join(import.meta.dirname, 'standing.json');

export function readStandings(): Standings {
  return JSON.parse(readFileSync(standingFile, 'utf8'));
}

/** The word for it. */
export function wordOf(standing: Standing): 'passes' | 'differs' | 'not yet' {
  return standing === 'passes' ? 'passes' : 'differs' in standing ? 'differs' : 'not yet';
}

/** What it says of the reason. */
export function reasonOf(standing: Standing): string {
  return standing === 'passes' ? '' : Object.values(standing)[0];
}

/** What is wrong with a standing, seen what came of the case; nothing when it is right. */
export function judge(standing: Standing | undefined, outcome: Outcome): string | undefined {
  const { faults, oursFaults, report } = outcome;
  if (standing === undefined) return 'standing.json does not know this case';
  if (standing === 'passes')
    return faults.length > 0 ? `${faults.join('\n')}\n${report}` : undefined;
  if (faults.length === 0)
    return `it passes now: standing.json still says ${JSON.stringify(standing)}`;
  const isOurs = oursFaults !== undefined && oursFaults.length === 0;
  if ('not yet' in standing)
    return isOurs ? 'it is as Capra means it to be: standing.json still says "not yet"' : undefined;
  if (isOurs) return undefined;
  return `neither the contract nor what is told as our own:\n${oursFaults?.join('\n')}\n${report}`;
}
