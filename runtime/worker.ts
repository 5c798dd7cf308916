// SPDX-License-Identifier: MIT

/** The entry of a Node worker: loads the C core into this process and hands it the host. */

import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { readEnvFiles } from '../compiler/env-files.ts';
import type { Core } from './core.ts';
import { createHost } from './host.ts';
import { hideFrames, logError, stackNow } from './log.ts';
import type { Manifest } from './manifest.ts';

const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
const addon = { exports: {} as Core };
// Global, so that routes in C find the functions of capra.h in the addon.
process.dlopen(addon, `${__dirname}/capra.node`, RTLD_NOW | RTLD_GLOBAL);

// Whatever goes wrong outside of a request's handling: the worker lives on, as in Next.
process.on('uncaughtException', (error) => logError('uncaughtException', error));
process.on('unhandledRejection', (reason) => logError('unhandledRejection', reason));
// Called by a handler: it answers nobody any more.
process.on('exit', (code) => addon.exports.exiting(code, stackNow()));
hideFrames(__dirname, join(dirname(__dirname), 'runtime'));

try {
  const loadEdge = () => require(`${__dirname}/edge.cjs`);
  addon.exports.start(createHost(addon.exports, { onManifest: readEnvironment, loadEdge }));
} catch (error) {
  logError(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** Once, before any module of the app is loaded. What the process was started with wins. */
let isEnvironmentRead = false;
function readEnvironment({ isDev }: Manifest): void {
  if (isEnvironmentRead) return;
  isEnvironmentRead = true;
  const mode = isDev ? 'development' : 'production';
  process.env.NODE_ENV ??= mode;
  Object.assign(process.env, readEnvFiles(process.cwd(), mode).values);
}
