// SPDX-License-Identifier: MIT

import type { NextApiHandler, NextApiResponse } from 'next';

export interface HttpErrorOptions extends ErrorOptions {
  /** What the client should know besides, as `details` of the answer. */
  details?: unknown;
  /** Header lines that belong to the answer, such as `Retry-After`. */
  headers?: Record<string, string>;
}

/**
 * An error that is meant for the client: its status and its message become the answer. Every other
 * error is a fault of ours, and its message stays in the log.
 */
export class HttpError extends Error {
  readonly status: number;
  readonly details: unknown;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    message: string,
    { details, headers = {}, ...options }: HttpErrorOptions = {},
  ) {
    super(message, options);
    this.name = new.target.name;
    this.status = status;
    this.details = details;
    this.headers = headers;
  }
}

function errorFor(status: number, usual: string) {
  return class extends HttpError {
    constructor(message = usual, options?: HttpErrorOptions) {
      super(status, message, options);
    }
  };
}

export class BadRequest extends errorFor(400, 'Bad request') {}
export class Unauthorized extends errorFor(401, 'Unauthorized') {}
export class Forbidden extends errorFor(403, 'Forbidden') {}
export class NotFound extends errorFor(404, 'Not found') {}
export class Conflict extends errorFor(409, 'Conflict') {}
export class PayloadTooLarge extends errorFor(413, 'Payload too large') {}
export class Unprocessable extends errorFor(422, 'Unprocessable content') {}
export class TooManyRequests extends errorFor(429, 'Too many requests') {}
export class InternalError extends errorFor(500, 'Internal server error') {}
export class BadGateway extends errorFor(502, 'Bad gateway') {}
export class Unavailable extends errorFor(503, 'Service unavailable') {}
export class GatewayTimeout extends errorFor(504, 'Gateway timeout') {}

/**
 * The one place where what a handler throws becomes an answer.
 *
 * @example
 * export default withErrors(async (req, res) => {
 *   const user = await findUser(req.query.id);
 *   if (!user) throw new NotFound('User not found');
 *   res.status(200).json(user);
 * });
 */
export function withErrors(handler: NextApiHandler): NextApiHandler {
  return async (req, res) => {
    try {
      await handler(req, res);
    } catch (error) {
      answerError(res, error);
    }
  };
}

function answerError(res: NextApiResponse, error: unknown): void {
  const known = error instanceof HttpError ? error : new InternalError(undefined, { cause: error });
  // Who called us reads what to do; only we can mend what is ours.
  if (known.status >= 500) console.error(error);
  // Half an answer cannot be taken back. Cutting the connection at least says that it is one.
  if (res.headersSent) {
    res.destroy();
    return;
  }
  for (const [name, value] of Object.entries(known.headers)) res.setHeader(name, value);
  res.status(known.status).json({ error: known.message, details: known.details });
}
