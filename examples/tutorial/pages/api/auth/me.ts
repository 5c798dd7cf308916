// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { currentSession, unauthorized } from '@/lib/auth';
import { methodNotAllowed } from '@/lib/method-not-allowed';

export default function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'GET' && req.method !== 'HEAD') return methodNotAllowed(req, res, ['GET']);
  const session = currentSession(req);
  if (!session) return unauthorized(res);
  res.setHeader('Cache-Control', 'private, no-store');
  return res.status(200).json({ user: session.account });
}
