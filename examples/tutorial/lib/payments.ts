// SPDX-License-Identifier: MIT

import { database } from './database';

export interface Payment {
  id: string;
  status: 'succeeded' | 'failed';
  /** In the smallest unit of the currency, as Stripe counts. */
  amount: number;
  currency: string;
  /** When that happened at Stripe, in seconds since 1970. */
  changedAt: number;
}

/**
 * Runs `work` for the first delivery of an event and never again: Stripe sends an event until it has a
 * 2xx, and sometimes twice. Both happen in one transaction, so that an event whose work fails counts as
 * not delivered and is worked on when it comes again.
 *
 * @example
 * const isNew = onceFor({ id: 'evt_1', type: 'payment_intent.succeeded' }, () => keepPayment(payment));
 */
export function onceFor({ id, type }: { id: string; type: string }, work: () => void): boolean {
  const opened = database();
  opened.exec('BEGIN IMMEDIATE');
  try {
    const isNew = opened
      .prepare('INSERT INTO webhookEvents VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(id, type, new Date().toISOString()).changes;
    if (isNew) work();
    opened.exec('COMMIT');
    return isNew === 1;
  } catch (error) {
    opened.exec('ROLLBACK');
    throw error;
  }
}

/** Keeps what is known of a payment. Events overtake each other, so an older one changes nothing. */
export function keepPayment({ id, status, amount, currency, changedAt }: Payment): void {
  database()
    .prepare(
      `INSERT INTO payments VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, changedAt = excluded.changedAt
       WHERE excluded.changedAt >= changedAt`,
    )
    .run(id, status, amount, currency, changedAt);
}
