// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

/** What each worker keeps between requests: here a list of words, made once. */
const words = ['one', 'two'];

export default function show(_req: NextApiRequest, res: NextApiResponse) {
  res.status(200).json({ words });
}
