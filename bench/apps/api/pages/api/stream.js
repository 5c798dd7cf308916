// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { PIECE, PIECES } from '../../lib/work.mjs';

export default async function handler(_req, res) {
  res.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  for (let i = 0; i < PIECES; i++) if (!res.write(PIECE)) await once(res, 'drain');
  res.end();
}
