// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

export const config = { api: { bodyParser: { sizeLimit: '2kb' } } };

/** JSON in, the same JSON out; anything else is refused. The client calls it text, so that we parse it. */
export default function echo(req: NextApiRequest, res: NextApiResponse) {
  try {
    res.status(200).json(JSON.parse(req.body));
  } catch {
    res.status(422).json({ error: 'This is not JSON.' });
  }
}
