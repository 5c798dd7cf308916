// SPDX-License-Identifier: MIT

import { randomBytes } from 'node:crypto';
import { database } from './database';

/**
 * Whether no Stripe account is behind this, and that is meant so: STRIPE_DEMO is `yes` and
 * STRIPE_WEBHOOK_SECRET is not set.
 */
export function isDemo(): boolean {
  const { STRIPE_DEMO, STRIPE_WEBHOOK_SECRET } = process.env;
  return STRIPE_DEMO === 'yes' && !STRIPE_WEBHOOK_SECRET;
}

/**
 * The secret that webhooks are signed with: STRIPE_WEBHOOK_SECRET, or in the demo one that is made
 * once and kept in the database, where every worker finds the same.
 */
export function webhookSecret(): string {
  const { STRIPE_WEBHOOK_SECRET } = process.env;
  if (STRIPE_WEBHOOK_SECRET) return STRIPE_WEBHOOK_SECRET;
  if (isDemo()) return demoSecret();
  throw new Error(
    'STRIPE_WEBHOOK_SECRET is not set. There is no default: set it in the environment to the signing ' +
      'secret of the endpoint (whsec_…), or run `npm run setup`, which allows the demo in .env.local.',
  );
}

function demoSecret(): string {
  database()
    .prepare('INSERT INTO webhookSecret VALUES (1, ?) ON CONFLICT DO NOTHING')
    .run(`whsec_${randomBytes(24).toString('base64url')}`);
  return database().prepare('SELECT secret FROM webhookSecret').get()?.secret as string;
}
