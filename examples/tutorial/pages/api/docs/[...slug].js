// SPDX-License-Identifier: MIT

import { methodNotAllowed } from '@/lib/method-not-allowed';

// Plain JavaScript, to show that it stands beside TypeScript: /api/docs/guides/routing gives
// slug = ['guides', 'routing'].
export default function handler(req, res) {
  if (req.method !== 'GET' && req.method !== 'HEAD') return methodNotAllowed(req, res, ['GET']);
  const { slug } = req.query;
  return res.status(200).json({ path: slug.join('/'), segments: slug });
}
