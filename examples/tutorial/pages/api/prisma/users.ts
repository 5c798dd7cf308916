// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { prisma } from '@/lib/prisma';
import { userProblem } from '@/lib/users';

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

async function list(res: NextApiResponse) {
  const { user } = await prisma();
  const users = await user.findMany({
    include: { posts: true },
    orderBy: { id: 'asc' },
    take: 100,
  });
  res.status(200).json(users);
}

async function create(req: NextApiRequest, res: NextApiResponse) {
  const problem = userProblem(req.body);
  if (problem) return res.status(400).json({ error: problem });
  // Only these two, as texts: a body that was handed on whole could write into other tables. In
  // lower case, because the database's unique key knows no other way to see that two are the same.
  const data = { name: req.body.name, email: req.body.email.toLowerCase() };
  try {
    const { user } = await prisma();
    return res.status(201).json(await user.create({ data }));
  } catch (error) {
    if (!isUniqueConflict(error)) throw error;
    return res.status(409).json({ error: 'Email is already in use' });
  }
}

// By its code, not its class: there is one class for each kind of database.
function isUniqueConflict(error: unknown): boolean {
  return (error as { code?: string }).code === 'P2002';
}
