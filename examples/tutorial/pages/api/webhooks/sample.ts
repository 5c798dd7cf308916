// SPDX-License-Identifier: MIT

import { randomBytes } from 'node:crypto';
import Stripe from 'stripe';
import { z } from 'zod';
import { NotFound, withErrors } from '@/lib/errors';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { validate } from '@/lib/validate';
import { isDemo, webhookSecret } from '@/lib/webhook-secret';

const sampleSchema = z.strictObject({
  type: z.string().max(100).default('payment_intent.succeeded'),
});

/**
 * What Stripe would send: the text of an event and its signature, to be posted to
 * /api/webhooks/stripe. Whoever has it can forge events, so with a real secret it is not there.
 */
export default withErrors(async (req, res) => {
  if (!isDemo()) throw new NotFound();
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);

  const { type } = await validate(sampleSchema, req.body);
  const payload = JSON.stringify(sampleEvent(type), undefined, 2);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: webhookSecret() });
  return res.status(200).json({ payload, signature });
});

function sampleEvent(type: string) {
  const id = () => randomBytes(12).toString('hex');
  return {
    id: `evt_${id()}`,
    object: 'event',
    type,
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object: { id: `pi_${id()}`, object: 'payment_intent', amount: 2000, currency: 'eur' } },
  };
}
