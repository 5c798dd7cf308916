// SPDX-License-Identifier: MIT

/**
 * Asks the project's proxy about a request, before a route is looked for (`src/ask_proxy.c`). What it may say is in
 * `edge/proxy.ts`.
 */

import { answerBroken, failProxy } from './errors.ts';
import { loadModule, type RouteModule } from './load-route.ts';
import type { Route } from './manifest.ts';
import type { Request } from './request.ts';
import type { Response } from './response.ts';
import { isThenable, runLater, type Steps } from './run-later.ts';
import type { Server } from './server.ts';

export function runProxy(proxy: Route, req: Request, res: Response): void {
  const { module } = proxy;
  if (module === undefined) {
    answerBroken(res, proxy.message);
    return;
  }
  if (module.handler === undefined) {
    runLater(module, proxy, res, steps);
    return;
  }
  try {
    const result = module.handler(req, res);
    if (isThenable(result)) result.then(undefined, (reason: unknown) => failProxy(res, reason));
  } catch (error) {
    failProxy(res, error);
  }
}

const steps: Steps = { load, run: runProxy, fail: failProxy };

async function load(module: RouteModule, { file }: Route, server: Server): Promise<void> {
  server.edge().install();
  const name = /(?:^|\/)middleware\./.test(file) ? 'middleware' : 'proxy';
  const handler = await loadModule(module, server.settings.parity, [name]);
  module.handler = server.edge().adaptProxy(handler);
}
