// SPDX-License-Identifier: MIT

import { methodNotAllowed } from '@/lib/method-not-allowed';
import { compose, withCors, withErrors } from '@/lib/middleware';

const origins = (process.env.ALLOWED_ORIGINS || 'http://localhost:3000,https://example.com')
  .split(',')
  .map((origin) => origin.trim())
  .filter(Boolean);

const cors = withCors({
  origins,
  methods: ['GET', 'HEAD'],
  headers: ['Content-Type', 'Authorization'],
  maxAgeSeconds: 86_400,
});

export default withErrors(
  compose(cors)((req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD')
      return methodNotAllowed(req, res, ['GET', 'HEAD', 'OPTIONS']);

    // A browser keeps it for one minute, a shared cache for five, and may give the old one for ten
    // more while it fetches a new one.
    res.setHeader('Cache-Control', 'public, max-age=60, s-maxage=300, stale-while-revalidate=600');
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    return res.status(200).json({ data: 'The sites that are listed may read this.' });
  }),
);
