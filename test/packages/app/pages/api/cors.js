// SPDX-License-Identifier: MIT

import Cors from 'cors';

const cors = Cors({ origin: 'https://example.com', methods: ['GET', 'POST'], credentials: true });

export default async function handler(req, res) {
  await new Promise((resolve, reject) =>
    cors(req, res, (result) => (result instanceof Error ? reject(result) : resolve(result))),
  );
  res.json({ ok: true });
}
