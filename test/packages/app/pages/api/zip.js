// SPDX-License-Identifier: MIT

import { ZipArchive } from 'archiver';

/** A zip of three files, made while it is sent. */
export default async function handler(req, res) {
  const zip = new ZipArchive({ zlib: { level: 1 } });
  res.setHeader('Content-Type', 'application/zip');
  zip.pipe(res);
  for (let i = 0; i < 3; i++) zip.append(`line ${i}\n`.repeat(100_000), { name: `file-${i}.txt` });
  await zip.finalize();
}
