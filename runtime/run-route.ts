// SPDX-License-Identifier: MIT

/** Calls handlers, and makes one thing of all the ways in which they can end. */

import { checkBody, type ParsedRequest } from './api-request.ts';
import { adaptRequest } from './dynamic-route.ts';
import { answerBroken, fail, failRoute, refuse } from './errors.ts';
import { kHead, kRaw, kServer, kState } from './internals.ts';
import { type Handler, loadModule, type RouteModule } from './load-route.ts';
import { warn } from './log.ts';
import { type Route, takesRequests } from './manifest.ts';
import { readPreview } from './preview.ts';
import { BodyError } from './read-body.ts';
import type { Request } from './request.ts';
import { type Response, State } from './response.ts';
import { isThenable, runLater, type Steps } from './run-later.ts';
import type { Server } from './server.ts';

/** Runs a route, at once if its module is there, else in turn when it has been loaded. */
export function runRoute(route: Route, req: Request, res: Response): void {
  const { module } = route;
  if (module === undefined) answerBroken(res, route.message);
  else if (module.handler === undefined) runLater(module, route, res, steps);
  else if (route.isDynamic) void adapt(module.handler, req, res, route);
  else runHandler(module.handler, req, res, route);
}

function runHandler(handler: Handler, req: Request, res: Response, route: Route): void {
  // One character is found much faster than the names of two cookies, and most heads do without it.
  if (req[kHead].includes('_')) readPreview(req, res);
  const raw = req[kRaw];
  if (raw !== undefined && raw !== null && route.limits.readsBody) {
    if (!acceptBody(req as ParsedRequest, res, raw)) return;
  }
  if (res[kServer].isDev) {
    void callAndWatch(handler, req, res, route);
    return;
  }
  try {
    const result = handler(req, res);
    // Of a promise whose answer is out there is nothing left to learn but how it failed, and that
    // the process logs.
    if (isThenable(result) && res[kState] < State.ended) {
      result.then(undefined, (reason: unknown) => fail(res, reason));
    }
  } catch (error) {
    fail(res, error);
  }
}

/** False when the body was refused. */
function acceptBody(req: ParsedRequest, res: Response, raw: string | Uint8Array): boolean {
  try {
    checkBody(req, raw);
    return true;
  } catch (error) {
    if (error instanceof BodyError) refuse(res, 400, error.message);
    else fail(res, error);
    return false;
  }
}

const steps: Steps = { load, run: runRoute, fail: failRoute };

async function load(module: RouteModule, route: Route, server: Server): Promise<void> {
  if (route.isEdge) server.edge().install();
  const handler = await loadModule(module, server.settings.parity);
  if (takesRequests(route)) module.handler = server.edge().adapt(handler);
}

async function adapt(handler: Handler, req: Request, res: Response, route: Route): Promise<void> {
  try {
    if (await adaptRequest(req, res, route)) runHandler(handler, req, res, route);
  } catch (error) {
    fail(res, error);
  }
}

/** In development: says what a handler did that it will be sorry for. */
async function callAndWatch(
  handler: Handler,
  req: Request,
  res: Response,
  route: Route,
): Promise<void> {
  let isPiped = false;
  res.once('pipe', () => {
    isPiped = true;
  });
  try {
    const result = await handler(req, res);
    if (result instanceof globalThis.Response) throw new TypeError(returnedResponse);
    if (result !== undefined)
      warn(`API handler should not return a value, received ${typeof result}.`);
    if (!route.limits.externalResolver && !isPiped && res[kState] === State.fresh) {
      warn(
        `API resolved without sending a response for ${req.url}, ` +
          'this may result in stalled requests.',
      );
    }
  } catch (error) {
    fail(res, error);
  }
}

const returnedResponse =
  'API route returned a Response object. Answer through res instead: res.status(200).json(…)';
