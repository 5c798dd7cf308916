// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type Example, expect, HOSTS, refuses, startExample, stopsWell } from './support.ts';

const secret = 'a secret of the tests, and of nothing else';
const newEmail = () => `${randomUUID()}@example.com`;
const password = 'correct horse';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const sign = (text: string, key = secret) =>
  createHmac('sha256', key).update(text).digest('base64url');

/** A token as anybody can make one who has the key. */
function token(header: unknown, claims: unknown, key = secret): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${sign(text, key)}`;
}

for (const host of HOSTS) {
  describe(`examples/c-auth in ${host}`, () => {
    let app: Example;
    let workers: number[];
    before(async () => {
      // The least cost: what is tested is not how long it takes.
      app = await startExample('c-auth', host, { env: { JWT_SECRET: secret, BCRYPT_COST: '4' } });
      workers = app.workers();
    });
    after(() => stopsWell(app, workers));

    const register = (email: string) => app.send('POST /api/auth/register', { email, password });
    const logIn = (email: string, word = password) =>
      app.send('POST /api/auth/login', { email, password: word });
    const me = (value: string) =>
      app.call('GET /api/auth/me', { headers: { Authorization: `Bearer ${value}` } });

    test('registers, logs in, and knows who it is', async () => {
      const email = newEmail();
      const made = await expect(register(email), 201, { email });
      assert.doesNotMatch(made.text, /\$2b/);
      const session = await expect(logIn(email.toUpperCase()), 200);
      const { token: given, expiresIn } = session.json();
      const cookie = session.headers['set-cookie'] as string;
      assert.match(cookie, /^token=[^;]+;.*HttpOnly/i);
      assert.match(cookie, /SameSite=Lax/i);
      assert.match(cookie, /Secure/i);
      const [header, claims, signature] = given.split('.');
      assert.equal(signature, sign(`${header}.${claims}`), 'as every other library signs it');
      const said = JSON.parse(Buffer.from(claims, 'base64url').toString());
      assert.equal(said.exp - said.iat, expiresIn);

      const account = (await expect(me(given), 200)).json();
      assert.equal(account.email, email);
      assert.equal(String(account.id), said.sub);
      const headers = { Cookie: cookie.split(';')[0] as string };
      await expect(app.call('GET /api/auth/me', { headers }), 200, account);
      const end = await expect(app.call('POST /api/auth/logout'), 204);
      assert.match(end.headers['set-cookie'] as string, /^token=;/);
    });

    test('keeps a hash of the password, and not the password', async () => {
      const email = newEmail();
      await expect(register(email), 201);
      const file = readFileSync(`${app.folder}/data/accounts.db`, 'latin1');
      assert.match(file, /\$2b\$04\$[./A-Za-z0-9]{53}/);
      assert.ok(!file.includes(password));
    });

    test('has one account for an address', async () => {
      const email = newEmail();
      const both = await Promise.all([register(email), register(email.toUpperCase())]);
      assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409]);
    });

    test('tells nobody whether it was the address or the password', async () => {
      const email = newEmail();
      await expect(register(email), 201);
      const wrong = await expect(logIn(email, 'wrong horse'), 401);
      const unknown = await expect(logIn(newEmail()), 401);
      assert.equal(wrong.text, unknown.text);
      assert.equal(wrong.headers['set-cookie'], undefined);
    });

    test('answers many log-ins at once, each with its own token', async () => {
      const emails = Array.from({ length: 12 }, newEmail);
      await Promise.all(emails.map((email) => expect(register(email), 201)));
      const sessions = await Promise.all(emails.map((email) => logIn(email)));
      const found = await Promise.all(sessions.map((session) => me(session.json().token)));
      assert.deepEqual(
        found.map((answer) => answer.json().email),
        emails,
      );
    });

    test('believes no token that it has not given', async () => {
      const email = newEmail();
      await expect(register(email), 201);
      const good: string = (await logIn(email)).json().token;
      const [header, claims, signature] = good.split('.') as [string, string, string];
      const HS256 = { alg: 'HS256', typ: 'JWT' };
      const now = Math.floor(Date.now() / 1000);
      const bad = {
        changed: `${header}.${part({ sub: '1', exp: now + 999 })}.${signature}`,
        'cut short': good.slice(0, -1),
        'with more behind it': `${good}.x`,
        'without signature': `${header}.${claims}.`,
        'that says it needs none': `${part({ alg: 'none' })}.${claims}.`,
        'of another algorithm': token({ alg: 'HS512', typ: 'JWT' }, { sub: '1', exp: now + 999 }),
        'of another key': token(HS256, { sub: '1', exp: now + 999 }, 'another'),
        'too old': token(HS256, { sub: '1', exp: now - 1 }),
        'without an end': token(HS256, { sub: '1' }),
        'of nobody': token(HS256, { sub: '999999', exp: now + 999 }),
        'without claims': token(HS256, 'text'),
        'of bytes': `${Buffer.from('\0\xff').toString('base64url')}.${claims}.${signature}`,
        empty: '',
        dots: '..',
        long: 'x'.repeat(5000),
      };
      for (const [what, value] of Object.entries(bad)) {
        const { status, headers } = await me(value);
        assert.equal(status, 401, what);
        assert.equal(headers['www-authenticate'], 'Bearer');
      }
      await expect(me(token(HS256, { sub: '1', exp: now + 999 })), 200);
      await expect(app.call('GET /api/auth/me'), 401);
    });

    const email = 'a@example.com';
    const BODIES: unknown[] = [
      ...['', '{', '[]', 'null', {}, { email }, { password }],
      ...[
        '',
        'a',
        '@b',
        'a@',
        'a@b@c',
        'a b@c',
        'a\n@c',
        `${'x'.repeat(250)}@c.de`,
        'a\0@c.de',
      ].map((wrong) => ({ email: wrong, password })),
      ...['', 'short', 'x'.repeat(73), 'long enough\0', 12345678, ['x'], { $ne: '' }].map(
        (wrong) => ({
          email,
          password: wrong,
        }),
      ),
    ];
    for (const body of BODIES) {
      test(`refuses ${JSON.stringify(body).slice(0, 60)}`, async () => {
        for (const path of ['register', 'login'])
          await expect(app.send(`POST /api/auth/${path}`, body), 400);
      });
    }

    test('takes the right methods alone', async () => {
      for (const [path, allow] of [
        ['register', 'POST'],
        ['login', 'POST'],
        ['logout', 'POST'],
        ['me', 'GET'],
      ]) {
        const { headers } = await expect(app.call(`DELETE /api/auth/${path}`), 405);
        assert.equal(headers.allow, allow);
      }
    });
  });
}

test('examples/c-auth does not start with a secret that is none, or a cost that is none', async () => {
  await refuses('c-auth', { JWT_SECRET: 'short' }, /JWT_SECRET must have 32 to 128 characters/);
  await refuses('c-auth', { BCRYPT_COST: '3' }, /BCRYPT_COST must be a number from 4 to 16/);
});

test('examples/c-auth makes a secret of its own, the same for all workers and starts', async () => {
  const env = { BCRYPT_COST: '4' };
  const first = await startExample('c-auth', 'capra', { env, args: ['--workers', '2'] });
  const credentials = { email: newEmail(), password };
  await expect(first.send('POST /api/auth/register', credentials), 201);
  const { token: given } = (
    await expect(first.send('POST /api/auth/login', credentials), 200)
  ).json();
  const headers = { Authorization: `Bearer ${given}` };
  for (let at = 0; at < 6; at++) await expect(first.call('GET /api/auth/me', { headers }), 200);
  await first.stop();
  const ACCOUNTS_FILE = `${first.folder}/data/accounts.db`;
  const second = await startExample('c-auth', 'capra', { env: { ...env, ACCOUNTS_FILE } });
  await expect(second.call('GET /api/auth/me', { headers }), 200);
  await second.stop();
});
