// SPDX-License-Identifier: MIT

/** A worker's JavaScript side: puts the host on the C core. What loads it is `main.ts`. */

import { readEnvFiles } from '../compiler/env-files.ts';
import type { Core } from './core.ts';
import { createHost, type HostOptions } from './host.ts';
import { type ImportModule, importBy } from './load-route.ts';
import { hideFrames, logError, stackNow } from './log.ts';
import type { Manifest } from './manifest.ts';

export interface WorkerOptions {
  /** Where the build is that runs, `edge.cjs` and all. */
  folder: string;
  /** `import`, as a module has it: the runtime is compiled as a script, which has none. */
  importModule: ImportModule;
  loadEdge: NonNullable<HostOptions['loadEdge']>;
}

/** What the whole of `runtime.js` is, as an expression. */
export type LoadRuntime = (require: NodeJS.Require) => { startWorker: typeof startWorker };

/** Serves, until the process ends. Throws an Error whose message is for the operator. */
export function startWorker(core: Core, { folder, importModule, loadEdge }: WorkerOptions): void {
  // Whatever goes wrong outside of a request's handling: the worker lives on, as in Next.
  process.on('uncaughtException', (error) => logError('uncaughtException', error));
  process.on('unhandledRejection', (reason) => logError('unhandledRejection', reason));
  // Called by a handler: it answers nobody any more.
  process.on('exit', (code) => core.exiting(code, stackNow()));
  hideFrames(folder, `${folder.slice(0, folder.lastIndexOf('/'))}/runtime`);
  importBy(importModule);
  try {
    core.start(createHost(core, { onManifest: readEnvironment, loadEdge }));
  } catch (error) {
    logError(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
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
