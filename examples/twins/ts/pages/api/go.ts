// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

export default function go(req: NextApiRequest, res: NextApiResponse) {
  res.redirect(req.query.for === 'good' ? 308 : 307, '/api/hello?from=go');
}
