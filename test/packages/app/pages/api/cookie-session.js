// SPDX-License-Identifier: MIT

import cookieSession from 'cookie-session';

const use = cookieSession({ keys: ['only for this test'] });

export default async function handler(req, res) {
  await new Promise((resolve) => use(req, res, resolve));
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json({ visits: req.session.visits });
}
