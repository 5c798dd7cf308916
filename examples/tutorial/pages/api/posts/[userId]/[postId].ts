// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { findPost } from '@/lib/posts';
import { readId } from '@/lib/validation';

export default function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'GET' && req.method !== 'HEAD') return methodNotAllowed(req, res, ['GET']);

  const userId = readId(req.query.userId);
  const postId = readId(req.query.postId);
  if (userId === undefined || postId === undefined)
    return res.status(400).json({ error: 'Invalid user or post id' });

  const post = findPost(userId, postId);
  return post ? res.status(200).json(post) : res.status(404).json({ error: 'Post not found' });
}
