// SPDX-License-Identifier: MIT

import type { NextApiResponse } from 'next';
import { withErrors } from '@/lib/errors';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { type SignupAnswer, signupSchemaJoi } from '@/lib/schemas';

/** Joi, called as its documentation does: what it finds is in `error.details`. */
export default withErrors(async (req, res: NextApiResponse<SignupAnswer>) => {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);

  const { error, value } = signupSchemaJoi.validate(req.body);
  if (error) {
    // Joi's own details repeat the whole input; the client needs where and why.
    const details = error.details.map(({ path, message }) => ({ path: path.join('.'), message }));
    return res.status(400).json({ error: 'Validation failed', details });
  }
  return res.status(200).json({ message: 'Valid', data: value });
});
