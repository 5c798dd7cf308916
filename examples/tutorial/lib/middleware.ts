// SPDX-License-Identifier: MIT

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Account } from './accounts';
import { currentSession } from './auth';
import type { Handler, Middleware } from './compose';
import { database } from './database';
import { Forbidden, TooManyRequests, Unauthorized } from './errors';
import { clientKey, RateLimiter } from './rate-limit';
import { validate } from './validate';

export { compose, type Handler, type Middleware } from './compose';
export { withErrors } from './errors';

/**
 * Lets only requests pass that carry a valid token, in a cookie or as Bearer; `req.user` is whose.
 * Anybody else gets 401.
 */
export function withAuth(handler: Handler<{ user: Account }>): Handler {
  return (req, res) => {
    const session = currentSession(req);
    if (!session) throw new Unauthorized(undefined, { headers: { 'WWW-Authenticate': 'Bearer' } });
    // Outside of any `try`: what the handler throws is not a failed log-in.
    return handler(Object.assign(req, { user: session.account }), res);
  };
}

/**
 * Lets only requests pass whose body `schema` accepts: `req.valid` is what it made of it. Others
 * get 400 with `details`. Joi and Zod, and whatever else follows Standard Schema, are schemas.
 */
export function withValidation<Output>(
  schema: StandardSchemaV1<unknown, Output>,
): Middleware<{ valid: Output }> {
  return (handler) => async (req, res) => {
    const valid = await validate(schema, req.body);
    return handler(Object.assign(req, { valid }), res);
  };
}

/**
 * Answers 429 to a client's requests beyond `limit` in `windowMs` milliseconds. A client is the
 * address of its socket: `X-Forwarded-For` is whatever the client wants it to be. Routes that give the
 * same limit, window and name share it.
 */
export function withRateLimit(limit: number, windowMs = 60_000, name?: string): Middleware {
  const limiter = new RateLimiter(database, limit, windowMs, { name });
  return (handler) => (req, res) => {
    const { allowed, remaining, resetSeconds } = limiter.take(clientKey(req.socket.remoteAddress));
    res.setHeader('RateLimit-Limit', limit);
    res.setHeader('RateLimit-Remaining', remaining);
    res.setHeader('RateLimit-Reset', resetSeconds);
    if (!allowed)
      throw new TooManyRequests(undefined, { headers: { 'Retry-After': String(resetSeconds) } });
    return handler(req, res);
  };
}

export interface CorsOptions {
  /** Whose pages may read the answers, as browsers write it: `https://example.com`. */
  origins: string[];
  methods?: string[];
  /** Request headers that may be sent besides those that a form can send. */
  headers?: string[];
  /** How long a browser may remember the answer to a preflight. */
  maxAgeSeconds?: number;
}

/**
 * Tells browsers which other sites may read the answers, and answers their preflights. This protects
 * users from other sites, not the route from programs: those send any `Origin`, or none.
 */
export function withCors({
  origins,
  methods = ['GET'],
  headers = [],
  maxAgeSeconds = 600,
}: CorsOptions): Middleware {
  const allowed = new Set(origins);
  return (handler) => (req, res) => {
    const { origin } = req.headers;
    // Always, so that no cache gives one site the answer that was made for another.
    res.setHeader('Vary', 'Origin');
    if (origin && allowed.has(origin)) res.setHeader('Access-Control-Allow-Origin', origin);
    if (req.method !== 'OPTIONS') return handler(req, res);

    // A browser asks on behalf of another site, and says what for. Any other OPTIONS is a plain one.
    if (origin && req.headers['access-control-request-method']) {
      if (!allowed.has(origin)) throw new Forbidden('Origin not allowed');
      res.setHeader('Access-Control-Allow-Methods', methods.join(', '));
      if (headers.length > 0) res.setHeader('Access-Control-Allow-Headers', headers.join(', '));
      res.setHeader('Access-Control-Max-Age', maxAgeSeconds);
    }
    res.setHeader('Allow', [...methods, 'OPTIONS'].join(', '));
    return res.status(204).end();
  };
}
