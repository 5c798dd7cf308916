// SPDX-License-Identifier: MIT

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import formidable from 'formidable';

export const config = { api: { bodyParser: false } };

/** Fields, and for each file its name, size and hash. */
export default async function handler(req, res) {
  const form = formidable({ maxFileSize: 64 * 1024 * 1024 });
  try {
    const [fields, files] = await form.parse(req);
    const described = await Promise.all(Object.values(files).flat().map(describe));
    res.status(200).json({ fields, files: described });
  } catch (error) {
    res.status(error.httpCode ?? 400).json({ error: error.message });
  }
}

async function describe({ filepath, originalFilename, size }) {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(filepath)) hash.update(piece);
  await rm(filepath);
  return { name: originalFilename, size, sha256: hash.digest('hex') };
}
