// SPDX-License-Identifier: MIT

/** Requests for a module that is being loaded wait in order. */

import { kRequest, kServer } from './internals.ts';
import type { RouteModule } from './load-route.ts';
import type { Route } from './manifest.ts';
import type { Request } from './request.ts';
import type { Response } from './response.ts';
import type { Server } from './server.ts';

/** What is done with a module, and for those who wait for it. */
export interface Steps {
  /** Leaves the handler in the module. */
  load(module: RouteModule, route: Route, server: Server): Promise<void>;
  run(route: Route, req: Request, res: Response): void;
  fail(res: Response, error: unknown): void;
}

export function runLater(module: RouteModule, route: Route, res: Response, steps: Steps): void {
  if (module.waiting === undefined) void runAfter(module, route, res, steps);
  else module.waiting.push(res);
}

async function runAfter(
  module: RouteModule,
  route: Route,
  first: Response,
  steps: Steps,
): Promise<void> {
  const waiting = [first];
  module.waiting = waiting;
  try {
    await steps.load(module, route, first[kServer]);
  } catch (error) {
    for (const res of waiting) steps.fail(res, error);
    return;
  } finally {
    module.waiting = undefined;
  }
  for (const res of waiting) steps.run(route, res[kRequest], res);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== undefined &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
