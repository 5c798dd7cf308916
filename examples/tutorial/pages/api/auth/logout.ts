// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { currentSession, endSession, unauthorized } from '@/lib/auth';
import { methodNotAllowed } from '@/lib/method-not-allowed';

export default function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);
  const session = currentSession(req);
  if (!session) return unauthorized(res);
  endSession(req, res, session);
  return res.status(200).json({ message: 'Logged out' });
}
