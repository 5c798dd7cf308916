// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

/** A catch-all: its segments come as an array. */
export default function document(req: NextApiRequest, res: NextApiResponse) {
  res.status(200).json({ slug: req.query.slug });
}
