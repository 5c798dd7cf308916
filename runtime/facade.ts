// SPDX-License-Identifier: MIT

/**
 * `res.socket.server`: an http.Server to whoever listens on it, `ws` and socket.io above all. As with Node's, the first
 * listener of `request` is the one that finds routes, and who takes it off and calls it, or does not, decides for each
 * request. As long as nobody else listens, no request is asked about.
 */

import { Server as HttpServer } from 'node:http';
import { bare } from './bare.ts';
import { fail } from './errors.ts';
import { type Fields, renderFields } from './fields.ts';
import { kResponse, kServer, kState } from './internals.ts';
import type { Request } from './request.ts';
import { conclude, type Response, State } from './response.ts';
import { unfold } from './rules.ts';
import type { Server } from './server.ts';

const kIsHeard = Symbol('whether others listen to `request`');

type Listener = (req: Request, res: Response) => void;
type Inherited = Pick<HttpServer, 'emit' | 'listenerCount' | 'listeners'>;

export class Facade extends bare<Inherited>(HttpServer) {
  declare _events: object | undefined;
  declare [kServer]: Server;
  declare [kIsHeard]: boolean;

  constructor(server: Server) {
    super();
    this[kServer] = server;
    this[kIsHeard] = false;
    (this as unknown as HttpServer).on('request', findRoute as never);
  }

  get listening(): boolean {
    return true;
  }
}

/** What changes who listens; each does what it does, and then C is told. */
for (const name of [
  'addListener',
  'on',
  'once',
  'prependListener',
  'prependOnceListener',
  'off',
  'removeListener',
  'removeAllListeners',
] as const) {
  const inherited = HttpServer.prototype[name] as (...args: unknown[]) => unknown;
  Object.defineProperty(Facade.prototype, name, {
    value(this: Facade, ...args: unknown[]) {
      const result = inherited.apply(this, args);
      takeStock(this);
      return result;
    },
    writable: true,
    configurable: true,
  });
}

function takeStock(facade: Facade): void {
  const isHeard = facade.listeners('request').some((each) => (each as unknown) !== findRoute);
  if (isHeard === facade[kIsHeard]) return;
  facade[kIsHeard] = isHeard;
  facade[kServer].core.hear(isHeard);
}

/** The listener that every server has: the request goes on to its route, with what was set for its answer. */
const findRoute: Listener = (_req, res) => {
  if (res[kState] !== State.fresh) return;
  const fields = unfold(res) ?? [];
  const isCookie = ({ key }: Fields[number]) => key === 'set-cookie';
  const { lines } = renderFields(fields.filter((field) => !isCookie(field)));
  const cookies = renderFields(fields.filter(isCookie)).lines;
  res[kServer].core.passOn(conclude(res), undefined, undefined, lines, cookies);
};

/** Asks who listens about a request. One that nobody wants goes on. */
export function emitRequest({ facade }: Server, req: Request): void {
  const res = req[kResponse];
  try {
    if (facade?.emit('request', req, res) !== true) findRoute(req, res);
  } catch (error) {
    fail(res, error);
  }
}
