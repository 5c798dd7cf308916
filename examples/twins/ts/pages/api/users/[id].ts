// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

/** A path parameter, and one branch for each thing that can be done. */
export default function user(req: NextApiRequest, res: NextApiResponse) {
  const { id } = req.query;
  if (req.method === 'GET') {
    res.status(200).json({ id });
  } else if (req.method === 'DELETE') {
    res.status(204).end();
  } else {
    res.setHeader('Allow', 'GET, DELETE');
    res.status(405).json({ error: 'Method Not Allowed' });
  }
}
