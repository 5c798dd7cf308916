// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { keepMessage, type Message } from '@/lib/messages';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { isValidEmail } from '@/lib/validation';

const required = ['name', 'email', 'message'] as const;

export default function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);

  const fields: Partial<Record<string, unknown>> = Object(req.body);
  const missing = required.filter((name) => !isText(fields[name]));
  if (missing.length > 0)
    return res.status(400).json({ error: 'Missing required fields', missing });

  const form = fields as unknown as Message;
  if (!isValidEmail(form.email)) return res.status(400).json({ error: 'Invalid email format' });
  return res.status(200).json({ message: 'Message sent successfully', id: keepMessage(form) });
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}
