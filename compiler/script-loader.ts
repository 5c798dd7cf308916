// SPDX-License-Identifier: MIT

import type { Loader } from 'esbuild';

/**
 * How esbuild reads a file: TypeScript, with or without JSX; JavaScript always may have JSX.
 *
 * @example
 * scriptLoader('pages/api/hello.js'); // 'jsx'
 */
export function scriptLoader(file: string): Loader {
  if (/\.[cm]?ts$/.test(file)) return 'ts';
  return file.endsWith('.tsx') ? 'tsx' : 'jsx';
}
