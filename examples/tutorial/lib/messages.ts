// SPDX-License-Identifier: MIT

import { randomUUID } from 'node:crypto';
import { database } from './database';

export interface Message {
  name: string;
  email: string;
  message: string;
}

/** Keeps a message of the contact form. Returns the id under which it is found again. */
export function keepMessage({ name, email, message }: Message): string {
  const id = randomUUID();
  database()
    .prepare('INSERT INTO messages (id, name, email, message, createdAt) VALUES (?, ?, ?, ?, ?)')
    .run(id, name, email, message, new Date().toISOString());
  return id;
}
