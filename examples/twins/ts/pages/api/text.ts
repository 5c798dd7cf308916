// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

export default function text(_req: NextApiRequest, res: NextApiResponse) {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.status(200).send('plain text, and ümlauts\n');
}
