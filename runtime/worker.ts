// SPDX-License-Identifier: MIT

/** A worker's JavaScript side: puts the host on the C core. What loads it is `main.ts`. */

import { readEnvFiles } from '../compiler/env-files.ts';
import type { Core } from './core.ts';
import { createHost, type HostOptions } from './host.ts';
import {
  findInstrumentation,
  type InstrumentationEntry,
  type OnRequestError,
  register,
} from './instrumentation.ts';
import { type ImportModule, importBy } from './load-route.ts';
import { hideFrames, logError, stackNow } from './log.ts';

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
  const serve = (onRequestError?: OnRequestError) =>
    orEnd(() => core.start(createHost(core, { loadEdge, onRequestError })));
  orEnd(readEnvironment);
  const entry = findInstrumentation(process.env.CAPRA_WORKER);
  if (entry === undefined) serve();
  else void prepare(entry, importModule).then(serve);
}

/** Without it there is nothing to serve. */
function orEnd(step: () => void): void {
  try {
    step();
  } catch (error) {
    logError(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

/** What cannot be prepared is not served, as in Next. */
async function prepare(
  entry: InstrumentationEntry,
  importModule: ImportModule,
): Promise<OnRequestError | undefined> {
  try {
    return await register(entry, importModule);
  } catch (error) {
    logError(`${entry.file} could not prepare the server`, error);
    return process.exit(1);
  }
}

/**
 * Before any module of the app is loaded, and before a CAPRA_INIT runs. What the process was started with wins. A worker
 * without Node has `src/cli/env_files.c` for it.
 */
function readEnvironment(): void {
  const { development } = JSON.parse(process.env.CAPRA_WORKER ?? '{}');
  const mode = development ? 'development' : 'production';
  process.env.NODE_ENV ??= mode;
  Object.assign(process.env, readEnvFiles(process.cwd(), mode).values);
}
