// SPDX-License-Identifier: MIT

import { database, isUniqueConflict } from './database';
import { isValidEmail } from './validation';

export interface User {
  id: number;
  name: string;
  email: string;
}

export type UserFields = Omit<User, 'id'>;

/** Somebody else has this e-mail address already. */
export class EmailTaken extends Error {}

/**
 * What is wrong with `body` as a user, or undefined when it has a name and an e-mail address.
 *
 * @example
 * const problem = userProblem(req.body);
 * if (problem) return res.status(400).json({ error: problem });
 */
export function userProblem(body: unknown): string | undefined {
  const { name, email } = (body ?? {}) as Partial<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof email !== 'string' || !name.trim() || !email.trim())
    return 'Name and email are required';
  if (name.length > 200) return 'Name is too long';
  if (!isValidEmail(email)) return 'Invalid email format';
  return undefined;
}

export function listUsers(): User[] {
  return database().prepare('SELECT id, name, email FROM users ORDER BY id').all() as never;
}

export function findUser(id: number): User | undefined {
  return database().prepare('SELECT id, name, email FROM users WHERE id = ?').get(id) as never;
}

export function createUser({ name, email }: UserFields): User {
  const statement = database().prepare(
    'INSERT INTO users (name, email) VALUES (?, ?) RETURNING id, name, email',
  );
  return unlessTaken(() => statement.get(name, email) as never);
}

/** The changed user; undefined when there is none with this id. */
export function updateUser(id: number, { name, email }: UserFields): User | undefined {
  const statement = database().prepare(
    'UPDATE users SET name = ?, email = ? WHERE id = ? RETURNING id, name, email',
  );
  return unlessTaken(() => statement.get(name, email, id) as never);
}

/** Whether there was such a user. Their posts go with them. */
export function deleteUser(id: number): boolean {
  return database().prepare('DELETE FROM users WHERE id = ?').run(id).changes === 1;
}

function unlessTaken<Result>(write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    if (isUniqueConflict(error)) throw new EmailTaken();
    throw error;
  }
}
