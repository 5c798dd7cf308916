// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import {
  createUser,
  deleteUser,
  EmailTaken,
  listUsers,
  updateUser,
  userProblem,
} from '@/lib/users';
import { readId } from '@/lib/validation';

export default function handler(req: NextApiRequest, res: NextApiResponse) {
  switch (req.method) {
    case 'GET':
    case 'HEAD':
      return res.status(200).json(listUsers());
    case 'POST':
      return create(req, res);
    case 'PUT':
      return update(req, res);
    case 'DELETE':
      return remove(req, res);
    default:
      return methodNotAllowed(req, res, ['GET', 'POST', 'PUT', 'DELETE']);
  }
}

function create(req: NextApiRequest, res: NextApiResponse) {
  const problem = userProblem(req.body);
  if (problem) return res.status(400).json({ error: problem });
  try {
    const user = createUser(req.body);
    res.setHeader('Location', `/api/users/${user.id}`);
    return res.status(201).json(user);
  } catch (error) {
    return conflict(error, res);
  }
}

function update(req: NextApiRequest, res: NextApiResponse) {
  const id = readId(req.body?.id);
  if (id === undefined) return res.status(400).json({ error: 'Invalid user id' });
  const problem = userProblem(req.body);
  if (problem) return res.status(400).json({ error: problem });
  try {
    const user = updateUser(id, req.body);
    return user ? res.status(200).json(user) : notFound(res);
  } catch (error) {
    return conflict(error, res);
  }
}

function remove(req: NextApiRequest, res: NextApiResponse) {
  const id = readId(req.query.id ?? req.body?.id);
  if (id === undefined) return res.status(400).json({ error: 'Invalid user id' });
  return deleteUser(id) ? res.status(204).end() : notFound(res);
}

function notFound(res: NextApiResponse) {
  res.status(404).json({ error: 'User not found' });
}

// Anything that we do not know is thrown on: the client gets a plain 500, the log the whole story.
function conflict(error: unknown, res: NextApiResponse) {
  if (!(error instanceof EmailTaken)) throw error;
  res.status(409).json({ error: 'Email is already in use' });
}
