// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { createAccount } from '@/lib/accounts';
import { hashPassword, passwordProblem, startSession } from '@/lib/auth';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { EmailTaken, userProblem } from '@/lib/users';

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);
  const problem = userProblem(req.body) ?? passwordProblem(req.body.password);
  if (problem) return res.status(400).json({ error: problem });

  const { name, email, password } = req.body;
  try {
    const user = createAccount(name, email, await hashPassword(password));
    return res.status(201).json({ token: startSession(req, res, user), user });
  } catch (error) {
    if (!(error instanceof EmailTaken)) throw error;
    return res.status(409).json({ error: 'Email is already in use' });
  }
}
