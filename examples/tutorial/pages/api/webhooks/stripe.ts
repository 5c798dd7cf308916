// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import Stripe from 'stripe';
import { BadRequest, withErrors } from '@/lib/errors';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { keepPayment, onceFor, type Payment } from '@/lib/payments';
import { readRawBody } from '@/lib/raw-body';
import { webhookSecret } from '@/lib/webhook-secret';

// The signature is made over the bytes of the body. Parsed and written out again they would be others.
export const config = { api: { bodyParser: false } };

export default withErrors(async (req: NextApiRequest, res: NextApiResponse) => {
  if (req.method !== 'POST') return methodNotAllowed(req, res, ['POST']);

  const body = await readRawBody(req, { limit: 1024 * 1024 });
  const event = verified(body, req.headers['stripe-signature']);
  const isNew = onceFor(event, () => handle(event));
  return res.status(200).json(isNew ? { received: true } : { received: true, duplicate: true });
});

function verified(body: Buffer, signature: string | string[] | undefined): Stripe.Event {
  const secret = webhookSecret();
  try {
    return Stripe.webhooks.constructEvent(body, signature ?? '', secret);
  } catch (error) {
    // Why is nobody's business who has not our secret: a forger would learn what to try next.
    throw new BadRequest('Webhook signature verification failed', { cause: error });
  }
}

function handle(event: Stripe.Event): void {
  switch (event.type) {
    case 'payment_intent.succeeded':
      keepPayment(payment(event, 'succeeded'));
      break;
    case 'payment_intent.payment_failed':
      keepPayment(payment(event, 'failed'));
      break;
    default:
      // Answered with 200 as well: Stripe would send again what we never wanted.
      console.log(`stripe: nothing to do for an event of type ${event.type}`);
  }
}

function payment(
  event: Stripe.PaymentIntentSucceededEvent | Stripe.PaymentIntentPaymentFailedEvent,
  status: Payment['status'],
): Payment {
  const { id, amount, currency } = event.data.object;
  return { id, status, amount, currency, changedAt: event.created };
}
