// SPDX-License-Identifier: MIT

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const schema = `
  CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE
  ) STRICT;
  CREATE TABLE posts (
    userId INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (userId, id)
  ) STRICT;
  CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    message TEXT NOT NULL,
    createdAt TEXT NOT NULL
  ) STRICT;
  INSERT INTO users (name, email) VALUES
    ('Ada Lovelace', 'ada@example.com'),
    ('Alan Turing', 'alan@example.com');
  INSERT INTO posts (userId, id, title, content) VALUES
    (1, 1, 'Notes on the Analytical Engine', 'It might act upon other things besides number.'),
    (1, 2, 'On Bernoulli numbers', 'A program for a machine that was never built.'),
    (2, 1, 'On computable numbers', 'A machine can be invented to compute any of them.');
  PRAGMA user_version = 1;
`;

let connection: DatabaseSync | undefined;

/**
 * The one connection of this process. The file, and its tables with a few rows, are made when they
 * are first asked for: `data/tutorial.sqlite` in the example's folder, or what DATABASE_FILE names.
 *
 * @example
 * database().prepare('SELECT name FROM users WHERE id = ?').get(1);
 */
export function database(): DatabaseSync {
  connection ??= open(process.env.DATABASE_FILE ?? 'data/tutorial.sqlite');
  return connection;
}

function open(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  // The timeout is how long a statement waits for another process that writes.
  const opened = new DatabaseSync(file, { timeout: 2000 });
  opened.exec('PRAGMA journal_mode = WAL');
  createTables(opened);
  return opened;
}

function createTables(opened: DatabaseSync): void {
  // Immediate, so that of two processes that start on an empty folder one creates and one waits.
  opened.exec('BEGIN IMMEDIATE');
  const { user_version: version } = opened.prepare('PRAGMA user_version').get() as {
    user_version: number;
  };
  opened.exec(version === 0 ? `${schema} COMMIT` : 'COMMIT');
}
