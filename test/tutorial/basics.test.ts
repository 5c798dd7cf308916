// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { expect, expectMethods, newEmail, openTutorial, type Tutorial } from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const json = { 'Content-Type': 'application/json' };
const ada = { id: 1, name: 'Ada Lovelace', email: 'ada@example.com' };
const alan = { id: 2, name: 'Alan Turing', email: 'alan@example.com' };

describe('/api/hello', () => {
  test('answers the whole message as JSON (P181)', async () => {
    const answer = await expect(tutorial.call('GET /api/hello'), 200);
    assert.equal(answer.text, '{"message":"Hello from Next.js API!"}');
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(answer.headers['content-length'], '37');
    assert.match(answer.headers.etag, /^"[0-9a-z]+"$/);
    assert.match(answer.headers.date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  });

  test('answers 304 to its own ETag (P233)', async () => {
    const { headers } = await tutorial.call('GET /api/hello');
    const again = { headers: { 'If-None-Match': headers.etag } };
    const answer = await expect(tutorial.call('GET /api/hello', again), 304);
    assert.equal(answer.text, '');
  });
});

describe('/api/users', () => {
  test('lists the users, the first ones of a new database first', async () => {
    const { text } = await expect(tutorial.call('GET /api/users'), 200);
    assert.deepEqual(JSON.parse(text).slice(0, 2), [ada, alan]);
  });

  test('does not answer HEAD with a body', async () => {
    const answer = await expect(tutorial.call('HEAD /api/users'), 200);
    const { text } = await tutorial.call('GET /api/users');
    assert.equal(answer.headers['content-length'], String(text.length));
  });

  test('creates, changes and deletes a user', async () => {
    const email = newEmail();
    const made = await expect(
      tutorial.send('POST /api/users', { name: 'Grace Hopper', email }),
      201,
    );
    const { id } = made.json();
    assert.deepEqual(made.json(), { id, name: 'Grace Hopper', email });
    assert.equal(made.headers.location, `/api/users/${id}`);

    const changed = { id, name: 'Grace B. Hopper', email };
    await expect(tutorial.send('PUT /api/users', changed), 200, changed);
    await expect(tutorial.call(`GET /api/users/${id}`), 200, changed);

    const gone = await expect(tutorial.call(`DELETE /api/users?id=${id}`), 204);
    assert.equal(gone.text, '');
    assert.equal(gone.headers['content-length'], undefined);
    await expect(tutorial.call(`GET /api/users/${id}`), 404, { error: 'User not found' });
    await expect(tutorial.call(`DELETE /api/users?id=${id}`), 404, { error: 'User not found' });
  });

  test('takes a form as well as JSON', async () => {
    const made = await tutorial.call('POST /api/users', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'name=Edsger+W.+Dijkstra&email=edsger%40example.com',
    });
    const { id, name, email } = made.json();
    assert.deepEqual([made.status, name, email], [201, 'Edsger W. Dijkstra', 'edsger@example.com']);
    await expect(tutorial.call(`DELETE /api/users/${id}`), 204);
  });

  const incomplete = [{}, { name: 'X' }, { email: 'x@example.com' }, { name: ' ', email: 'x@y.z' }];
  const strange = [null, [], 7, 'text', { name: {}, email: [] }, { name: 1, email: true }];
  for (const body of [...incomplete, ...strange]) {
    test(`refuses ${JSON.stringify(body)} as a user`, async () => {
      await expect(tutorial.send('POST /api/users', body), 400, {
        error: 'Name and email are required',
      });
    });
  }

  for (const email of ['x', 'x@', '@y.z', 'x@y', 'a b@c.d', 'x@y..z', 'x@y.z\r\nBcc: a@b.c']) {
    test(`refuses ${JSON.stringify(email)} as an e-mail address`, async () => {
      const answer = tutorial.send('POST /api/users', { name: 'X', email });
      await expect(answer, 400, { error: 'Invalid email format' });
    });
  }

  test('refuses an e-mail address that is in use, in any case', async () => {
    const taken = { name: 'Other', email: 'ADA@example.com' };
    const conflict = { error: 'Email is already in use' };
    await expect(tutorial.send('POST /api/users', taken), 409, conflict);
    await expect(tutorial.send('PUT /api/users', { id: 2, ...taken }), 409, conflict);
    await expect(tutorial.send('PUT /api/users/2', taken), 409, conflict);
    await expect(tutorial.call('GET /api/users/2'), 200, alan);
  });

  test('stores hostile text as text', async () => {
    const name = `Robert'); DROP TABLE users; --`;
    const made = await expect(
      tutorial.send('POST /api/users', { name, email: 'bobby@example.com' }),
      201,
    );
    const { id } = made.json();
    const found = await expect(tutorial.call(`GET /api/users/${id}`), 200);
    assert.equal(found.json().name, name);
    await expect(tutorial.call(`DELETE /api/users/${id}`), 204);
    await expect(tutorial.call('GET /api/users/1'), 200, ada);
  });

  test('takes nothing from a __proto__ in the body', async () => {
    const body = '{"__proto__":{"name":"X","email":"x@example.com"}}';
    await expect(tutorial.call('POST /api/users', { headers: json, body }), 400);
  });

  test('refuses other methods with 405 and Allow', async () => {
    const answer = await expect(tutorial.send('PATCH /api/users', {}), 405, {
      error: 'Method PATCH Not Allowed',
    });
    assert.equal(answer.headers.allow, 'GET, POST, PUT, DELETE');
  });

  test('answers malformed JSON with 400 before the handler runs (P129)', async () => {
    const answer = await tutorial.call('POST /api/users', { headers: json, body: '{"a":' });
    assert.deepEqual([answer.status, answer.text], [400, 'Invalid JSON']);
  });

  for (const id of [undefined, null, 0, -1, 1.5, '1e3', '', '1 OR 1=1', [1], {}, 2 ** 53]) {
    test(`refuses ${JSON.stringify(id)} as the id of a change`, async () => {
      const answer = tutorial.send('PUT /api/users', { id, name: 'X', email: 'x@example.com' });
      await expect(answer, 400, { error: 'Invalid user id' });
    });
  }

  test('answers 404 to a change of nobody', async () => {
    const answer = tutorial.send('PUT /api/users', { id: 999, name: 'X', email: 'x@example.com' });
    await expect(answer, 404, { error: 'User not found' });
  });
});

describe('/api/users/[id]', () => {
  test('finds one user', async () => {
    await expect(tutorial.call('GET /api/users/1'), 200, ada);
  });

  test('changes one user', async () => {
    const changed = { name: 'Augusta Ada King', email: 'ada@example.com' };
    await expect(tutorial.send('PUT /api/users/1', changed), 200, { id: 1, ...changed });
    await expect(tutorial.send('PUT /api/users/1', ada), 200, ada);
    await expect(tutorial.send('PUT /api/users/1', { name: 'X' }), 400);
    await expect(tutorial.send('PUT /api/users/999', changed), 404, { error: 'User not found' });
  });

  const bad = ['0', '-1', '01', '1.5', 'abc', '1%20', '%27%20OR%201=1--', '%00', '9'.repeat(40)];
  for (const id of bad) {
    test(`refuses ${id} as an id`, async () => {
      await expect(tutorial.call(`GET /api/users/${id}`), 400, { error: 'Invalid user id' });
    });
  }

  test('takes the id from the path, whatever the query says (P062)', async () => {
    await expect(tutorial.call('GET /api/users/1?id=2'), 200, ada);
  });

  test('refuses other methods with 405 and Allow', async () => {
    await expectMethods(tutorial.send('POST /api/users/1', ada), 'GET, PUT, DELETE');
  });
});

describe('/api/posts/[userId]/[postId]', () => {
  test('finds a post by both ids', async () => {
    const { userId, id, title } = (await expect(tutorial.call('GET /api/posts/1/2'), 200)).json();
    assert.deepEqual([userId, id, title], [1, 2, 'On Bernoulli numbers']);
  });

  test('answers 404 to a post that this user has not written', async () => {
    await expect(tutorial.call('GET /api/posts/2/2'), 404, { error: 'Post not found' });
  });

  for (const path of ['x/1', '1/x', '0/1', '1/%2E%2E%2F1']) {
    test(`refuses ${path}`, async () => {
      const answer = tutorial.call(`GET /api/posts/${path}`);
      await expect(answer, 400, { error: 'Invalid user or post id' });
    });
  }

  test('takes GET only', async () => {
    await expectMethods(tutorial.send('DELETE /api/posts/1/1', {}), 'GET');
  });

  test('is no route with one id only', async () => {
    await expect(tutorial.call('GET /api/posts/1'), 404);
  });
});

describe('/api/docs/[...slug]', () => {
  test('gives the segments in order (P084)', async () => {
    const body = { path: 'guides/routing', segments: ['guides', 'routing'] };
    await expect(tutorial.call('GET /api/docs/guides/routing'), 200, body);
    await expect(tutorial.call('GET /api/docs/one'), 200, { path: 'one', segments: ['one'] });
    await expect(tutorial.call('GET /api/docs'), 404);
  });

  test('decodes each segment once, after it was cut (P090)', async () => {
    const body = { path: 'a/b/c d/%41', segments: ['a/b', 'c d', '%41'] };
    await expect(tutorial.call('GET /api/docs/a%2Fb/c%20d/%2541'), 200, body);
  });

  test('takes GET only', async () => {
    await expectMethods(tutorial.send('POST /api/docs/guides', {}), 'GET');
  });

  test('never climbs out of its folder (P048)', async () => {
    await expect(tutorial.call('GET /api/docs/../hello'), 200, {
      message: 'Hello from Next.js API!',
    });
    await expect(tutorial.call('GET /api/docs/%2e%2e/%2E%2E/etc/passwd'), 404);
  });
});

test('nothing but the routes is served', async () => {
  const files = [
    '/lib/database.ts',
    '/package.json',
    '/.env.local',
    '/data/tutorial.sqlite',
    '/api/../lib/users.ts',
  ];
  for (const path of files) await expect(tutorial.call(`GET ${path}`), 404);
});
