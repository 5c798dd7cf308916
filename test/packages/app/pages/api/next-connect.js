// SPDX-License-Identifier: MIT

import { createRouter } from 'next-connect';

const router = createRouter();

router
  .use(async (req, res, next) => {
    const start = res.getHeader('X-Order') ?? '';
    res.setHeader('X-Order', `${start}1`);
    await next();
  })
  .get((req, res) => res.json({ method: 'get', order: res.getHeader('X-Order') }))
  .post((req, res) => res.status(201).json(req.body));

export default router.handler({
  onError: (error, req, res) => res.status(500).json({ error: 'caught' }),
  onNoMatch: (req, res) => res.status(405).json({ error: 'no match' }),
});
