// SPDX-License-Identifier: MIT

import type { DatabaseSync } from 'node:sqlite';

export interface RateLimitOptions {
  /** Which limit it is: those of one name, limit and window share their counts. */
  name?: string;
  /** Milliseconds, on a clock that all processes share. */
  now?: () => number;
  /** How many clients are remembered at most; the one whose window ends first is forgotten for a new one. */
  maxClients?: number;
}

export interface Allowance {
  allowed: boolean;
  remaining: number;
  /** Whole seconds until the client's window ends, at least 1. */
  resetSeconds: number;
}

/** Where the counts are: a step of `lib/database.ts`. */
export const rateWindowsTable = `
  CREATE TABLE rateWindows (
    limiter TEXT NOT NULL,
    client TEXT NOT NULL,
    endsAt REAL NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (limiter, client)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX rateWindowsByEnd ON rateWindows (limiter, endsAt);
`;

// One statement, so that of two workers that count at once each sees what the other has counted. A window
// that ends later than one that begins now was made before the clock was set back.
const count = `
  INSERT INTO rateWindows (limiter, client, endsAt, count) VALUES (:limiter, :client, :end, 1)
  ON CONFLICT DO UPDATE SET
    count = CASE WHEN endsAt > :now AND endsAt <= :end THEN count + 1 ELSE 1 END,
    endsAt = CASE WHEN endsAt > :now AND endsAt <= :end THEN endsAt ELSE :end END
  RETURNING endsAt, count
`;
const forgetEnded = 'DELETE FROM rateWindows WHERE limiter = ? AND endsAt <= ?';
const forgetTooMany = `
  DELETE FROM rateWindows WHERE limiter = :limiter AND client IN (
    SELECT client FROM rateWindows WHERE limiter = :limiter AND client <> :client ORDER BY endsAt
    LIMIT max(0, (SELECT count(*) FROM rateWindows WHERE limiter = :limiter) - :most)
  )
`;

/**
 * Counts the requests of each client in windows of time; a client's window begins with its first
 * request. The counts are in the database, so that it is the same limit for all workers.
 *
 * @example
 * const limiter = new RateLimiter(database, 100, 60_000);
 * const { allowed, resetSeconds } = limiter.take('192.0.2.7');
 */
export class RateLimiter {
  readonly limit: number;
  readonly windowMs: number;
  readonly #database: () => DatabaseSync;
  readonly #limiter: string;
  readonly #now: () => number;
  readonly #maxClients: number;

  constructor(
    database: () => DatabaseSync,
    limit: number,
    windowMs: number,
    { name = '', now = Date.now, maxClients = 10_000 }: RateLimitOptions = {},
  ) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`a rate limit is a whole number from 1 up, not ${limit}`);
    if (!(windowMs > 0)) throw new RangeError(`a window is longer than 0 ms, not ${windowMs}`);
    this.limit = limit;
    this.windowMs = windowMs;
    this.#database = database;
    this.#limiter = `${name} ${limit}/${windowMs}`;
    this.#now = now;
    this.#maxClients = maxClients;
  }

  /** Counts one request of this client and tells whether it may be served. */
  take(client: string): Allowance {
    const now = this.#now();
    const limiter = this.#limiter;
    const window = this.#database()
      .prepare(count)
      .get({ limiter, client, now, end: now + this.windowMs }) as { endsAt: number; count: number };
    if (window.count === 1) this.#forget(client, now);
    return {
      allowed: window.count <= this.limit,
      remaining: Math.max(0, this.limit - window.count),
      resetSeconds: Math.max(1, Math.ceil((window.endsAt - now) / 1000)),
    };
  }

  // Whenever a window begins, so that no number of addresses can fill the table.
  #forget(client: string, now: number): void {
    const database = this.#database();
    const limiter = this.#limiter;
    database.prepare(forgetEnded).run(limiter, now);
    database.prepare(forgetTooMany).run({ limiter, client, most: this.#maxClients });
  }
}

/**
 * What stands for a client: its IPv4 address, or the first half of its IPv6 address, for whoever has
 * one of these has 2^64 of them.
 *
 * @example
 * clientKey('::ffff:192.0.2.7'); // '192.0.2.7'
 * clientKey('2001:db8:1:2:3::4'); // '2001:db8:1:2'
 */
export function clientKey(address: string | undefined): string {
  if (!address) return 'unknown';
  const mapped = address.match(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i);
  if (mapped) return mapped[1];
  if (!address.includes(':')) return address;
  const [head, tail = ''] = address.split('%', 1)[0].split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros = Array(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
