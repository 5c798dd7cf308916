// SPDX-License-Identifier: MIT
import { note } from '../../../lib/work.mjs';

export default async function handler(req, res) {
  res.status(200).json(await note(req.query.id));
}
