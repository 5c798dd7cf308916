// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { root } from '../support/paths.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { format, Wire } from '../support/wire.ts';
import {
  change,
  type Example,
  expect,
  HOSTS,
  refuses,
  startExample,
  stopsWell,
} from './support.ts';

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
  psql('-q', '-f', join(root, 'examples/c-postgres/schema.sql'));
});
after(() => postgres.stop());

function psql(...args: string[]): string {
  const options = ['-X', '-v', 'ON_ERROR_STOP=1', ...args];
  return execFileSync('psql', [postgres.url, ...options], { encoding: 'utf8', stdio: 'pipe' });
}

const rows = (query: string) => psql('-At', '-c', query).trim();

for (const host of HOSTS) {
  describe(`examples/c-postgres in ${host}`, () => {
    let app: Example;
    let workers: number[];
    before(async () => {
      rows('TRUNCATE books RESTART IDENTITY');
      app = await startExample('c-postgres', host, { env: { DATABASE_URL: postgres.url } });
      workers = app.workers();
    });
    after(() => stopsWell(app, workers));

    const add = (title: string, author = 'Ada', year = 1843) =>
      app.send('POST /api/books', { title, author, year });

    test('keeps a book, finds it, and gives it away once', async () => {
      const made = await expect(add('Notes', 'Ada Lovelace'), 201);
      const book = made.json();
      assert.deepEqual(book, { id: book.id, title: 'Notes', author: 'Ada Lovelace', year: 1843 });
      const at = made.headers.location as string;
      assert.equal(at, `/api/books/${book.id}`);
      await expect(app.call(`GET ${at}`), 200, book);
      await expect(app.call(`GET ${at}%00`), 404);
      await expect(app.call('GET /api/books?author=Ada+Lovelace'), 200, [book]);
      await expect(app.call('GET /api/books?author=nobody'), 200, []);
      await expect(app.call(`DELETE ${at}`), 200, book);
      await expect(app.call(`DELETE ${at}`), 404, { error: 'There is no such book' });
      await expect(app.call(`GET ${at}`), 404);
    });

    test('has each book once', async () => {
      const answers = await Promise.all([add('Twice'), add('Twice')]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
      const taken = answers.find(({ status }) => status === 409);
      assert.deepEqual(taken?.json(), { error: 'It is there already' });
    });

    test('answers many at once, each with its own', async () => {
      const titles = Array.from({ length: 40 }, (_, at) => `Volume ${at}`);
      const made = await Promise.all(titles.map((title) => expect(add(title), 201)));
      assert.deepEqual(
        made.map((answer) => answer.json().title),
        titles,
      );
      const found = await Promise.all(
        made.map(({ headers }) => app.call(`GET ${headers.location}`)),
      );
      assert.deepEqual(
        found.map((answer) => answer.json().title),
        titles,
      );
    });

    test('keeps every text as it is', async () => {
      for (const title of ["'); DROP TABLE books; --", '$1 %s', 'é 😀 "\\', 'x'.repeat(200)])
        assert.equal((await expect(add(title), 201)).json().title, title);
      const query = encodeURIComponent("' OR 1=1 --");
      await expect(app.call(`GET /api/books?author=${query}`), 200, []);
    });

    const good = { title: 'x', author: 'y', year: 1 };
    const BODIES: unknown[] = [
      ...['', '{', '[]', 'null', {}],
      ...['', 7, null, ['x'], 'x'.repeat(201), 'a\0b'].map((title) => ({ ...good, title })),
      ...[0, -1, 10_000, 1.5, '1', null, 2 ** 40].map((year) => ({ ...good, year })),
    ];
    for (const body of BODIES)
      test(`refuses ${JSON.stringify(body).slice(0, 50)}`, async () => {
        await expect(app.send('POST /api/books', body), 400);
      });

    for (const id of ['x', '-1', '1;', '99999999999999999999', '1%00', '%20'])
      test(`knows no book ${id}`, async () => {
        await expect(app.call(`GET /api/books/${id}`), 404);
      });

    test('refuses other methods, and a name with a zero byte', async () => {
      assert.equal((await expect(app.call('PUT /api/books'), 405)).headers.allow, 'GET, POST');
      assert.equal((await expect(app.call('PUT /api/books/1'), 405)).headers.allow, 'GET, DELETE');
      await expect(app.call('GET /api/books?author=a%00b'), 400);
    });

    /** A transaction that keeps everybody else from the table until it is let go. */
    async function lockTable() {
      const wait = 'BEGIN; LOCK TABLE books; SELECT pg_advisory_lock(7); COMMIT';
      const keeper = spawn('psql', [postgres.url, '-X', '-At'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      keeper.stdin.write('SELECT pg_advisory_lock(7);\n');
      await until(
        () => rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") === '1',
        'the lock',
      );
      const locker = spawn('psql', [postgres.url, '-X', '-At', '-c', wait], { stdio: 'ignore' });
      await until(
        () =>
          rows(
            "SELECT count(*) FROM pg_locks WHERE relation = 'books'::regclass AND mode = 'AccessExclusiveLock'",
          ) === '1',
        'the table',
      );
      return async () => {
        keeper.stdin.end();
        await new Promise((done) => locker.once('exit', done));
      };
    }

    test('waits for the database without keeping others waiting, and forgets who has left', async () => {
      const release = await lockTable();
      const left = await Wire.open(app.port);
      await left.send(
        format('POST /api/books', {
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ ...good, title: 'in the middle' }),
        }),
      );
      const working =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO books%'";
      await until(() => rows(working) === '1', 'statement that waits');
      const queued = await Wire.open(app.port);
      await queued.send(format('GET /api/books'));
      const later = add('after all');
      left.close();
      queued.close();
      await expect(app.call('GET /api/books/x'), 404);
      await release();
      await expect(later, 201);
    });

    if (host === 'sanitizers')
      test('goes on when the route is built again', () =>
        change(app, 'pages/api/books/index.c', 'GET /api/books'));

    test('says so while the database is away, and goes on when it is back', async () => {
      await expect(app.call('GET /api/books'), 200);
      rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
      );
      await until(
        async () => (await app.call('GET /api/books')).status === 200,
        'a new connection',
      );
    });
  });
}

test('examples/c-postgres answers 503 without a database, and needs to be told which', async () => {
  const nowhere = 'postgresql://nobody@127.0.0.1:1/none';
  const app = await startExample('c-postgres', 'capra', { env: { DATABASE_URL: nowhere } });
  const { headers, text } = await expect(app.call('GET /api/books'), 503);
  assert.equal(headers['retry-after'], '1');
  assert.doesNotMatch(text, /127\.0\.0\.1|nobody/);
  await app.logged(/pg: .*127\.0\.0\.1/);
  await app.stop();
  await refuses('c-postgres', { DATABASE_URL: '' }, /DATABASE_URL is not set/);
});
