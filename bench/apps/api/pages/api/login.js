// SPDX-License-Identifier: MIT
import { login } from '../../lib/work.mjs';

export default async function handler(req, res) {
  const { status, body } = await login(req.body);
  res.status(status).json(body);
}
