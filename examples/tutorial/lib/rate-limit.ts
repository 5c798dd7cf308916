// SPDX-License-Identifier: MIT

export interface RateLimitOptions {
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
  /** How many clients are remembered at most; the one seen first is forgotten for a new one. */
  maxClients?: number;
}

export interface Allowance {
  allowed: boolean;
  remaining: number;
  /** Whole seconds until the client's window ends, at least 1. */
  resetSeconds: number;
}

/**
 * Counts the requests of each client in windows of time; a client's window begins with its first
 * request. The counts are those of this process: several workers allow so many times as much.
 *
 * @example
 * const limiter = new RateLimiter(100, 60_000);
 * const { allowed, resetSeconds } = limiter.take('192.0.2.7');
 */
export class RateLimiter {
  readonly limit: number;
  readonly windowMs: number;
  #now: () => number;
  #maxClients: number;
  // In the order in which the windows began, which is the one in which they end.
  #windows = new Map<string, { start: number; count: number }>();

  constructor(
    limit: number,
    windowMs: number,
    { now = () => performance.now(), maxClients = 10_000 }: RateLimitOptions = {},
  ) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`a rate limit is a whole number from 1 up, not ${limit}`);
    if (!(windowMs > 0)) throw new RangeError(`a window is longer than 0 ms, not ${windowMs}`);
    this.limit = limit;
    this.windowMs = windowMs;
    this.#now = now;
    this.#maxClients = maxClients;
  }

  /** Counts one request of this client and tells whether it may be served. */
  take(client: string): Allowance {
    const now = this.#now();
    this.#forget(now);
    const window = this.#windows.get(client) ?? this.#open(client, now);
    window.count++;
    return {
      allowed: window.count <= this.limit,
      remaining: Math.max(0, this.limit - window.count),
      resetSeconds: Math.max(1, Math.ceil((window.start + this.windowMs - now) / 1000)),
    };
  }

  #open(client: string, now: number) {
    const window = { start: now, count: 0 };
    this.#windows.set(client, window);
    return window;
  }

  // Each window is looked at once more when it has ended, so a request costs the same with any number
  // of clients; and no number of addresses can fill the memory.
  #forget(now: number): void {
    for (const [client, { start }] of this.#windows) {
      if (start + this.windowMs > now && this.#windows.size < this.#maxClients) return;
      this.#windows.delete(client);
    }
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
