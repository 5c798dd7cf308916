// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { Wire } from '../support/wire.ts';
import {
  elsewhere,
  expect,
  expectMethods,
  type OwnTutorial,
  openTutorial,
  startTutorial,
  type Tutorial,
} from './support.ts';

const refused = { error: 'Webhook signature verification failed' };

/** As Stripe delivers it. */
function deliver(to: Tutorial, body: string | Uint8Array, signature?: string) {
  const headers: Record<string, string> = { 'Content-Type': 'application/json; charset=utf-8' };
  if (signature !== undefined) headers['Stripe-Signature'] = signature;
  return to.call('POST /api/webhooks/stripe', { headers, body });
}

describe('/api/webhooks/stripe, without an account', () => {
  let tutorial: Tutorial;
  before(async () => {
    tutorial = await openTutorial();
  });
  after(() => tutorial.stop());

  async function sample(type?: string): Promise<{ payload: string; signature: string }> {
    const answer = await expect(tutorial.send('POST /api/webhooks/sample', { type }), 200);
    return answer.json();
  }

  test('takes a signed event once, however often it comes', async () => {
    const { payload, signature } = await sample();
    await expect(deliver(tutorial, payload, signature), 200, { received: true });
    const again = { received: true, duplicate: true };
    await expect(deliver(tutorial, payload, signature), 200, again);
    await expect(deliver(tutorial, payload, signature), 200, again);
  });

  test('takes it once when it comes many times at once', async () => {
    const { payload, signature } = await sample();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => deliver(tutorial, payload, signature)),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(answers.filter((answer) => !answer.json().duplicate).length, 1);
  });

  test('takes events that it has nothing to do for', async () => {
    const { payload, signature } = await sample('customer.created');
    await expect(deliver(tutorial, payload, signature), 200, { received: true });
  });

  test('refuses one byte more, one byte less and one byte other', async () => {
    const { payload, signature } = await sample();
    const changed = payload.replace('2000', '2001');
    for (const body of [`${payload} `, payload.slice(0, -1), changed, ''])
      await expect(deliver(tutorial, body, signature), 400, refused);
    // What it was not: spoilt for the real one.
    await expect(deliver(tutorial, payload, signature), 200, { received: true });
  });

  test('refuses the same JSON written in another way', async () => {
    const { payload, signature } = await sample();
    const compact = JSON.stringify(JSON.parse(payload));
    await expect(deliver(tutorial, compact, signature), 400, refused);
  });

  test('refuses the signature of another event', async () => {
    const [one, other] = [await sample(), await sample()];
    await expect(deliver(tutorial, one.payload, other.signature), 400, refused);
  });

  for (const signature of [
    undefined,
    '',
    'x',
    't=,v1=',
    't=1,v1=0',
    `t=9999999999,v1=${'0'.repeat(64)}`,
  ]) {
    test(`refuses the signature ${JSON.stringify(signature)}`, async () => {
      const { payload } = await sample();
      await expect(deliver(tutorial, payload, signature), 400, refused);
    });
  }

  test('does not read a body without end', async () => {
    const wire = await Wire.open(tutorial.port);
    const head = 'POST /api/webhooks/stripe HTTP/1.1\r\nHost: x\r\n';
    const piece = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
    await wire.send(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    // One piece more than the megabyte that it reads, and no end of the body ever.
    for (let sent = 0; sent <= 1024 * 1024; sent += 0x10000) await wire.send(piece);
    const answer = await wire.answer('POST');
    assert.deepEqual([answer.status, answer.json()], [413, { error: 'Payload too large' }]);
    wire.close();
  });

  test('takes POST only', async () => {
    await expectMethods(tutorial.call('GET /api/webhooks/stripe'), 'POST');
    await expectMethods(tutorial.call('GET /api/webhooks/sample'), 'POST');
  });

  test('makes samples of what it is asked for, and nothing else', async () => {
    for (const body of [{ type: 7 }, { type: 'x'.repeat(101) }, { secret: 'x' }, [], 'x'])
      await expect(tutorial.send('POST /api/webhooks/sample', body), 400);
  });
});

// With a secret that the test knows, it can sign as Stripe does; a server elsewhere has its own.
if (elsewhere === undefined) {
  describe('/api/webhooks/stripe, with a secret', () => {
    const secret = 'whsec_of_the_tests';
    let own: OwnTutorial;
    before(async () => {
      own = await startTutorial({ STRIPE_WEBHOOK_SECRET: secret });
    });
    after(() => own.stop());

    const seconds = () => Math.floor(Date.now() / 1000);

    // What Stripe documents: HMAC-SHA-256 over the time, a dot and the body.
    function sign(payload: string, { at = seconds(), key = secret } = {}): string {
      const digest = createHmac('sha256', key).update(`${at}.${payload}`).digest('hex');
      return `t=${at},v1=${digest}`;
    }

    function event(type: string, created: number, payment: string): string {
      const object = { id: payment, object: 'payment_intent', amount: 999, currency: 'chf' };
      return JSON.stringify({
        id: `evt_${randomUUID()}`,
        object: 'event',
        type,
        created,
        data: { object },
      });
    }

    function payments() {
      const database = new DatabaseSync(join(own.data, 'tutorial.sqlite'), { readOnly: true });
      const rows = database.prepare('SELECT * FROM payments').all();
      database.close();
      return rows.map((row) => ({ ...row }));
    }

    test('keeps what is known last of a payment, in whatever order it comes', async () => {
      const now = seconds();
      const events: [string, number][] = [
        ['payment_intent.payment_failed', now - 60],
        ['payment_intent.succeeded', now],
        ['payment_intent.payment_failed', now - 30],
      ];
      for (const [type, created] of events) {
        const payload = event(type, created, 'pi_1');
        await expect(deliver(own, payload, sign(payload)), 200, { received: true });
      }
      const row = { id: 'pi_1', status: 'succeeded', amount: 999, currency: 'chf', changedAt: now };
      assert.deepEqual(payments(), [row]);
    });

    test('counts an event whose work failed as not delivered', async () => {
      const payload = event('payment_intent.succeeded', seconds(), 'pi_2').replace('999', 'null');
      for (let time = 0; time < 2; time++)
        await expect(deliver(own, payload, sign(payload)), 500, { error: 'Internal server error' });
      assert.equal(
        payments().some(({ id }) => id === 'pi_2'),
        false,
      );
    });

    test('refuses what was signed too long ago, or with another secret', async () => {
      const payload = event('payment_intent.succeeded', seconds(), 'pi_3');
      const old = sign(payload, { at: seconds() - 600 });
      await expect(deliver(own, payload, old), 400, refused);
      await expect(deliver(own, payload, sign(payload, { key: 'whsec_other' })), 400, refused);
      await expect(deliver(own, 'no JSON', sign('no JSON')), 400, refused);
    });

    test('takes one good signature of several, as when a secret is changed', async () => {
      const payload = event('payment_intent.succeeded', seconds(), 'pi_4');
      const signature = sign(payload).replace(',', `,v1=${'0'.repeat(64)},`);
      await expect(deliver(own, payload, signature), 200, { received: true });
    });

    test('takes bytes as they are, letters beyond ASCII too', async () => {
      const payload = event('customer.created', seconds(), 'pi_5').replace('chf', 'été 🎈');
      await expect(deliver(own, payload, sign(payload)), 200, { received: true });
    });

    test('signs nothing for anybody', async () => {
      await expect(own.send('POST /api/webhooks/sample', {}), 404, { error: 'Not found' });
    });
  });

  test('/api/webhooks/stripe believes nobody without a secret', async () => {
    const own = await startTutorial({ STRIPE_DEMO: '' });
    await expect(deliver(own, '{}', 't=1,v1=0'), 500, { error: 'Internal server error' });
    await own.server.logged(/STRIPE_WEBHOOK_SECRET is not set/);
    await expect(own.send('POST /api/webhooks/sample', {}), 404, { error: 'Not found' });
    await own.stop();
  });

  test('two workers take an event once between them', async () => {
    const own = await startTutorial({}, ['--workers', '2']);
    const made = await expect(own.send('POST /api/webhooks/sample', {}), 200);
    const { payload, signature } = made.json();
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => deliver(own, payload, signature)),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(answers.filter((answer) => !answer.json().duplicate).length, 1);
    await own.stop();
  });
}
