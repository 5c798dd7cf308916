// SPDX-License-Identifier: MIT

import { getIronSession } from 'iron-session';

const options = {
  cookieName: 'session',
  password: 'a password of at least thirty-two characters',
  cookieOptions: { secure: false },
};

/** POST logs in, GET says who it is, DELETE logs out. */
export default async function handler(req, res) {
  const session = await getIronSession(req, res, options);
  if (req.method === 'POST') {
    session.user = req.body.user;
    await session.save();
  } else if (req.method === 'DELETE') {
    session.destroy();
  }
  res.json({ user: session.user ?? null });
}
