// SPDX-License-Identifier: MIT

/** What the rules of next.config, which C applies, have made of a request before its handler is called. */

import { type Fields, overlay, setField } from './fields.ts';
import { parseRaw } from './headers.ts';
import { kFields, kPreset, kRewrite } from './internals.ts';
import { parseQuery } from './query.ts';
import type { Request } from './request.ts';
import type { Response } from './response.ts';

/** A rewrite has sent the request here; `req.url` stays what the client asked for. */
export interface Rewrite {
  /** The whole query, the client's and the rewrite's. */
  readonly query: string;
  /** Keys that `req.url` does not show. */
  readonly hidden: readonly string[];
}

/** Three of the last four arguments of `Host.request`. */
export function applyOutcome(
  req: Request,
  res: Response,
  query: string | undefined,
  hidden: string | undefined,
  fields: string | undefined,
): void {
  if (query !== undefined) req[kRewrite] = { query, hidden: Object.keys(parseQuery(hidden ?? '')) };
  if (fields !== undefined) res[kPreset] = fields;
}

/**
 * All fields of a response, to be looked at and changed. Those that C had preset have stayed text until now, for most
 * handlers never ask: then C puts them beside what was set (`Flag.preset`).
 */
export function unfold(res: Response): Fields | null {
  const lines = res[kPreset];
  if (lines === undefined) return res[kFields];
  const fields: Fields = [];
  const raw = parseRaw(lines, 0);
  for (let at = 0; at < raw.length; at += 2) setField(fields, raw[at] as string, raw[at + 1]);
  for (const field of res[kFields] ?? []) overlay(fields, field);
  res[kPreset] = undefined;
  res[kFields] = fields;
  return fields;
}

/** Whether C has preset an ETag, which is then the handler's own as far as `res.send` is concerned. */
export function presetsTag(res: Response): boolean {
  return res[kPreset] !== undefined && /^etag:/im.test(res[kPreset]);
}
