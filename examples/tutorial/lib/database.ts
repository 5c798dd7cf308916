// SPDX-License-Identifier: MIT

import type { DatabaseSync } from 'node:sqlite';
import { dataFile } from './data-folder';
import { rateWindowsTable } from './rate-limit';
import { openSqlite } from './sqlite';

// What makes each version of the tables from the one before. A step that has landed is never
// changed: there are files that have it behind them.
const steps = [
  `
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
  `,
  // The contact form sends mail now. Who may log in is apart from the users above, which anybody
  // may list and change.
  `
  DROP TABLE messages;
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    passwordHash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE endedSessions (
    id TEXT PRIMARY KEY,
    expiresAt INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // What Stripe has told: which events, and of which payments. Without an account at Stripe, the
  // secret that stands for theirs.
  `
  CREATE TABLE webhookEvents (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    receivedAt TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE payments (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    changedAt INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE webhookSecret (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    secret TEXT NOT NULL
  ) STRICT;
  `,
  rateWindowsTable,
];

let connection: DatabaseSync | undefined;

/**
 * The one connection of this process to `tutorial.sqlite` in the data folder. The file, and its
 * tables with a few rows, are made when they are first asked for.
 *
 * @example
 * database().prepare('SELECT name FROM users WHERE id = ?').get(1);
 */
export function database(): DatabaseSync {
  connection ??= open(dataFile('tutorial.sqlite'));
  return connection;
}

/** What SQLite calls an error of a value that has to be unique and is there already. */
export function isUniqueConflict(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === SQLITE_CONSTRAINT_UNIQUE;
}

const SQLITE_CONSTRAINT_UNIQUE = 2067;

function open(file: string): DatabaseSync {
  const opened = openSqlite(file);
  bringUpToDate(opened);
  return opened;
}

function bringUpToDate(opened: DatabaseSync): void {
  // Immediate, so that of two processes that start on an empty folder one creates and one waits.
  opened.exec('BEGIN IMMEDIATE');
  const { user_version: version } = opened.prepare('PRAGMA user_version').get() as {
    user_version: number;
  };
  for (const step of steps.slice(version)) opened.exec(step);
  opened.exec(`PRAGMA user_version = ${steps.length}; COMMIT`);
}
