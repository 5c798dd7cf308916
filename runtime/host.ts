// SPDX-License-Identifier: MIT

/** What C calls: requests come in here, and find their response object again by their number. */

import { ParsedRequest, StreamedRequest } from './api-request.ts';
import { ApiResponse } from './api-response.ts';
import { runClean } from './context.ts';
import { Closed, type Core, type Host, SLOTS } from './core.ts';
import type { Edge } from './edge/edge.ts';
import { fail } from './errors.ts';
import { emitRequest } from './facade.ts';
import { elsewhere, forward } from './forward.ts';
import type { OnRequestError } from './instrumentation.ts';
import { kId, kListens, kRequest, kResponse, kTrailers } from './internals.ts';
import { lent } from './lent.ts';
import { logError, stackNow } from './log.ts';
import { defaultSettings, type Manifest, noKeys, type Route, readManifest } from './manifest.ts';
import { METHODS } from './methods.ts';
import { coded, connectionReset, timedOut } from './node-errors.ts';
import { receive } from './request.ts';
import { abort, cut, drained, type Response } from './response.ts';
import { applyOutcome } from './rules.ts';
import { runProxy } from './run-proxy.ts';
import { runRoute } from './run-route.ts';
import type { Server } from './server.ts';
import { noRoute, upgrade, wantsUpgrades } from './upgrade.ts';

export interface HostOptions {
  /** The project folder, to which the manifest's paths are relative. */
  folder?: string;
  /** Gives the module `edge/edge.ts`, when it is needed. */
  loadEdge?: () => typeof import('./edge/edge.ts');
  /** Told of what routes throw. */
  onRequestError?: OnRequestError | undefined;
}

/** The runtime's side of the border. One is enough for a worker; tests make many. */
export function createHost(
  core: Core,
  { folder = process.cwd(), loadEdge, onRequestError }: HostOptions = {},
): Host {
  const server: Server = {
    core,
    live: [],
    isDev: false,
    settings: defaultSettings,
    preview: noKeys,
    edge: edgeBy(loadEdge),
    tasks: 0,
    facade: undefined,
    onRequestError,
  };
  const { live } = server;
  const find = (id: number) => {
    const res = live[id & SLOTS];
    return res?.[kId] === id ? res : undefined;
  };
  let manifest: Manifest | undefined;
  let routes: readonly Route[] = [];
  let proxy: Route | undefined;

  return {
    routes(text) {
      manifest = readManifest(text, folder, manifest);
      server.isDev = manifest.isDev;
      server.settings = manifest.settings;
      server.preview = manifest.preview;
      routes = manifest.routes;
      proxy = manifest.proxy;
    },

    request(
      id,
      index,
      method,
      targetAt,
      targetLength,
      head,
      path,
      params,
      body,
      query,
      hidden,
      fields,
      trailers,
    ) {
      const route = routes[index] as Route;
      const name = METHODS[method] as string;
      const Class = route.limits.readsBody ? ParsedRequest : StreamedRequest;
      const req = new Class(route, name, targetAt, targetLength, head, path, params, body);
      const res = new ApiResponse(server, req, id);
      req[kResponse] = res;
      if (query !== undefined || fields !== undefined)
        applyOutcome(req, res, query, hidden, fields);
      if (trailers !== undefined) req[kTrailers] = trailers;
      if (runClean === undefined) runRoute(route, req, res);
      else runClean(() => runRoute(route, req, res));
      // C calls for a request only from later turns; most have been answered by now.
      if (res[kId] === id) live[id & SLOTS] = res;
    },

    forward(id, method, head, body, address, fields) {
      const name = METHODS[method] as string;
      const at = name.length + 1;
      const length = head.indexOf(' ', at) - at;
      const req = new StreamedRequest(
        elsewhere,
        name,
        at,
        length,
        head,
        undefined,
        undefined,
        body,
      );
      const res = new ApiResponse(server, req, id);
      req[kResponse] = res;
      if (fields !== undefined) applyOutcome(req, res, undefined, undefined, fields);
      guard(() => forward(req, res, address));
      if (res[kId] === id) live[id & SLOTS] = res;
    },

    proxy(id, method, targetAt, targetLength, head, path, body) {
      const route = proxy as Route;
      const name = METHODS[method] as string;
      const req = new StreamedRequest(
        route,
        name,
        targetAt,
        targetLength,
        head,
        path,
        undefined,
        body,
      );
      const res = new ApiResponse(server, req, id);
      req[kResponse] = res;
      if (runClean === undefined) runProxy(route, req, res);
      else runClean(() => runProxy(route, req, res));
      if (res[kId] === id) live[id & SLOTS] = res;
    },

    heard(id, method, targetAt, targetLength, head, path, body) {
      const name = METHODS[method] as string;
      const req = new StreamedRequest(
        noRoute,
        name,
        targetAt,
        targetLength,
        head,
        path,
        undefined,
        body,
      );
      const res = new ApiResponse(server, req, id);
      req[kResponse] = res;
      if (runClean === undefined) emitRequest(server, req);
      else runClean(() => emitRequest(server, req));
      if (res[kId] === id) live[id & SLOTS] = res;
    },

    upgrade(id, method, targetAt, targetLength, head, path) {
      if (!wantsUpgrades(server)) return;
      const name = METHODS[method] as string;
      const req = new StreamedRequest(
        noRoute,
        name,
        targetAt,
        targetLength,
        head,
        path,
        undefined,
        undefined,
      );
      req[kResponse] = new ApiResponse(server, req, id);
      guard(() => upgrade(server, req, id));
    },

    body(id, chunk, trailers) {
      const res = find(id);
      if (res === undefined) return;
      try {
        if (!receive(res[kRequest], chunk, trailers) && chunk !== null) core.pauseBody(id);
      } catch (error) {
        fail(res, error);
      }
    },

    drained(id) {
      const res = find(id);
      if (res !== undefined) guard(() => drained(res));
    },

    closed(id, why) {
      const res = find(id);
      if (res === undefined) return;
      if (why !== Closed.halfClosed) guard(() => cut(res, reasonOf(why)));
      else if (wantsToKnow(res)) guard(() => abort(res));
    },

    stack: stackNow,
  };
}

/** Also puts it where modules that import `next/server` look for it (see `compiler/next-server.ts`). */
function edgeBy(load: HostOptions['loadEdge']): () => Edge {
  let edge: Edge | undefined;
  const find = () => {
    edge ??= load?.().createEdge(lent);
    if (edge === undefined) throw new Error('This host has no edge runtime');
    return edge;
  };
  const value: Edge['nextServer'] = (load) => find().nextServer(load);
  const hook = Symbol.for('capra.next/server');
  if (load) Object.defineProperty(globalThis, hook, { value, configurable: true });
  return find;
}

/** A client that will send no more may still read: Node cuts it off, we only if someone listens. */
function wantsToKnow(res: Response): boolean {
  return res.listenerCount('close') > 0 || res[kRequest][kListens]();
}

function reasonOf(why: number): Error {
  if (why === Closed.timedOut) return timedOut();
  if (why !== Closed.longBody) return connectionReset();
  return coded(
    new Error('The request body is longer than the route allows'),
    'ERR_CAPRA_LONG_BODY',
  );
}

/** Listeners run here that no handler stands around: what they throw is no answer's business. */
function guard(task: () => void): void {
  try {
    task();
  } catch (error) {
    logError('A listener threw', error);
  }
}
