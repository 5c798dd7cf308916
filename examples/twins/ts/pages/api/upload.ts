// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

export const config = { api: { bodyParser: false } };

/** Takes a body of any length, a piece at a time, and says what came. */
export default async function receive(req: NextApiRequest, res: NextApiResponse) {
  let bytes = 0;
  let sum = 0;
  for await (const piece of req) {
    bytes += piece.length;
    for (const byte of piece) sum = (sum + byte) % 65536;
  }
  res.status(200).json({ bytes, sum });
}
