// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

/** Headers of the request, and some for the answer. */
export default function headers(req: NextApiRequest, res: NextApiResponse) {
  res.setHeader('X-Powered-By', 'C or TypeScript');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Vary', 'Accept');
  res
    .status(200)
    .json({ agent: req.headers['user-agent'] ?? '', accept: req.headers.accept ?? '' });
}
