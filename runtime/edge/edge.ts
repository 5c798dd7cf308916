// SPDX-License-Identifier: MIT

/**
 * Routes with `runtime: 'edge'`: a handler is given a Request and returns a Response. This folder becomes
 * `build/edge.cjs`, which a worker loads for the first such route, or for the first module that imports
 * `next/server`.
 */

import type { Lent } from '../lent.ts';
import type { Handler } from '../load-route.ts';
import { borrow, lent } from './borrowed.ts';
import { NextFetchEvent } from './fetch-event.ts';
import { install } from './globals.ts';
import { IncomingRequest } from './incoming.ts';
import { nextServer } from './next-server.ts';
import { obey } from './proxy.ts';
import { send } from './send.ts';

/** What the rest of the runtime knows of this folder. */
export interface Edge {
  /** Puts the light classes where the app finds them; before its modules are loaded. */
  install(): void;
  /** Makes a handler of `(req, res)` of one of `(request, event)`. */
  adapt(handler: unknown): Handler;
  /** The same for the project's proxy, which need not answer. */
  adaptProxy(handler: unknown): Handler;
  /** The exports of `next/server`. */
  nextServer: typeof nextServer;
}

export function createEdge(from: Lent): Edge {
  borrow(from);
  return { install, adapt, adaptProxy, nextServer };
}

type EdgeHandler = (request: IncomingRequest, event: NextFetchEvent) => unknown;

const adapt = (handler: unknown): Handler => adaptWith(handler, send);
const adaptProxy = (handler: unknown): Handler => adaptWith(handler, obey);

/** `finish` does what the handler has returned. */
function adaptWith(handler: unknown, finish: typeof send): Handler {
  return (req, res) => {
    const settings = lent.settingsOf(res);
    const request = new IncomingRequest(req, settings);
    const returned = (handler as EdgeHandler)(request, new NextFetchEvent(res));
    if (isThenable(returned)) {
      return Promise.resolve(returned).then((response) =>
        finish(req, res, response, settings.parity),
      );
    }
    return finish(req, res, returned, settings.parity);
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
