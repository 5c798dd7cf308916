// SPDX-License-Identifier: MIT

// The tutorial while it is being changed: `capra dev` on a copy.

import assert from 'node:assert/strict';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { temporaryFolder } from '../support/app.ts';
import { until } from '../support/deadline.ts';
import { tutorial } from '../support/paths.ts';
import { type Server, startDev } from '../support/server.ts';
import { elsewhere, newEmail, secret } from './support.ts';

// It is Capra's way of reloading that is tested here.
if (elsewhere === undefined) {
  const folder = join(temporaryFolder(), 'tutorial');
  const notCopied = ['node_modules', '.capra', '.next', 'data', '.env.local'];
  let server: Server;

  const setSecret = (value: string) =>
    writeFileSync(join(folder, '.env.local'), `JWT_SECRET=${value}\n`);

  before(async () => {
    cpSync(tutorial, folder, {
      recursive: true,
      filter: (path) => !notCopied.includes(basename(path)),
    });
    symlinkSync(join(tutorial, 'node_modules'), join(folder, 'node_modules'));
    const none = { DATABASE_URL: '', MONGODB_URI: '', DATA_FOLDER: join(folder, 'data') };
    setSecret(secret);
    server = await startDev({ app: folder, env: none });
  });
  after(() => server.stop());

  const post = (path: string, body: unknown) =>
    server.call(`POST ${path}`, {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });

  const edit = (path: string, change: (text: string) => string) => {
    const file = join(folder, path);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };

  test('a change to a route and to what connects it leaves the connection as it is', async () => {
    assert.equal((await post('/api/mongo/posts', { title: 'One', content: 'x' })).status, 201);
    edit('lib/mongodb.ts', (text) => `${text}\nexport const changed = true;\n`);
    edit('pages/api/mongo/posts.ts', (text) =>
      text.replace('Title and content are required', 'Changed'),
    );
    await until(
      async () => (await post('/api/mongo/posts', {})).text === '{"error":"Changed"}',
      'change',
    );
    const [{ title }] = (await server.call('GET /api/mongo/posts')).json();
    assert.equal(title, 'One');
    const started = server.stderr().match(/a stand-in, not MongoDB/g);
    assert.equal(started?.length, 1);
  });

  test('a change to what opens the databases leaves what is in them', async () => {
    const ada = { name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' };
    const { token } = (await post('/api/auth/register', ada)).json();
    assert.equal((await post('/api/prisma/users', ada)).status, 201);
    for (const file of ['lib/database.ts', 'lib/prisma.ts', 'lib/auth.ts'])
      edit(file, (text) => `${text}\nexport const changed = true;\n`);
    edit('pages/api/protected.ts', (text) => text.replace('Protected data', 'Changed'));

    const headers = { Authorization: `Bearer ${token}` };
    await until(
      async () => /Changed/.test((await server.call('GET /api/protected', { headers })).text),
      'change',
    );
    assert.equal((await post('/api/prisma/users', ada)).status, 409);
  });

  for (const [what, value, told] of [
    ['without a secret', '', /JWT_SECRET is not set/],
    ['with a short secret', 'secret', /JWT_SECRET is shorter than the 32 bytes/],
  ] as const) {
    test(`${what} nobody can log in, and the log says why`, async () => {
      setSecret(value);
      const { text } = await until(async () => {
        const bob = { name: 'Bob', email: newEmail(), password: 'correct horse battery' };
        const answer = await post('/api/auth/register', bob);
        return answer.status === 500 && told.test(server.stderr()) && answer;
      }, 'a worker with the new environment');
      // Who develops is told in the answer, too.
      assert.match(text, told);
      const headers = { Authorization: 'Bearer x.y.z' };
      assert.equal((await server.call('GET /api/protected', { headers })).status, 500);
      assert.equal((await server.call('GET /api/hello')).status, 200);
    });
  }
}
