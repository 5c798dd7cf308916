// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { connectToDatabase } from '@/lib/mongodb';

interface Post {
  title: string;
  content: string;
  createdAt: Date;
}

const LONGEST = { title: 200, content: 10_000 };

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  switch (req.method) {
    case 'GET':
    case 'HEAD':
      return list(res);
    case 'POST':
      return create(req, res);
    default:
      return methodNotAllowed(req, res, ['GET', 'POST']);
  }
}

const posts = async () => (await connectToDatabase()).db.collection<Post>('posts');

async function list(res: NextApiResponse) {
  const newest = (await posts()).find().sort({ createdAt: -1, _id: -1 }).limit(100);
  res.status(200).json(await newest.toArray());
}

async function create(req: NextApiRequest, res: NextApiResponse) {
  const { title, content }: Partial<Record<string, unknown>> = Object(req.body);
  // Texts only: an object here would be stored as one, or be an operator where it is searched for.
  if (!isText(title) || !isText(content))
    return res.status(400).json({ error: 'Title and content are required' });
  if (title.length > LONGEST.title || content.length > LONGEST.content)
    return res.status(400).json({ error: 'Title or content is too long' });

  const post: Post = { title, content, createdAt: new Date() };
  const { insertedId: _id } = await (await posts()).insertOne({ ...post });
  return res.status(201).json({ _id, ...post });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
