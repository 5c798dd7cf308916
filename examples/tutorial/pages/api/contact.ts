// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { type ContactMessage, mailContact } from '@/lib/mail';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { isValidEmail } from '@/lib/validation';

const required = ['name', 'email', 'message'] as const;
const LONGEST = { name: 200, message: 10_000 };

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);

  const fields: Partial<Record<string, unknown>> = Object(req.body);
  const missing = required.filter((name) => !isText(fields[name]));
  if (missing.length > 0)
    return res.status(400).json({ error: 'Missing required fields', missing });

  const form = fields as unknown as ContactMessage;
  if (!isValidEmail(form.email)) return res.status(400).json({ error: 'Invalid email format' });
  if (form.name.length > LONGEST.name || form.message.length > LONGEST.message)
    return res.status(400).json({ error: 'Name or message is too long' });

  try {
    return res
      .status(200)
      .json({ message: 'Message sent successfully', id: await mailContact(form) });
  } catch (error) {
    // The reason names our mail server; it is for us.
    console.error('The message could not be mailed:', error);
    return res.status(502).json({ error: 'Failed to send message' });
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}
