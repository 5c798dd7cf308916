// SPDX-License-Identifier: MIT

import { randomBytes } from 'node:crypto';
import { database } from './database';

/** Whether no Stripe account is behind this: STRIPE_WEBHOOK_SECRET is not set. */
export function isDemo(): boolean {
  return !process.env.STRIPE_WEBHOOK_SECRET;
}

/**
 * The secret that webhooks are signed with: STRIPE_WEBHOOK_SECRET, or one that is made once and kept in
 * the database, where every worker finds the same.
 */
export function webhookSecret(): string {
  return process.env.STRIPE_WEBHOOK_SECRET || demoSecret();
}

function demoSecret(): string {
  database()
    .prepare('INSERT INTO webhookSecret VALUES (1, ?) ON CONFLICT DO NOTHING')
    .run(`whsec_${randomBytes(24).toString('base64url')}`);
  return database().prepare('SELECT secret FROM webhookSecret').get()?.secret as string;
}
