// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import * as errors from '@/lib/errors';
import { methodNotAllowed } from '@/lib/method-not-allowed';

// Each throws as a handler deep in its work would; how that is answered stands in lib/errors.ts.
const faults: Record<string, () => never> = {
  'bad-request': () => {
    throw new errors.BadRequest('The date is not a date');
  },
  unauthorized: () => {
    throw new errors.Unauthorized(undefined, { headers: { 'WWW-Authenticate': 'Bearer' } });
  },
  forbidden: () => {
    throw new errors.Forbidden('Only its author may change a post');
  },
  'not-found': () => {
    throw new errors.NotFound('Post not found');
  },
  conflict: () => {
    throw new errors.Conflict('Email is already in use');
  },
  unprocessable: () => {
    throw new errors.Unprocessable('Validation failed', {
      details: [{ path: 'age', message: 'age must be at least 18' }],
    });
  },
  'too-many-requests': () => {
    throw new errors.TooManyRequests(undefined, { headers: { 'Retry-After': '60' } });
  },
  'bad-gateway': () => {
    throw new errors.BadGateway('The weather service gave no usable answer');
  },
  unavailable: () => {
    throw new errors.Unavailable(undefined, { headers: { 'Retry-After': '5' } });
  },
  'gateway-timeout': () => {
    throw new errors.GatewayTimeout('The weather service did not answer in time');
  },
  // What nobody foresaw: the client must not learn the message, and the log must.
  unexpected: () => {
    throw new TypeError('password of the database: hunter2');
  },
};

export default errors.withErrors((req: NextApiRequest, res: NextApiResponse) => {
  if (req.method !== 'GET' && req.method !== 'HEAD') return methodNotAllowed(req, res, ['GET']);
  const { kind } = req.query;
  if (kind === undefined) return res.status(200).json({ kinds: Object.keys(faults) });
  if (typeof kind !== 'string' || !Object.hasOwn(faults, kind))
    throw new errors.BadRequest('Unknown kind of error', { details: Object.keys(faults) });
  return faults[kind]();
});
