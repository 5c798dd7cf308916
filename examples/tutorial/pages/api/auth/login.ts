// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { findCredentials } from '@/lib/accounts';
import { startSession, unauthorized, verifyPassword } from '@/lib/auth';
import { methodNotAllowed } from '@/lib/method-not-allowed';

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);
  const { email, password }: Partial<Record<string, unknown>> = Object(req.body);
  if (typeof email !== 'string' || typeof password !== 'string' || !email || !password)
    return res.status(400).json({ error: 'Email and password are required' });

  // One answer for an unknown address and for a wrong password, after the same work.
  const found = findCredentials(email);
  if (!(await verifyPassword(password, found?.passwordHash)) || !found)
    return unauthorized(res, 'Invalid credentials');
  return res
    .status(200)
    .json({ token: startSession(req, res, found.account), user: found.account });
}
