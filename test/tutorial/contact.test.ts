// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { expect, openTutorial, type Tutorial } from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

describe('/api/contact', () => {
  const form = { name: 'Ada', email: 'ada@example.com', message: 'Hello' };

  test('keeps a message and says under which id', async () => {
    const answer = await expect(tutorial.send('POST /api/contact', form), 200);
    const { message, id } = answer.json();
    assert.equal(message, 'Message sent successfully');
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('names every field that is missing', async () => {
    const error = 'Missing required fields';
    const all = ['name', 'email', 'message'];
    await expect(tutorial.send('POST /api/contact', {}), 400, { error, missing: all });
    await expect(tutorial.send('POST /api/contact', null), 400, { error, missing: all });
    await expect(tutorial.call('POST /api/contact'), 400, { error, missing: all });
    const partly = { ...form, email: ' ', message: 7 };
    await expect(tutorial.send('POST /api/contact', partly), 400, {
      error,
      missing: ['email', 'message'],
    });
  });

  test('refuses what is no e-mail address, in time that grows with its length only', async () => {
    const hostile = ['no', `${'a'.repeat(100_000)}@`, `a@${'b.'.repeat(50_000)}`];
    for (const email of hostile) {
      const answer = tutorial.send('POST /api/contact', { ...form, email });
      await expect(answer, 400, { error: 'Invalid email format' });
    }
  });

  test('takes POST only', async () => {
    const answer = await expect(tutorial.call('GET /api/contact'), 405);
    assert.equal(answer.headers.allow, 'POST');
  });
});
