// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { expect, openTutorial, type Tutorial } from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

describe('/api/primes, written in C', () => {
  test('counts the primes up to n', async () => {
    await expect(tutorial.call('GET /api/primes'), 200, { n: 100, count: 25, largest: 97 });
    await expect(tutorial.call('GET /api/primes?n=2'), 200, { n: 2, count: 1, largest: 2 });
    const million = { n: 1_000_000, count: 78_498, largest: 999_983 };
    await expect(tutorial.call('GET /api/primes?n=1000000'), 200, million);
  });

  const error = 'n must be a whole number from 2 to 1000000';
  const bad = [
    '',
    '1',
    '0',
    '-5',
    '1000001',
    '99999999999999999999',
    'ten',
    '1e3',
    '10%00',
    '0x10',
  ];
  for (const n of bad) {
    test(`refuses n=${n}`, async () => {
      await expect(tutorial.call(`GET /api/primes?n=${n}`), 400, { error });
    });
  }

  test('takes GET and HEAD only', async () => {
    const answer = await expect(tutorial.call('POST /api/primes', { body: '' }), 405);
    assert.equal(answer.headers.allow, 'GET');
    const head = await expect(tutorial.call('HEAD /api/primes'), 200);
    assert.equal(head.text, '');
  });
});
