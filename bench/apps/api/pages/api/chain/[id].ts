// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';
import { type Item, priced } from '../../../lib/chain';

export default async function handler(req: NextApiRequest, res: NextApiResponse<Item>) {
  res.status(200).json(await priced(String(req.query.id)));
}
