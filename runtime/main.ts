// SPDX-License-Identifier: MIT

/**
 * The entry of a Node worker: loads the C core into this process, and the runtime, which stands beside it twice: as source
 * (`runtime.js`) and as what V8 had made of that source when Capra was built (`runtime.cache`).
 */

import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import type { Core } from './core.ts';
import type { LoadRuntime } from './worker.ts';

const addon = { exports: {} as Core };
process.dlopen(addon, `${__dirname}/capra.node`);

const filename = `${__dirname}/runtime.js`;
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: readCache() });
const load = script.runInThisContext() as LoadRuntime;
load(require).startWorker(addon.exports, {
  folder: __dirname,
  importModule: (url) => import(url),
  loadEdge: () => require(`${__dirname}/edge.cjs`),
});

/** V8 refuses what another V8 has made, or the same with other flags, and compiles the source instead. */
function readCache(): Buffer | undefined {
  try {
    return readFileSync(`${__dirname}/runtime.cache`);
  } catch {
    return undefined;
  }
}
