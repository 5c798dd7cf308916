// SPDX-License-Identifier: MIT
import type { NextApiRequest, NextApiResponse } from 'next';

/** The fields of a form. Next gives them as an object, an array where a name comes twice. */
export default function form(req: NextApiRequest, res: NextApiResponse) {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '');
  const fields = isForm
    ? Object.entries<string | string[]>(req.body).flatMap(([name, value]) =>
        [value].flat().map((each) => [name, each]),
      )
    : [];
  res.status(200).json({ fields });
}
