// SPDX-License-Identifier: MIT

import { inspect } from './check/inspect.ts';
import { countsOf, report, reportAsJson } from './check/report.ts';

export interface CheckOptions {
  isStrictParity: boolean;
  /** For machines. */
  isJson: boolean;
}

/**
 * `capra check`: tells what of a project will not work here, what is a trap, and what is otherwise than in Next.
 * Writes nothing into the project. Returns the exit code.
 */
export async function check(
  folder: string,
  { isStrictParity, isJson }: CheckOptions,
): Promise<number> {
  const { stdout } = process;
  const inspection = await inspect(folder, { isStrictParity });
  stdout.write(isJson ? reportAsJson(inspection) : report(inspection, stdout));
  return countsOf(inspection.findings).error > 0 ? 1 : 0;
}
