// SPDX-License-Identifier: MIT

import type { NextApiResponse } from 'next';
import { withErrors } from '@/lib/errors';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { type SignupAnswer, signupSchema } from '@/lib/schemas';
import { validate } from '@/lib/validate';

/** The same rule with Zod, whose type the caller in client/signup.ts shares. */
export default withErrors(async (req, res: NextApiResponse<SignupAnswer>) => {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);
  return res.status(200).json({ message: 'Valid', data: await validate(signupSchema, req.body) });
});
