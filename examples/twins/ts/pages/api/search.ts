// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

/** One value by its name, and all that there are, in their order. */
export default function search(req: NextApiRequest, res: NextApiResponse) {
  const query = new URL(req.url ?? '/', 'http://localhost').searchParams;
  res.status(200).json({ q: query.get('q') ?? '', all: [...query] });
}
