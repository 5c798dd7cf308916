// SPDX-License-Identifier: MIT

// The documents lie in an SQLite file, each as it came. So every worker can have a stand-in of its own,
// and they all show the same collections, also after a reload or a restart.

import type { DatabaseSync } from 'node:sqlite';
import { BSON, type Document } from 'bson';
import { openSqlite } from '../sqlite';

export interface Stored {
  /** Where it lies; documents are in the order in which they were inserted. */
  position: number;
  document: Document;
}

/** There is a document with this `_id` already. */
export class DuplicateKey extends Error {}

const SQLITE_CONSTRAINT_UNIQUE = 2067;

export class Store {
  #database: DatabaseSync;

  constructor(file: string) {
    this.#database = openSqlite(file);
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS documents (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        collection TEXT NOT NULL,
        key BLOB NOT NULL,
        document BLOB NOT NULL,
        UNIQUE (collection, key)
      ) STRICT;
    `);
  }

  /** Runs it alone: what another worker writes is there before it or after it. */
  alone<Result>(change: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      return change();
    } finally {
      // Also after an error: MongoDB keeps what a command had done until then.
      this.#database.exec('COMMIT');
    }
  }

  all(collection: string): Stored[] {
    const rows = this.#database
      .prepare('SELECT position, document FROM documents WHERE collection = ? ORDER BY position')
      .all(collection) as { position: number; document: Uint8Array }[];
    return rows.map(({ position, document }) => ({
      position,
      document: BSON.deserialize(document),
    }));
  }

  /** Throws `DuplicateKey`. */
  insert(collection: string, document: Document): void {
    const key = BSON.serialize({ _id: document._id });
    try {
      this.#database
        .prepare('INSERT INTO documents (collection, key, document) VALUES (?, ?, ?)')
        .run(collection, key, BSON.serialize(document));
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_CONSTRAINT_UNIQUE)
        throw new DuplicateKey();
      throw error;
    }
  }

  replace({ position, document }: Stored): void {
    this.#database
      .prepare('UPDATE documents SET document = ? WHERE position = ?')
      .run(BSON.serialize(document), position);
  }

  remove({ position }: Stored): void {
    this.#database.prepare('DELETE FROM documents WHERE position = ?').run(position);
  }
}
