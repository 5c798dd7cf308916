// SPDX-License-Identifier: MIT
import { user } from '../../../lib/work.mjs';

export default function handler(req, res) {
  const { id, expand } = req.query;
  const { session, theme } = req.cookies;
  const trace = req.headers['x-request-id'];
  res.setHeader('Cache-Control', 'private, no-store');
  res.setHeader('X-Request-Id', trace);
  res.status(200).json(
    user({
      id,
      expand,
      session,
      theme,
      language: req.headers['accept-language'],
      agent: req.headers['user-agent'],
      trace,
    }),
  );
}
