// SPDX-License-Identifier: MIT

/** What the rules of next.config, which C applies, have made of a request before its handler is called. */

import { setField } from './fields.ts';
import { parseRaw } from './headers.ts';
import { kFields, kRewrite } from './internals.ts';
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

/** The last three arguments of `Host.request`. */
export function applyOutcome(
  req: Request,
  res: Response,
  query: string | undefined,
  hidden: string | undefined,
  fields: string | undefined,
): void {
  if (query !== undefined) req[kRewrite] = { query, hidden: Object.keys(parseQuery(hidden ?? '')) };
  if (fields !== undefined) presetFields(res, fields);
}

/** As if someone had called `setHeader` for each before the handler. */
function presetFields(res: Response, lines: string): void {
  const raw = parseRaw(lines, 0);
  res[kFields] ??= [];
  for (let at = 0; at < raw.length; at += 2) {
    setField(res[kFields], raw[at] as string, raw[at + 1]);
  }
}
