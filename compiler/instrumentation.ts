// SPDX-License-Identifier: MIT

// The project's `instrumentation.ts`, beside the pages folder: what it exports as `register` is called before a worker
// serves, and `onRequestError` for errors of routes.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PAGE_EXTENSIONS } from './discover.ts';
import type { Project } from './project.ts';

/**
 * Finds the file, relative to the project folder.
 *
 * @example
 * findInstrumentation(openProject('.', { mode: 'production' })); // 'instrumentation.ts'
 */
export function findInstrumentation(
  { root, pages }: Pick<Project, 'root' | 'pages'>,
  pageExtensions: string[] = PAGE_EXTENSIONS,
): string | undefined {
  const name = `${pages.replace(/pages$/, '')}instrumentation`;
  return pageExtensions
    .map((extension) => `${name}.${extension}`)
    .find((file) => existsSync(join(root, file)));
}
