// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';

/** A handler whose request has, besides what every request has, `Added`. */
export type Handler<Added = unknown> = (
  req: NextApiRequest & Added,
  res: NextApiResponse,
) => unknown;

/**
 * A function from handler to handler. It calls the handler it was given with a request that has
 * `Added` now, or answers instead.
 */
export type Middleware<Added = unknown> = (handler: Handler<Added>) => Handler;

type All<Added extends unknown[]> = Added extends [infer First, ...infer Rest]
  ? First & All<Rest>
  : unknown;

/**
 * Makes one middleware of several. A request meets them in the order in which they stand here, and
 * the handler's `req` has what all of them add.
 *
 * @example
 * export default compose(withAuth, withValidation(schema))((req, res) => {
 *   res.status(200).json({ user: req.user, data: req.valid });
 * });
 */
export function compose<Added extends unknown[]>(
  ...middlewares: { [Index in keyof Added]: Middleware<Added[Index]> }
): Middleware<All<Added>> {
  // From the right: the last one wraps the handler itself, the first one is outermost.
  return (handler) =>
    (middlewares as Middleware<never>[]).reduceRight<Handler<never>>(
      (inner, middleware) => middleware(inner),
      handler,
    ) as Handler;
}
