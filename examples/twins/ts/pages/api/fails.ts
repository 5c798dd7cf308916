// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

/** Throws: the client gets a 500, the log the reason. */
export default function fails(_req: NextApiRequest, _res: NextApiResponse) {
  throw new Error('on purpose');
}
