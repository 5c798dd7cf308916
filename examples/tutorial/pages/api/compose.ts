// SPDX-License-Identifier: MIT

import { methodNotAllowed } from '@/lib/method-not-allowed';
import {
  compose,
  type Handler,
  withAuth,
  withErrors,
  withRateLimit,
  withValidation,
} from '@/lib/middleware';
import { noteSchema } from '@/lib/schemas';

// Cheapest first: who calls too often costs us no check of a token, and who is not logged in learns
// nothing of what we accept. Each adds to `req` what the next and the handler may rely on, and
// TypeScript knows: without `withAuth` here, `req.user` below would not compile.
const guarded = compose(withRateLimit(20, 10_000), onlyPost, withAuth, withValidation(noteSchema));

export default withErrors(
  guarded((req, res) => {
    res.status(200).json({ message: 'Success', user: req.user, data: req.valid });
  }),
);

/** A middleware of one's own is as short as this. */
function onlyPost(handler: Handler): Handler {
  return (req, res) =>
    req.method === 'POST' ? handler(req, res) : methodNotAllowed(req, res, ['POST']);
}
