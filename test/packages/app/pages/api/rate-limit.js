// SPDX-License-Identifier: MIT

import rateLimit from 'express-rate-limit';

const limit = rateLimit({
  windowMs: 60_000,
  limit: 3,
  keyGenerator: (req) => req.socket.remoteAddress,
  validate: false,
});

export default async function handler(req, res) {
  await new Promise((resolve) => {
    res.once('finish', resolve);
    limit(req, res, () => res.json({ ok: true }));
  });
}
