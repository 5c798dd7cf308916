// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { capra } from '../support/command.ts';
import { tutorial as folder } from '../support/paths.ts';
import type { Answer } from '../support/wire.ts';
import {
  elsewhere,
  expect,
  expectMethods,
  newEmail,
  type OwnTutorial,
  openTutorial,
  secret,
  startTutorial,
  type Tutorial,
} from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const password = 'correct horse battery';
const unauthorized = { error: 'Unauthorized' };
const routes = ['GET /api/auth/me', 'POST /api/auth/logout', 'GET /api/protected'];

async function register(email = newEmail()) {
  const made = await expect(
    tutorial.send('POST /api/auth/register', { name: 'Ada', email, password }),
    201,
  );
  const { token, user } = made.json();
  return { email, token, user, cookie: cookieOf(made) };
}

const login = (email: unknown, given: unknown) =>
  tutorial.send('POST /api/auth/login', { email, password: given });

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

/** What a browser sends back of the answer's only cookie. */
function cookieOf({ lines }: Answer): string {
  const found = lines.filter((line) => /^set-cookie:/i.test(line));
  assert.equal(found.length, 1, found.join('\n'));
  return found[0].replace(/^[^:]*: */, '').split(';')[0];
}

describe('/api/auth/register', () => {
  test('makes an account and logs it in', async () => {
    const { email, token, user, cookie } = await register();
    assert.deepEqual(user, { id: user.id, name: 'Ada', email });
    assert.equal(cookie, `token=${token}`);
    await expect(tutorial.call('GET /api/auth/me', bearer(token)), 200, { user });
  });

  test('sets a cookie that no script can read and no other site can send', async () => {
    const body = { name: 'Ada', email: newEmail(), password };
    const { headers } = await expect(tutorial.send('POST /api/auth/register', body), 201);
    assert.match(
      headers['set-cookie'],
      /^token=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=3600$/,
    );
  });

  test('never shows the hash of a password, nor the password', async () => {
    const body = { name: 'Ada', email: newEmail(), password };
    const made = await expect(tutorial.send('POST /api/auth/register', body), 201);
    const { token } = made.json();
    const shown = [made, await login(body.email, password)];
    for (const route of ['GET /api/auth/me', 'GET /api/protected', 'GET /api/users'])
      shown.push(await expect(tutorial.call(route, bearer(token)), 200));
    for (const { text } of shown) assert.doesNotMatch(text, /\$2[aby]\$|hash|correct horse/i);
  });

  test('refuses an address that has an account, in any case', async () => {
    const { email } = await register();
    const again = { name: 'Eve', email: email.toUpperCase(), password };
    const taken = { error: 'Email is already in use' };
    await expect(tutorial.send('POST /api/auth/register', again), 409, taken);
  });

  test('lets one of two win that register an address at the same time', async () => {
    const body = { name: 'Ada', email: newEmail(), password };
    const both = [1, 2].map(() => tutorial.send('POST /api/auth/register', body));
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [201, 409]);
  });

  const bad: [unknown, string][] = [
    [{}, 'Name and email are required'],
    [null, 'Name and email are required'],
    [{ name: 'A', email: 'no' }, 'Invalid email format'],
    [{ name: 'A', email: 'a@b.cc' }, 'Password is required'],
    [{ name: 'A', email: 'a@b.cc', password: { $ne: '' } }, 'Password is required'],
    [
      { name: 'A', email: 'a@b.cc', password: '1234567' },
      'Password must have at least 8 characters',
    ],
    [
      { name: 'A', email: 'a@b.cc', password: 'é'.repeat(37) },
      'Password must have at most 72 bytes',
    ],
  ];
  for (const [body, error] of bad) {
    test(`refuses ${JSON.stringify(body).slice(0, 60)}`, async () => {
      await expect(tutorial.send('POST /api/auth/register', body), 400, { error });
    });
  }

  test('takes POST only', () => expectMethods(tutorial.call('GET /api/auth/register'), 'POST'));
});

describe('/api/auth/login', () => {
  test('gives a token, and the same as a cookie', async () => {
    const { email, user } = await register();
    const answer = await expect(login(email, password), 200);
    const { token } = answer.json();
    assert.deepEqual(answer.json(), { token, user });
    assert.equal(cookieOf(answer), `token=${token}`);
    await expect(tutorial.call('GET /api/protected', bearer(token)), 200);
  });

  test('finds the account whatever the case of the address', async () => {
    const { email } = await register();
    await expect(login(email.toUpperCase(), password), 200);
  });

  test('marks the cookie as Secure where the request came by https', async () => {
    const { email } = await register();
    const https = { 'X-Forwarded-Proto': 'https' };
    const answer = await tutorial.send('POST /api/auth/login', { email, password }, https);
    assert.match(answer.headers['set-cookie'], /; Secure$/);
  });

  test('answers an unknown address as a wrong password, to the byte', async () => {
    const { email } = await register();
    const wrong = await expect(login(email, 'wrong password'), 401, {
      error: 'Invalid credentials',
    });
    const unknown = await expect(login(newEmail(), 'wrong password'), 401);
    const comparable = ({ lines, text }: Answer) => [
      lines.filter((line) => !/^date:/i.test(line)),
      text,
    ];
    assert.deepEqual(comparable(unknown), comparable(wrong));
    assert.equal(wrong.headers['set-cookie'], undefined);
    assert.equal(wrong.headers['www-authenticate'], 'Bearer');
  });

  const bad = [{}, null, [], { email: 'a@b.cc' }, { email: { $gt: '' }, password: { $gt: '' } }];
  for (const body of bad) {
    test(`refuses ${JSON.stringify(body)}`, async () => {
      const error = 'Email and password are required';
      await expect(tutorial.send('POST /api/auth/login', body), 400, { error });
    });
  }

  test('takes hostile text for the address that it is not', async () => {
    await expect(login(`' OR 1=1 --`, password), 401);
    await expect(login(newEmail(), 'x'.repeat(500_000)), 401);
  });

  test('takes POST only', () => expectMethods(tutorial.call('GET /api/auth/login'), 'POST'));
});

describe('who is logged in', () => {
  test('is told by a cookie among others', async () => {
    const { user, cookie } = await register();
    const headers = { Cookie: `theme=dark; ${cookie}; other=1` };
    await expect(tutorial.call('GET /api/auth/me', { headers }), 200, { user });
    const message = 'Protected data';
    await expect(tutorial.call('GET /api/protected', { headers }), 200, { message, user });
  });

  test('is told by the header if there is one, even when the cookie is good', async () => {
    const { cookie } = await register();
    const headers = { Cookie: cookie, Authorization: 'Bearer nonsense' };
    await expect(tutorial.call('GET /api/auth/me', { headers }), 401, unauthorized);
  });

  test('is nothing that a cache may keep', async () => {
    const { token } = await register();
    for (const route of ['GET /api/auth/me', 'GET /api/protected']) {
      const { headers } = await tutorial.call(route, bearer(token));
      assert.equal(headers['cache-control'], 'private, no-store');
    }
  });

  const nobody: [string, Record<string, string>][] = [
    ['nothing', {}],
    ['an empty cookie', { Cookie: 'token=' }],
    ['a cookie that is no token', { Cookie: 'token=a.b.c' }],
    ['Basic', { Authorization: 'Basic YTpi' }],
    ['Bearer without a token', { Authorization: 'Bearer' }],
    ['a token with spaces', { Authorization: 'Bearer a b' }],
    ['a very long token', { Authorization: `Bearer ${'a'.repeat(7000)}` }],
  ];
  for (const [what, headers] of nobody) {
    for (const route of routes) {
      test(`${route} answers 401 to ${what}`, async () => {
        const answer = await expect(tutorial.call(route, { headers }), 401, unauthorized);
        assert.equal(answer.headers['www-authenticate'], 'Bearer');
      });
    }
  }

  test('other methods are refused', async () => {
    await expectMethods(tutorial.call('POST /api/auth/me', { body: '' }), 'GET');
    await expectMethods(tutorial.call('GET /api/auth/logout'), 'POST');
    await expectMethods(tutorial.call('DELETE /api/protected'), 'GET');
  });
});

describe('/api/auth/logout', () => {
  test('takes the cookie back and ends the session of its token everywhere', async () => {
    const { email, token, cookie } = await register();
    const headers = { Cookie: cookie };
    const answer = await expect(tutorial.call('POST /api/auth/logout', { headers }), 200, {
      message: 'Logged out',
    });
    assert.match(answer.headers['set-cookie'], /^token=; Path=\/; HttpOnly;.* Max-Age=0$/);
    await expect(tutorial.call('GET /api/auth/me', { headers }), 401, unauthorized);
    await expect(tutorial.call('GET /api/protected', bearer(token)), 401, unauthorized);
    await expect(login(email, password), 200);
  });

  test('leaves the other sessions of the account alone', async () => {
    const { email, token } = await register();
    const other = (await expect(login(email, password), 200)).json().token;
    await expect(tutorial.call('POST /api/auth/logout', bearer(token)), 200);
    await expect(tutorial.call('GET /api/auth/me', bearer(other)), 200);
  });
});

// What the server was started with has to be known for these.
if (elsewhere === undefined) {
  const jwt = createRequire(join(folder, 'package.json'))('jsonwebtoken');
  const sign = (claims: object, key = secret, options = {}) =>
    jwt.sign(claims, key, { algorithm: 'HS256', jwtid: 'x', ...options });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: '1', jti: 'x', exp: 4102444800 };

  const forged: [string, () => string][] = [
    ['signed with another secret', () => sign({ sub: '1' }, 'another secret', { expiresIn: 60 })],
    ['not signed at all', () => `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`],
    [
      'signed by another algorithm',
      () => sign({ sub: '1' }, secret, { algorithm: 'HS512', expiresIn: 60 }),
    ],
    ['expired', () => sign({ sub: '1' }, secret, { expiresIn: -1 })],
    ['that never expires', () => sign({ sub: '1' })],
    ['of nobody', () => sign({}, secret, { expiresIn: 60 })],
    ['of an account that is gone', () => sign({ sub: '4711' }, secret, { expiresIn: 60 })],
    ['whose subject is no number', () => sign({ sub: '1 OR 1=1' }, secret, { expiresIn: 60 })],
    [
      'that is no JSON',
      () => {
        const text = `${part({ alg: 'HS256' })}.bm9wZQ`;
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
      },
    ],
  ];
  for (const [what, token] of forged) {
    test(`refuses a token ${what}`, async () => {
      await register();
      await expect(tutorial.call('GET /api/auth/me', bearer(token())), 401, unauthorized);
    });
  }

  test('what the test signs itself is taken when all is right', async () => {
    const { user } = await register();
    const token = sign({ sub: String(user.id) }, secret, { expiresIn: 60 });
    await expect(tutorial.call('GET /api/auth/me', bearer(token)), 200, { user });
  });

  test('keeps hashes of bcrypt, and a log-in through a restart', async () => {
    const { token, user } = await register();
    const { data } = tutorial as OwnTutorial;
    const file = new DatabaseSync(join(data, 'tutorial.sqlite'), { readOnly: true });
    const row = file.prepare('SELECT passwordHash FROM accounts WHERE id = ?').get(user.id);
    file.close();
    assert.match(String(row?.passwordHash), /^\$2b\$10\$/);

    const again = await startTutorial({ DATA_FOLDER: data });
    await expect(again.call('GET /api/auth/me', bearer(token)), 200, { user });
    await again.stop();
  });

  // Processor time, which says the same on a busy machine. Without the comparison an unknown address
  // would cost a hundredth of a wrong password.
  test('computes for an unknown address what it computes for a wrong password', async () => {
    const { email } = await register();
    const worker = (tutorial as OwnTutorial).server.worker();
    const cost = async (address: () => string) => {
      const start = processorTicks(worker);
      for (let i = 0; i < 6; i++) await expect(login(address(), 'wrong password'), 401);
      return processorTicks(worker) - start;
    };
    await expect(login(newEmail(), 'wrong password'), 401);
    const known = await cost(() => email);
    const unknown = await cost(newEmail);
    assert.ok(unknown > known / 4, `unknown ${unknown} ticks, known ${known} ticks`);
  });

  for (const [what, value, told] of [
    ['without a secret', '', /JWT_SECRET is not set/],
    ['with a short secret', 'secret', /JWT_SECRET is shorter than the 32 bytes/],
  ] as const) {
    test(`${what} it does not start in production, and says why`, async () => {
      const { code, stdout, stderr } = await capra(['start', folder, '-p', '0'], {
        env: { JWT_SECRET: value },
      });
      assert.equal(code, 1);
      assert.doesNotMatch(stdout, /Ready/);
      assert.match(stderr, told);
    });
  }
}

/** What a process has computed until now, in hundredths of a second; Linux only. */
function processorTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return Number(user) + Number(system);
}
