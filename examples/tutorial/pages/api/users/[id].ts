// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { deleteUser, EmailTaken, findUser, updateUser, userProblem } from '@/lib/users';
import { readId } from '@/lib/validation';

export default function handler(req: NextApiRequest, res: NextApiResponse) {
  const id = readId(req.query.id);
  if (id === undefined) return res.status(400).json({ error: 'Invalid user id' });

  switch (req.method) {
    case 'GET':
    case 'HEAD': {
      const user = findUser(id);
      return user ? res.status(200).json(user) : notFound(res);
    }
    case 'PUT':
      return update(id, req, res);
    case 'DELETE':
      return deleteUser(id) ? res.status(204).end() : notFound(res);
    default:
      return methodNotAllowed(req, res, ['GET', 'PUT', 'DELETE']);
  }
}

function update(id: number, req: NextApiRequest, res: NextApiResponse) {
  const problem = userProblem(req.body);
  if (problem) return res.status(400).json({ error: problem });
  try {
    const user = updateUser(id, req.body);
    return user ? res.status(200).json(user) : notFound(res);
  } catch (error) {
    if (!(error instanceof EmailTaken)) throw error;
    return res.status(409).json({ error: 'Email is already in use' });
  }
}

function notFound(res: NextApiResponse) {
  res.status(404).json({ error: 'User not found' });
}
