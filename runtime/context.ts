// SPDX-License-Identifier: MIT

/**
 * Requests of one turn of the loop run in one callback scope. What one of them enters with
 * `AsyncLocalStorage.enterWith` would be the next one's context too. So once anybody has called that
 * (it is seldom done, and going round it costs time), each request begins in the context that the
 * worker started with.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

type Run = (task: () => void) => void;

/** Runs a request in a context of its own, if that makes a difference. */
export let runClean: Run | undefined;

const atStart: Run = AsyncLocalStorage.snapshot();
const { enterWith } = AsyncLocalStorage.prototype;

AsyncLocalStorage.prototype.enterWith = function (store: unknown) {
  runClean = atStart;
  return enterWith.call(this, store);
};
