// SPDX-License-Identifier: MIT

/**
 * Requests for another protocol, WebSocket above all. As with Node's own server they are for who listens to `upgrade` on
 * `res.socket.server`, and nobody else knows of the connection from then on.
 */

import { Socket } from 'node:net';
import { kResponse, kState } from './internals.ts';
import type { Route } from './manifest.ts';
import { paramNames } from './query.ts';
import type { Request } from './request.ts';
import { State } from './response.ts';
import type { Server } from './server.ts';

/** What a request that leads to no route says of its own. */
export const noRoute: Route = {
  pattern: '/',
  params: paramNames('/'),
  file: 'a listener of res.socket.server',
  module: undefined,
  message: undefined,
  limits: {
    readsBody: true,
    bodyLimit: 0,
    bodyLimitText: '',
    responseLimit: Number.POSITIVE_INFINITY,
    externalResolver: true,
  },
  isDynamic: false,
  isEdge: false,
};

export function wantsUpgrades({ facade }: Server): boolean {
  return facade !== undefined && facade.listenerCount('upgrade') > 0;
}

export function upgrade({ core, facade }: Server, req: Request, id: number): void {
  // As long as C knows who is there.
  const { remoteAddress } = req.socket;
  void req.headers;
  const taken = core.detach(id);
  if (taken === undefined) return;
  const [fd, rest] = taken;
  req[kResponse][kState] = State.ended;
  const socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
  Object.assign(socket, { server: facade });
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  req.socket = socket as never;
  (req as { upgrade?: boolean }).upgrade = true;
  try {
    facade?.emit('upgrade', req, socket, rest);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
