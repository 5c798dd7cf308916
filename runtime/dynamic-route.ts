// SPDX-License-Identifier: MIT

/**
 * Routes whose `config` only the module knows (`module.exports.config`, a computed limit). C does
 * not know it when the request comes, so what C has done with the body is put right here.
 */

import { parseSizeAsNext } from '../compiler/size.ts';
import { ParsedRequest, StreamedRequest } from './api-request.ts';
import { refuse } from './errors.ts';
import { kId, kRaw, kServer, kState } from './internals.ts';
import { isEdge, type Limits, type Route } from './manifest.ts';
import { bytesOf } from './read-body.ts';
import type { Request } from './request.ts';
import { type Response, State } from './response.ts';

/**
 * Makes `req` one of a route with the config of its module, which has been loaded. Resolves to
 * whether the handler is to be called.
 */
export async function adaptRequest(req: Request, res: Response, route: Route): Promise<boolean> {
  readConfig(route.limits, route.module?.config);
  limitDuration(res, route.module?.config);
  const { readsBody, bodyLimit, bodyLimitText } = route.limits;
  const Class = readsBody ? ParsedRequest : StreamedRequest;
  // The first requests came before anyone knew.
  if (Object.getPrototypeOf(req) !== Class.prototype) Object.setPrototypeOf(req, Class.prototype);
  if (!readsBody) return true;
  if (req[kRaw] === null && !(await collect(req, bodyLimit))) {
    if (res[kState] < State.ended) refuse(res, 413, `Body exceeded ${bodyLimitText} limit`);
    return false;
  }
  if (lengthOf(req[kRaw]) <= bodyLimit) return true;
  refuse(res, 413, `Body exceeded ${bodyLimitText} limit`);
  return false;
}

interface Config {
  maxDuration?: unknown;
  api?: {
    bodyParser?: boolean | { sizeLimit?: number | string };
    responseLimit?: boolean | number | string;
    externalResolver?: boolean;
  };
}

/** `maxDuration` is in seconds. Next writes it down for hosts that keep it, and does not itself. */
function limitDuration(res: Response, config: unknown): void {
  const { maxDuration } = (config ?? {}) as Config;
  const { core, settings } = res[kServer];
  if (typeof maxDuration === 'number' && maxDuration > 0 && !settings.parity)
    core.limit(res[kId], maxDuration * 1000);
}

function readConfig(limits: Limits, config: unknown): void {
  const { bodyParser, responseLimit, externalResolver } = (config as Config | undefined)?.api ?? {};
  limits.readsBody = bodyParser !== false && !isEdge(config);
  limits.externalResolver = externalResolver === true;
  const size =
    typeof bodyParser === 'object' && bodyParser !== null ? bodyParser.sizeLimit : undefined;
  limits.bodyLimitText = String(size || '1mb');
  limits.bodyLimit = sizeOf(size || '1mb');
  limits.responseLimit =
    responseLimit === false
      ? Number.POSITIVE_INFINITY
      : sizeOf(responseLimit === true || !responseLimit ? '4mb' : responseLimit);
}

function sizeOf(size: number | string): number {
  return parseSizeAsNext(size) ?? Number.POSITIVE_INFINITY;
}

function lengthOf(raw: Request[typeof kRaw]): number {
  return raw === undefined || raw === null ? 0 : Buffer.byteLength(raw);
}

/** Reads a body that C streams, up to `limit` bytes. False when there are more, or the client went. */
async function collect(req: Request, limit: number): Promise<boolean> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > limit) return false;
      chunks.push(chunk);
    }
  } catch {
    return false;
  }
  req[kRaw] = bytesOf(Buffer.concat(chunks));
  return true;
}
