// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import type { NextApiRequest, NextApiResponse } from 'next';

/** A handler that waits, and keeps nobody else waiting. */
export default async function wait(req: NextApiRequest, res: NextApiResponse) {
  await setTimeout(2);
  res.status(200).json({ waitedWith: req.body ?? '' });
}
