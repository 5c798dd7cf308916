// SPDX-License-Identifier: MIT

import { createHash } from 'node:crypto';
import multer from 'multer';

export const config = { api: { bodyParser: false } };

const upload = multer({ limits: { fileSize: 8 * 1024 * 1024 } }).array('files', 3);

export default function handler(req, res) {
  upload(req, res, (error) => {
    if (error) return res.status(413).json({ error: error.code });
    const files = req.files.map(({ originalname, size, buffer }) => ({
      name: originalname,
      size,
      sha256: createHash('sha256').update(buffer).digest('hex'),
    }));
    res.status(200).json({ body: { ...req.body }, files });
  });
}
