// SPDX-License-Identifier: MIT
import { open } from 'node:fs/promises';
import type { NextApiRequest, NextApiResponse } from 'next';

export const config = { api: { responseLimit: false, externalResolver: true } };

/** A file of the folder data/, and nothing else, whatever the client asks for. */
export default async function file(req: NextApiRequest, res: NextApiResponse) {
  const name = String(req.query.name ?? '');
  if (!/^[\w-]+\.txt$/.test(name)) return res.status(404).json({ error: 'No such file.' });
  const found = await open(`data/${name}`).catch(() => undefined);
  if (!found) return res.status(404).json({ error: 'No such file.' });
  const { size, mtime, mtimeMs } = await found.stat();
  res.writeHead(200, {
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'public, max-age=0',
    'Last-Modified': mtime.toUTCString(),
    ETag: `W/"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`,
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': size,
  });
  found.createReadStream().pipe(res);
}
