// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { methodNotAllowed } from '@/lib/method-not-allowed';

export default function handler(req: NextApiRequest, res: NextApiResponse) {
  res.setHeader('Access-Control-Allow-Origin', '*');
  if (req.method === 'OPTIONS') return preflight(res);
  if (req.method !== 'GET' && req.method !== 'HEAD')
    return methodNotAllowed(req, res, ['GET', 'OPTIONS']);

  res.setHeader('Cache-Control', 'public, max-age=60, s-maxage=300, stale-while-revalidate=600');
  return res.status(200).json({ data: 'Any origin may read this, and any cache may keep it.' });
}

// What a browser asks before it sends a request that a plain form could not send.
function preflight(res: NextApiResponse) {
  res.setHeader('Access-Control-Allow-Methods', 'GET, OPTIONS');
  res.setHeader('Access-Control-Allow-Headers', 'Content-Type, Authorization');
  res.setHeader('Access-Control-Max-Age', '86400');
  return res.status(204).end();
}
