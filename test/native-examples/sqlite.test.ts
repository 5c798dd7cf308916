// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  change,
  type Example,
  expect,
  HOSTS,
  refuses,
  startExample,
  stopsWell,
} from './support.ts';

for (const host of HOSTS) {
  describe(`examples/c-sqlite in ${host}`, () => {
    let app: Example;
    let workers: number[];
    before(async () => {
      app = await startExample('c-sqlite', host, { args: ['--workers', '2'] });
      workers = app.workers();
    });
    after(() => stopsWell(app, workers));

    const add = async (text: string) =>
      (await expect(app.send('POST /api/notes', { text }), 201)).json();

    test('keeps a note, changes it and forgets it', async () => {
      const made = await expect(app.send('POST /api/notes', { text: 'buy milk' }), 201);
      const note = made.json();
      assert.equal(made.headers.location, `/api/notes/${note.id}`);
      assert.deepEqual([note.text, note.done], ['buy milk', false]);
      assert.ok(Math.abs(Date.parse(note.created) - Date.now()) < 3_600_000);
      const at = `/api/notes/${note.id}`;
      await expect(app.call(`GET ${at}`), 200, note);
      await expect(app.send(`PATCH ${at}`, { done: true }), 200, { ...note, done: true });
      const text = 'buy oat milk';
      await expect(app.send(`PATCH ${at}`, { text }), 200, { ...note, text, done: true });
      await expect(app.call(`GET ${at}`), 200, { ...note, text, done: true });
      assert.equal((await expect(app.call(`DELETE ${at}`), 204)).text, '');
      await expect(app.call(`GET ${at}`), 404, { error: 'There is no such note' });
      await expect(app.call(`DELETE ${at}`), 404);
      await expect(app.send(`PATCH ${at}`, { done: true }), 404);
    });

    test('lists page by page, in the order of their making', async () => {
      const first = await add('1');
      for (const text of ['2', '3', '4']) await add(text);
      const page = async (after: number) =>
        (await expect(app.call(`GET /api/notes?after=${after}&limit=2`), 200)).json();
      const [a, b] = await page(first.id - 1);
      const [c, d] = await page(b.id);
      assert.deepEqual(
        [a, b, c, d].map(({ text }) => text),
        ['1', '2', '3', '4'],
      );
      assert.deepEqual(await page(d.id), []);
      assert.equal((await app.call('HEAD /api/notes')).status, 200);
    });

    test('takes writes of both workers at once', async () => {
      const texts = Array.from({ length: 30 }, (_, at) => `parallel ${at}`);
      const made = await Promise.all(texts.map(add));
      assert.equal(new Set(made.map(({ id }) => id)).size, texts.length);
      const from = Math.min(...made.map(({ id }) => id)) - 1;
      const all = (await expect(app.call(`GET /api/notes?after=${from}&limit=100`), 200)).json();
      assert.deepEqual(all.map(({ text }: { text: string }) => text).sort(), texts.sort());
    });

    test('keeps every text as it is', async () => {
      for (const text of [
        "'; DROP TABLE notes; --",
        '?1 %s %n {s:s}',
        '" \\ \n é 😀',
        'x'.repeat(2000),
      ])
        assert.equal((await add(text)).text, text);
      await expect(app.call('GET /api/notes?limit=1'), 200);
    });

    const BODIES = [
      '',
      '{',
      '[]',
      'null',
      '"text"',
      '{}',
      '{"text":""}',
      '{"text":7}',
      '{"text":null}',
    ];
    const MORE = [
      '{"text":["x"]}',
      '{"text":"a\\u0000b"}',
      `{"text":"${'x'.repeat(2001)}"}`,
      '{"text":"\xff',
    ];
    for (const body of [...BODIES, ...MORE, '{"text":"x","done":"yes"}']) {
      test(`refuses ${JSON.stringify(body.slice(0, 40))}`, async () => {
        const { error } = (await expect(app.send('POST /api/notes', body), 400)).json();
        assert.match(error, /body|text|done/);
      });
    }

    for (const query of [
      'after=-1',
      'after=x',
      'limit=0',
      'limit=101',
      'limit=',
      'after=1%00',
      'after=9999999999999999999',
    ])
      test(`refuses ?${query}`, async () => {
        await expect(app.call(`GET /api/notes?${query}`), 400);
      });

    for (const id of ['x', '-1', '1.0', '1%20', '99999999999999999999', '1;', '%C3%A4'])
      test(`knows no note ${id}`, async () => {
        await expect(app.call(`GET /api/notes/${id}`), 404);
      });

    if (host === 'sanitizers')
      test('goes on when the route is built again', () =>
        change(app, 'pages/api/notes/index.c', 'GET /api/notes'));

    test('refuses what is too long, and other methods', async () => {
      await expect(app.send('POST /api/notes', { text: 'x'.repeat(20_000) }), 413);
      assert.equal((await expect(app.call('PUT /api/notes'), 405)).headers.allow, 'GET, POST');
      const { headers } = await expect(app.call('POST /api/notes/1'), 405);
      assert.equal(headers.allow, 'GET, PATCH, DELETE');
    });
  });
}

test('examples/c-sqlite keeps its notes from one start to the next, and refuses a file that is none', async () => {
  const first = await startExample('c-sqlite', 'capra');
  await expect(first.send('POST /api/notes', { text: 'kept' }), 201);
  const NOTES_FILE = `${first.folder}/data/notes.db`;
  await first.stop();
  const second = await startExample('c-sqlite', 'capra', { env: { NOTES_FILE } });
  const [note] = (await expect(second.call('GET /api/notes'), 200)).json();
  assert.equal(note.text, 'kept');
  await second.stop();
  await refuses(
    'c-sqlite',
    { NOTES_FILE: '/dev/null/x.db' },
    /CAPRA_INIT failed: \/dev\/null\/x\.db: unable to open database file/,
  );
});
