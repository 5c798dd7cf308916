// SPDX-License-Identifier: MIT

import getRawBody from 'raw-body';

export const config = { api: { bodyParser: false } };

export default async function handler(req, res) {
  try {
    const body = await getRawBody(req, { length: req.headers['content-length'], limit: '1mb' });
    res.json({ hex: body.toString('hex') });
  } catch (error) {
    res.status(error.status).json({ type: error.type });
  }
}
