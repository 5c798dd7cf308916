// SPDX-License-Identifier: MIT

import session from 'express-session';

const use = session({ secret: 'only for this test', resave: false, saveUninitialized: true });

export default async function handler(req, res) {
  await new Promise((resolve) => use(req, res, resolve));
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json({ visits: req.session.visits });
}
