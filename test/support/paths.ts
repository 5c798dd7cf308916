// SPDX-License-Identifier: MIT

import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** The command under test; CAPRA_EXECUTABLE names another one, a build with sanitizers for example. */
export const executable = process.env.CAPRA_EXECUTABLE ?? join(root, 'build/capra');

export const tutorial = join(root, 'examples/tutorial');
