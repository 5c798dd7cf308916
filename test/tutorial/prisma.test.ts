// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import {
  elsewhere,
  expect,
  expectMethods,
  newEmail,
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

interface User {
  id: number;
  name: string;
  email: string;
  posts: { title: string }[];
}

const post = (body: unknown, at = tutorial) => at.send('POST /api/prisma/users', body);
const list = async (at = tutorial): Promise<User[]> =>
  (await expect(at.call('GET /api/prisma/users'), 200)).json();

describe('/api/prisma/users', () => {
  test('lists the users, each with their posts', async () => {
    const [ada, alan] = await list();
    assert.deepEqual(ada, {
      id: 1,
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      posts: [
        {
          id: 1,
          title: 'Notes on the Analytical Engine',
          content: 'It might act upon other things besides number.',
          published: true,
          authorId: 1,
        },
        { id: 2, title: 'On Bernoulli numbers', content: null, published: false, authorId: 1 },
      ],
    });
    assert.deepEqual([alan.name, alan.posts], ['Alan Turing', []]);
  });

  test('creates a user', async () => {
    const email = newEmail();
    const made = (await expect(post({ name: 'Grace', email }), 201)).json();
    assert.deepEqual(made, { id: made.id, name: 'Grace', email });
    const found = (await list()).find(({ id }) => id === made.id);
    assert.deepEqual(found, { ...made, posts: [] });
  });

  test('answers 409 to an address that is there already, in any case', async () => {
    const conflict = { error: 'Email is already in use' };
    await expect(post({ name: 'X', email: 'ada@example.com' }), 409, conflict);
    await expect(post({ name: 'X', email: 'ADA@Example.com' }), 409, conflict);
  });

  test('lets one of two win that take an address at the same time', async () => {
    const email = newEmail();
    const both = [1, 2].map(() => post({ name: 'X', email }));
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [201, 409]);
  });

  const bad: unknown[] = [{}, null, [], 'x', { name: 'X' }, { email: 'x@y.zz' }];
  const hostile = [
    { name: { set: 'X' }, email: 'x@y.zz' },
    { name: 'X', email: { not: '' } },
    { name: ['X'], email: ['x@y.zz'] },
  ];
  for (const body of [...bad, ...hostile]) {
    test(`refuses ${JSON.stringify(body)}`, async () => {
      await expect(post(body), 400, { error: 'Name and email are required' });
    });
  }

  test('writes no table but that of the users, whatever the body has besides', async () => {
    const email = newEmail();
    const posts = { create: [{ title: 'smuggled' }], connect: [{ id: 1 }] };
    const { id } = (await expect(post({ id: 1, name: 'X', email, posts }), 201)).json();
    assert.notEqual(id, 1);
    const users = await list();
    assert.deepEqual(users.find((user) => user.id === id)?.posts, []);
    assert.equal(users[0].posts.length, 2);
  });

  test('stores hostile text as text', async () => {
    const name = `Robert'); DROP TABLE "User"; --`;
    const { id } = (await expect(post({ name, email: newEmail() }), 201)).json();
    assert.equal((await list()).find((user) => user.id === id)?.name, name);
  });

  test('takes GET and POST', () =>
    expectMethods(tutorial.call('PUT /api/prisma/users', { body: '' }), 'GET, POST'));
});

if (elsewhere === undefined) {
  describe('in SQLite', () => {
    test('two workers make the tables at the same time, and share them', async () => {
      const own = await startTutorial({}, ['--workers', '2']);
      const first = await Promise.all(Array.from({ length: 8 }, () => list(own)));
      for (const users of first) assert.equal(users.length, 2);
      const emails = Array.from({ length: 12 }, newEmail);
      await Promise.all(emails.map((email) => expect(post({ name: 'X', email }, own), 201)));
      assert.equal((await list(own)).length, 14);
      await own.stop();

      const again = await startTutorial({ DATA_FOLDER: own.data });
      assert.equal((await list(again)).length, 14);
      await again.stop();
    });

    test('the tables are those of the schema', async () => {
      await list();
      const file = join((tutorial as OwnTutorial).data, 'prisma.sqlite');
      const database = new DatabaseSync(file, { readOnly: true });
      const columns = database
        .prepare(
          `SELECT m.name || '.' || c.name AS name FROM sqlite_schema m, pragma_table_info(m.name) c
           WHERE m.type = 'table' AND m.name IN ('User', 'Post') ORDER BY m.name, c.cid`,
        )
        .all()
        .map(({ name }) => name);
      database.close();
      const post = ['id', 'title', 'content', 'published', 'authorId'].map(
        (name) => `Post.${name}`,
      );
      assert.deepEqual(columns, [...post, 'User.id', 'User.name', 'User.email']);
    });
  });

  describe('in PostgreSQL, by DATABASE_URL', () => {
    let postgres: Postgres;
    let own: OwnTutorial;
    before(async () => {
      postgres = await startPostgres();
      own = await startTutorial({ DATABASE_URL: postgres.url }, ['--workers', '2']);
    });
    after(async () => {
      await own?.stop();
      await postgres?.stop();
    });

    test('two workers make the tables at the same time, with nobody in them', async () => {
      const all = await Promise.all(Array.from({ length: 8 }, () => list(own)));
      for (const users of all) assert.deepEqual(users, []);
    });

    test('creates, lists, and answers 409 as in SQLite', async () => {
      const email = newEmail();
      const made = (await expect(post({ name: 'Grace', email }, own), 201)).json();
      assert.deepEqual(await list(own), [{ ...made, posts: [] }]);
      const conflict = { error: 'Email is already in use' };
      await expect(post({ name: 'X', email: email.toUpperCase() }, own), 409, conflict);
    });

    test('a server that went away is a 500, and only here', async () => {
      const other = await startPostgres();
      const app = await startTutorial({ DATABASE_URL: other.url });
      await list(app);
      await other.stop();
      const { text } = await expect(app.call('GET /api/prisma/users'), 500);
      assert.doesNotMatch(text, /postgres|connect|prisma/i);
      await expect(app.call('GET /api/hello'), 200);
      await app.stop();
    });
  });

  test('a DATABASE_URL of another kind is refused, with what to do in the log', async () => {
    const own = await startTutorial({ DATABASE_URL: 'mysql://root@localhost/x' });
    const { text } = await expect(own.call('GET /api/prisma/users'), 500);
    assert.doesNotMatch(text, /mysql|DATABASE_URL/);
    await own.server.logged(/DATABASE_URL must begin with postgres: or postgresql:/);
    await own.stop();
  });
}
