// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';

/**
 * Answers 405 and says in `Allow` what would have been right.
 *
 * @example
 * methodNotAllowed(req, res, ['GET', 'POST']);
 */
export function methodNotAllowed(req: NextApiRequest, res: NextApiResponse, allowed: string[]) {
  res.setHeader('Allow', allowed.join(', '));
  res.status(405).json({ error: `Method ${req.method} Not Allowed` });
}
