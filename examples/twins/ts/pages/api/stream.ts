// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import type { NextApiRequest, NextApiResponse } from 'next';

/** An answer in pieces, the next one a moment after the one before. */
export default async function stream(_req: NextApiRequest, res: NextApiResponse) {
  res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  for (let left = 3; left > 0; left--) {
    await setTimeout(1);
    res.write(`${left}\n`);
  }
  res.end();
}
