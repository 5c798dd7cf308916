// SPDX-License-Identifier: MIT

import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * The path of something that the app keeps; the folder it lies in is there afterwards. Everything
 * kept is below `data` in the example's folder, or below what DATA_FOLDER names: never in `public`,
 * where anybody could ask for it.
 *
 * @example
 * openSqlite(dataFile('tutorial.sqlite'));
 */
export function dataFile(name: string): string {
  const file = resolve(process.env.DATA_FOLDER || 'data', name);
  mkdirSync(dirname(file), { recursive: true });
  return file;
}
