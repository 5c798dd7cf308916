// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { type OwnTutorial, startTutorial } from '../tutorial/support.ts';
import {
  change,
  type Example,
  expect,
  HOSTS,
  refuses,
  startExample,
  stopsWell,
} from './support.ts';

// The tutorial's stand-in speaks MongoDB's wire protocol; to libmongoc it is a server like others.
let tutorial: OwnTutorial;
let uri: string;
before(async () => {
  tutorial = await startTutorial();
  await tutorial.call('GET /api/mongo/posts');
  [uri] = await tutorial.server.logged(/mongodb:\/\/127\.0\.0\.1:\d+/);
});
after(() => tutorial.stop());

for (const host of HOSTS) {
  describe(`examples/c-mongo in ${host}`, () => {
    let app: Example;
    let workers: number[];
    before(async () => {
      app = await startExample('c-mongo', host, { env: { MONGODB_URI: uri } });
      workers = app.workers();
    });
    after(() => stopsWell(app, workers));

    const add = (title: unknown, content: unknown = 'Text') =>
      app.send('POST /api/posts', { title, content });
    const titles = async (): Promise<string[]> => {
      const posts = (await expect(app.call('GET /api/posts'), 200)).json();
      return posts.map(({ title }: { title: string }) => title);
    };

    test('keeps a post and lists it, the newest first', async () => {
      const [first, second] = [randomUUID(), randomUUID()];
      const made = (await expect(add(first), 201)).json();
      assert.match(made.id, /^[0-9a-f]{24}$/);
      assert.ok(Math.abs(made.createdAt - Date.now()) < 3_600_000);
      await expect(add(second), 201);
      assert.deepEqual((await titles()).slice(0, 2), [second, first]);
      const all = (await app.call('GET /api/posts')).json();
      assert.deepEqual(all[1], made);
    });

    test('answers many at once', async () => {
      const all = Array.from({ length: 20 }, () => randomUUID());
      await Promise.all(all.map((title) => expect(add(title), 201)));
      assert.deepEqual((await titles()).slice(0, 20).sort(), all.sort());
    });

    test('keeps every text as it is', async () => {
      for (const title of ['$where', '{"$gt":""}', 'é 😀 "\\', 'x'.repeat(200)]) {
        assert.equal((await expect(add(title), 201)).json().title, title);
        assert.equal((await titles())[0], title);
      }
    });

    for (const title of ['', 7, null, { $gt: '' }, ['x'], 'x'.repeat(201), 'a\0b'])
      test(`refuses the title ${JSON.stringify(title).slice(0, 30)}`, async () => {
        await expect(add(title), 400);
      });
    for (const body of ['', '{', '[]', 'null', '{}', '"\xff"'])
      test(`refuses the body ${body}`, async () => {
        await expect(app.send('POST /api/posts', body), 400);
      });

    if (host === 'sanitizers')
      test('goes on when the route is built again', () =>
        change(app, 'pages/api/posts.c', 'GET /api/posts'));

    test('takes GET and POST alone', async () => {
      const { headers } = await expect(app.call('DELETE /api/posts'), 405);
      assert.equal(headers.allow, 'GET, POST');
    });
  });
}

test('examples/c-mongo lists posts of several processes in the order they were made', async () => {
  const env = { MONGODB_URI: uri };
  const apps = [
    await startExample('c-mongo', 'capra', { env }),
    await startExample('c-mongo', 'capra', { env }),
  ];
  const made: string[] = [];
  for (let at = 0; at < 8; at++) {
    const title = randomUUID();
    const send = apps[at % apps.length].send('POST /api/posts', { title, content: 'Text' });
    const { createdAt } = (await expect(send, 201)).json();
    made.unshift(title);
    await until(() => Date.now() > createdAt, 'the next millisecond');
  }
  const posts = (await expect(apps[0].call('GET /api/posts'), 200)).json();
  assert.deepEqual(
    posts.slice(0, made.length).map(({ title }: { title: string }) => title),
    made,
  );
  for (const app of apps) await app.stop();
});

test('examples/c-mongo answers 503 without a server, and wants a right address', async () => {
  const MONGODB_URI = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200';
  const app = await startExample('c-mongo', 'capra', { env: { MONGODB_URI } });
  const { text } = await expect(app.call('GET /api/posts'), 503);
  assert.doesNotMatch(text, /127\.0\.0\.1/);
  await app.logged(/posts: No suitable servers found/);
  await app.stop();
  await refuses('c-mongo', { MONGODB_URI: 'http://x' }, /CAPRA_INIT failed: MONGODB_URI: /);
});
