// SPDX-License-Identifier: MIT
import { validate } from '../../lib/work.mjs';

export default function handler(req, res) {
  const { status, body } = validate(req.body);
  res.status(status).json(body);
}
