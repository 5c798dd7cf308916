// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { MailServer } from './smtp.ts';
import {
  elsewhere,
  expect,
  expectMethods,
  type OwnTutorial,
  openTutorial,
  startTutorial,
  type Tutorial,
} from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const form = { name: 'Ada', email: 'ada@example.com', message: 'Hello' };

describe('/api/contact', () => {
  test('sends a message and says under which id', async () => {
    const answer = await expect(tutorial.send('POST /api/contact', form), 200);
    const { message, id } = answer.json();
    assert.equal(message, 'Message sent successfully');
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('takes what a form without a script sends', async () => {
    const answer = tutorial.call('POST /api/contact', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'name=Ada&email=ada%40example.com&message=Hello',
    });
    await expect(answer, 200);
  });

  test('names every field that is missing', async () => {
    const error = 'Missing required fields';
    const all = ['name', 'email', 'message'];
    await expect(tutorial.send('POST /api/contact', {}), 400, { error, missing: all });
    await expect(tutorial.send('POST /api/contact', null), 400, { error, missing: all });
    await expect(tutorial.call('POST /api/contact'), 400, { error, missing: all });
    const partly = { ...form, email: ' ', message: 7 };
    const missing = ['email', 'message'];
    await expect(tutorial.send('POST /api/contact', partly), 400, { error, missing });
  });

  test('refuses what is no e-mail address, in time that grows with its length only', async () => {
    const hostile = ['no', `${'a'.repeat(100_000)}@`, `a@${'b.'.repeat(50_000)}`];
    for (const email of hostile) {
      const answer = tutorial.send('POST /api/contact', { ...form, email });
      await expect(answer, 400, { error: 'Invalid email format' });
    }
  });

  test('refuses an address that would be two headers', async () => {
    for (const email of ['a@b.cc\r\nBcc: x@y.zz', 'a@b.cc, x@y.zz', 'a@b.cc>,<x@y.zz']) {
      const answer = tutorial.send('POST /api/contact', { ...form, email });
      await expect(answer, 400, { error: 'Invalid email format' });
    }
  });

  test('refuses what is too long', async () => {
    const error = 'Name or message is too long';
    for (const long of [{ name: 'x'.repeat(201) }, { message: 'x'.repeat(10_001) }])
      await expect(tutorial.send('POST /api/contact', { ...form, ...long }), 400, { error });
  });

  test('takes POST only', () => expectMethods(tutorial.call('GET /api/contact'), 'POST'));
});

// What becomes of the mail only whoever has started the server can see.
if (elsewhere === undefined) {
  describe('without a mail server', () => {
    test('a mail is a file in the outbox', async () => {
      const { data } = tutorial as OwnTutorial;
      const { id } = (await expect(tutorial.send('POST /api/contact', form), 200)).json();
      const mail = readFileSync(join(data, 'outbox', `${id}.eml`), 'utf8');
      assert.match(mail, /^Reply-To: "?Ada"? <ada@example\.com>\r$/m);
      assert.match(mail, new RegExp(`^Message-ID: <${id}@`, 'm'));
      assert.match(mail, /\r\n\r\nHello\r?\n?$/);
    });

    test('a refused form leaves none', async () => {
      const outbox = join((tutorial as OwnTutorial).data, 'outbox');
      const before = existsSync(outbox) ? readdirSync(outbox) : [];
      await expect(tutorial.send('POST /api/contact', { ...form, email: 'no' }), 400);
      assert.deepEqual(existsSync(outbox) ? readdirSync(outbox) : [], before);
    });
  });

  describe('with SMTP_URL', () => {
    let smtp: MailServer;
    let own: OwnTutorial;
    before(async () => {
      smtp = await MailServer.start();
      own = await startTutorial({
        SMTP_URL: smtp.url,
        MAIL_TO: 'owner@example.com',
        MAIL_FROM: 'site@example.com',
      });
    });
    after(async () => {
      await own.stop();
      smtp.stop();
    });

    test('a mail goes to our address, from our address, to be answered to the visitor', async () => {
      const { id } = (await expect(own.send('POST /api/contact', form), 200)).json();
      const mail = await until(() => smtp.mails.find(({ text }) => text.includes(id)), 'mail');
      assert.deepEqual([mail.from, mail.to], ['site@example.com', ['owner@example.com']]);
      assert.match(mail.text, /^From: "?Contact form"? <site@example\.com>$/m);
      assert.match(mail.text, /^Reply-To: "?Ada"? <ada@example\.com>$/m);
      assert.match(mail.text, /Hello/);
      assert.ok(!existsSync(join(own.data, 'outbox')));
    });

    test('no name and no message adds a recipient, a header or a second mail', async () => {
      const name = 'Eve\r\nBcc: victim@example.com\r\n\r\nspam <x@y.zz>, "';
      const message = 'a\r\n.\r\nMAIL FROM:<x@y.zz>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\n.';
      const count = smtp.mails.length;
      const answer = own.send('POST /api/contact', { ...form, name, message });
      const { id } = (await expect(answer, 200)).json();
      const mail = await until(() => smtp.mails.find(({ text }) => text.includes(id)), 'mail');
      assert.equal(smtp.mails.length, count + 1);
      assert.deepEqual(mail.to, ['owner@example.com']);
      const head = mail.text.split('\r\n\r\n')[0];
      assert.doesNotMatch(head, /^Bcc:/im);
      assert.equal(head.match(/^Reply-To:/gim)?.length, 1);
    });

    test('a server that refuses is a 502 without its reasons, which are in the log', async () => {
      smtp.refuses = true;
      const answer = await expect(own.send('POST /api/contact', form), 502, {
        error: 'Failed to send message',
      });
      assert.doesNotMatch(answer.text, /mailbox|smtp/i);
      await own.server.logged(/No such mailbox/);
      smtp.refuses = false;
      await expect(own.send('POST /api/contact', form), 200);
    });
  });

  test('a server that is not there is a 502', async () => {
    const smtp = await MailServer.start();
    const { url } = smtp;
    smtp.stop();
    const own = await startTutorial({ SMTP_URL: url });
    await expect(own.send('POST /api/contact', form), 502, { error: 'Failed to send message' });
    await own.stop();
  });
}
