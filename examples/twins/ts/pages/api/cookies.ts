// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

/** Counts visits in a cookie. */
export default function visit(req: NextApiRequest, res: NextApiResponse) {
  const { visits: last = '', name = '' } = req.cookies;
  let visits = 0;
  for (const digit of last.match(/[0-9]/g) ?? []) {
    if (visits < 1_000_000) visits = visits * 10 + Number(digit);
  }
  visits++;
  res.setHeader('Set-Cookie', [
    `visits=${visits}; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax`,
    `last=${encodeURIComponent('a b; c')}; Path=/`,
  ]);
  res.status(200).json({ visits, name });
}
