// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';

// The twin of primes.c: the same sieve, the same limits, the same bytes on the wire.

const SMALLEST = 2;
const LARGEST = 1_000_000;
const USUAL = 100;

/** GET /api/native/primes-ts?n=100: how many primes there are up to n, and the largest of them. */
export default function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET');
    return res.status(405).json({ error: 'Method Not Allowed' });
  }
  const bound = readBound(req.query.n);
  if (bound === undefined)
    return res.status(400).json({ error: 'n must be a whole number from 2 to 1000000' });
  return res.status(200).json({ n: bound, ...count(sieve(bound)) });
}

function readBound(given: string | string[] | undefined): number | undefined {
  const text = [given ?? String(USUAL)].flat()[0];
  if (!/^\d{1,7}$/.test(text)) return undefined;
  const bound = Number(text);
  return bound >= SMALLEST && bound <= LARGEST ? bound : undefined;
}

/** Eratosthenes' sieve: `composite[i]` says that i has a divisor. */
function sieve(bound: number): Uint8Array {
  const composite = new Uint8Array(bound + 1);
  for (let i = 2; i * i <= bound; i++) {
    if (composite[i]) continue;
    for (let multiple = i * i; multiple <= bound; multiple += i) composite[multiple] = 1;
  }
  return composite;
}

function count(composite: Uint8Array) {
  let count = 0;
  let largest = 0;
  for (let i = 2; i < composite.length; i++) {
    if (composite[i]) continue;
    count++;
    largest = i;
  }
  return { count, largest };
}
