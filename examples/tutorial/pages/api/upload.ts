// SPDX-License-Identifier: MIT

import type { Fields } from 'formidable';
import type { NextApiRequest, NextApiResponse, PageConfig } from 'next';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { readUpload, UploadRefused } from '@/lib/uploads';
import { isValidEmail } from '@/lib/validation';

// formidable reads the body itself, piece by piece, and never holds a file in memory.
export const config: PageConfig = { api: { bodyParser: false } };

const required = ['name', 'email'] as const;

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);
  try {
    const { fields, file } = await readUpload(req, checkFields);
    return res.status(200).json({ message: 'File uploaded successfully', fields, file });
  } catch (error) {
    if (!(error instanceof UploadRefused)) throw error;
    return res.status(error.status).json({ error: error.message });
  }
}

function checkFields(sent: Fields) {
  const [name = '', email = ''] = required.map((field) => sent[field]?.[0]?.trim());
  if (!name || !email) throw new UploadRefused(400, 'Name and email are required');
  if (!isValidEmail(email)) throw new UploadRefused(400, 'Invalid email format');
  return { name, email };
}
