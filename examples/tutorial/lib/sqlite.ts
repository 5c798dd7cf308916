// SPDX-License-Identifier: MIT

import { DatabaseSync } from 'node:sqlite';

/** How long a statement waits for another process that writes. */
const BUSY_MS = 5000;

const PAUSE_MS = 10;
const SQLITE_BUSY = 5;

/**
 * Opens an SQLite file that several workers read and write at once; it is made when it is not there.
 *
 * @example
 * const database = openSqlite(dataFile('tutorial.sqlite'));
 */
export function openSqlite(file: string): DatabaseSync {
  const opened = new DatabaseSync(file, { timeout: BUSY_MS });
  writeAhead(opened);
  return opened;
}

// Of two processes that do this to a new file at once, SQLite tells one that the file is busy without
// waiting at all, because each would wait for the other.
function writeAhead(opened: DatabaseSync): void {
  const end = performance.now() + BUSY_MS;
  for (;;) {
    try {
      opened.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY || performance.now() > end)
        throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
