// SPDX-License-Identifier: MIT

import { database, isUniqueConflict } from './database';
import { EmailTaken } from './users';

/** Somebody who can log in. The hash of the password is never part of it. */
export interface Account {
  id: number;
  name: string;
  email: string;
}

export function findAccount(id: number): Account | undefined {
  return database().prepare('SELECT id, name, email FROM accounts WHERE id = ?').get(id) as never;
}

/** The account with this address and, apart from it, the hash of its password. */
export function findCredentials(
  email: string,
): { account: Account; passwordHash: string } | undefined {
  const row = database()
    .prepare('SELECT id, name, email, passwordHash FROM accounts WHERE email = ?')
    .get(email) as (Account & { passwordHash: string }) | undefined;
  if (!row) return undefined;
  const { passwordHash, ...account } = row;
  return { account, passwordHash };
}

/** Throws `EmailTaken` when the address has an account, in any case. */
export function createAccount(name: string, email: string, passwordHash: string): Account {
  const insert = database().prepare(
    'INSERT INTO accounts (name, email, passwordHash) VALUES (?, ?, ?) RETURNING id, name, email',
  );
  try {
    return insert.get(name, email, passwordHash) as never;
  } catch (error) {
    if (isUniqueConflict(error)) throw new EmailTaken();
    throw error;
  }
}
