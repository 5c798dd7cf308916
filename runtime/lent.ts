// SPDX-License-Identifier: MIT

/**
 * What `edge/` borrows from here. It is a file of its own (`build/edge.cjs`), loaded by the first route that
 * wants it, and must not come with second copies of what knows requests and responses.
 */

import { Flag } from './core.ts';
import { fail } from './errors.ts';
import type { Fields } from './fields.ts';
import { findField, isHidden, joinFields } from './headers.ts';
import {
  kHead,
  kId,
  kParams,
  kRaw,
  kRequest,
  kRewrite,
  kRoute,
  kServer,
  kState,
} from './internals.ts';
import { logError } from './log.ts';
import type { Settings } from './manifest.ts';
import { type Request, targetOf } from './request.ts';
import { abort, conclude, type Response, State } from './response.ts';
import { unfold } from './rules.ts';

/** A whole answer. `lines` as in `Core.respond`. Without effect when the client has gone. */
function respond(
  res: Response,
  status: number,
  reason: string | undefined,
  lines: string,
  body: string | Uint8Array | undefined,
  flags: number,
): void {
  if (res[kState] !== State.fresh) return;
  const { core, settings } = res[kServer];
  const id = conclude(res);
  if (settings.parity) {
    // Next does not say how long the body is.
    core.writeHead(id, status, reason, lines, -1, flags);
    core.finish(id, body, undefined);
  } else {
    core.respond(id, status, reason, lines, body, flags);
  }
}

/** The head of an answer whose body follows by `res.write`; nobody knows how long it is. */
function begin(
  res: Response,
  status: number,
  reason: string | undefined,
  lines: string,
  flags: number,
): void {
  if (res[kState] !== State.fresh) return;
  res.statusCode = status;
  res[kState] = State.streaming;
  res[kServer].core.writeHead(res[kId], status, reason, lines, -1, flags);
}

/** The request goes on; see `Core.passOn`. Without effect when the client has gone. */
function passOn(
  res: Response,
  target: string | undefined,
  head: string | undefined,
  lines: string,
  cookies: string,
): void {
  if (res[kState] !== State.fresh) return;
  res[kServer].core.passOn(conclude(res), target, head, lines, cookies);
}

/** Waits with the end of the worker for what runs on behind an answer. */
async function outlive(res: Response, task: unknown): Promise<void> {
  const server = res[kServer];
  const { method, url } = res[kRequest];
  if (++server.tasks === 1) server.core.hold(true);
  try {
    await task;
  } catch (error) {
    logError(`waitUntil of ${method} ${url} (${res[kRequest][kRoute].file})`, error);
  } finally {
    if (--server.tasks === 0) server.core.hold(false);
  }
}

export const lent = {
  abort,
  begin,
  fail,
  findField,
  isHidden,
  joinFields,
  outlive,
  passOn,
  respond,
  targetOf,
  closes: Flag.close,
  hidesDate: Flag.noDate,
  headOf: (req: Request): string => req[kHead],
  /** As `Host.request` hands the body over. */
  bodyOf: (req: Request): string | Uint8Array | null | undefined => req[kRaw],
  /** Whether the query is not all in the target. */
  hasMoreQuery: (req: Request): boolean =>
    req[kParams] !== undefined || req[kRewrite] !== undefined,
  /** What was set before the handler was called, by rules of next.config. */
  fieldsOf: (res: Response): Fields | null => unfold(res),
  settingsOf: (res: Response): Settings => res[kServer].settings,
  hasEnded: (res: Response): boolean => res[kState] >= State.ended,
};

export type Lent = typeof lent;
