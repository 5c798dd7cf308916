// SPDX-License-Identifier: MIT
import formidable from 'formidable';

export const config = { api: { bodyParser: false } };

export default async function handler(req, res) {
  const form = formidable({ maxFileSize: 2 ** 31, uploadDir: process.env.BENCH_UPLOADS });
  const [, files] = await form.parse(req);
  res.status(200).json({ bytes: files.file[0].size });
}
