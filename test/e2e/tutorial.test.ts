// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { temporaryFolder } from '../support/app.ts';
import { tutorial } from '../support/paths.ts';
import { type Server, startCapra } from '../support/server.ts';
import type { Answer } from '../support/wire.ts';

const file = join(temporaryFolder(), 'new/tutorial.sqlite');
let server: Server;

before(async () => {
  server = await startCapra({ app: tutorial, env: { DATABASE_FILE: file } });
});
after(() => server.stop());

const json = { 'Content-Type': 'application/json' };

function send(request: string, body: unknown): Promise<Answer> {
  return server.call(request, { headers: json, body: JSON.stringify(body) });
}

/** Status and JSON body at once. */
async function expect(answer: Promise<Answer>, status: number, body?: unknown): Promise<Answer> {
  const found = await answer;
  assert.equal(found.status, status, found.text);
  if (body !== undefined) assert.deepEqual(found.json(), body);
  return found;
}

const ada = { id: 1, name: 'Ada Lovelace', email: 'ada@example.com' };
const alan = { id: 2, name: 'Alan Turing', email: 'alan@example.com' };

describe('/api/hello', () => {
  test('answers the whole message as JSON (P181)', async () => {
    const answer = await expect(server.call('GET /api/hello'), 200);
    assert.equal(answer.text, '{"message":"Hello from Next.js API!"}');
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(answer.headers['content-length'], '37');
    assert.match(answer.headers.etag, /^"[0-9a-z]+"$/);
    assert.match(answer.headers.date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  });

  test('answers 304 to its own ETag (P233)', async () => {
    const { headers } = await server.call('GET /api/hello');
    const again = { headers: { 'If-None-Match': headers.etag } };
    const answer = await expect(server.call('GET /api/hello', again), 304);
    assert.equal(answer.text, '');
  });
});

describe('/api/users', () => {
  test('creates the database with its first users at the first request', async () => {
    await expect(server.call('GET /api/users'), 200, [ada, alan]);
  });

  test('does not answer HEAD with a body', async () => {
    const answer = await expect(server.call('HEAD /api/users'), 200);
    assert.equal(answer.headers['content-length'], String(JSON.stringify([ada, alan]).length));
  });

  test('creates, changes and deletes a user', async () => {
    const made = await expect(
      send('POST /api/users', { name: 'Grace Hopper', email: 'grace@example.com' }),
      201,
    );
    const { id } = made.json();
    assert.deepEqual(made.json(), { id, name: 'Grace Hopper', email: 'grace@example.com' });
    assert.equal(made.headers.location, `/api/users/${id}`);

    const changed = { id, name: 'Grace B. Hopper', email: 'grace@example.com' };
    await expect(send('PUT /api/users', changed), 200, changed);
    await expect(server.call(`GET /api/users/${id}`), 200, changed);

    const gone = await expect(server.call(`DELETE /api/users?id=${id}`), 204);
    assert.equal(gone.text, '');
    assert.equal(gone.headers['content-length'], undefined);
    await expect(server.call(`GET /api/users/${id}`), 404, { error: 'User not found' });
    await expect(server.call(`DELETE /api/users?id=${id}`), 404, { error: 'User not found' });
  });

  test('takes a form as well as JSON', async () => {
    const made = await server.call('POST /api/users', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'name=Edsger+W.+Dijkstra&email=edsger%40example.com',
    });
    const { id, name, email } = made.json();
    assert.deepEqual([made.status, name, email], [201, 'Edsger W. Dijkstra', 'edsger@example.com']);
    await expect(server.call(`DELETE /api/users/${id}`), 204);
  });

  const incomplete = [{}, { name: 'X' }, { email: 'x@example.com' }, { name: ' ', email: 'x@y.z' }];
  const strange = [null, [], 7, 'text', { name: {}, email: [] }, { name: 1, email: true }];
  for (const body of [...incomplete, ...strange]) {
    test(`refuses ${JSON.stringify(body)} as a user`, async () => {
      await expect(send('POST /api/users', body), 400, { error: 'Name and email are required' });
    });
  }

  for (const email of ['x', 'x@', '@y.z', 'x@y', 'a b@c.d', 'x@y..z', 'x@y.z\r\nBcc: a@b.c']) {
    test(`refuses ${JSON.stringify(email)} as an e-mail address`, async () => {
      const answer = send('POST /api/users', { name: 'X', email });
      await expect(answer, 400, { error: 'Invalid email format' });
    });
  }

  test('refuses an e-mail address that is in use, in any case', async () => {
    const taken = { name: 'Other', email: 'ADA@example.com' };
    const conflict = { error: 'Email is already in use' };
    await expect(send('POST /api/users', taken), 409, conflict);
    await expect(send('PUT /api/users', { id: 2, ...taken }), 409, conflict);
    await expect(send('PUT /api/users/2', taken), 409, conflict);
    await expect(server.call('GET /api/users/2'), 200, alan);
  });

  test('stores hostile text as text', async () => {
    const name = `Robert'); DROP TABLE users; --`;
    const made = await expect(send('POST /api/users', { name, email: 'bobby@example.com' }), 201);
    const { id } = made.json();
    const found = await expect(server.call(`GET /api/users/${id}`), 200);
    assert.equal(found.json().name, name);
    await expect(server.call(`DELETE /api/users/${id}`), 204);
    await expect(server.call('GET /api/users'), 200, [ada, alan]);
  });

  test('takes nothing from a __proto__ in the body', async () => {
    const body = '{"__proto__":{"name":"X","email":"x@example.com"}}';
    await expect(server.call('POST /api/users', { headers: json, body }), 400);
  });

  test('refuses other methods with 405 and Allow', async () => {
    const answer = await expect(send('PATCH /api/users', {}), 405, {
      error: 'Method PATCH Not Allowed',
    });
    assert.equal(answer.headers.allow, 'GET, POST, PUT, DELETE');
  });

  test('answers malformed JSON with 400 before the handler runs (P129)', async () => {
    const answer = await server.call('POST /api/users', { headers: json, body: '{"a":' });
    assert.deepEqual([answer.status, answer.text], [400, 'Invalid JSON']);
  });

  for (const id of [undefined, null, 0, -1, 1.5, '1e3', '', '1 OR 1=1', [1], {}, 2 ** 53]) {
    test(`refuses ${JSON.stringify(id)} as the id of a change`, async () => {
      const answer = send('PUT /api/users', { id, name: 'X', email: 'x@example.com' });
      await expect(answer, 400, { error: 'Invalid user id' });
    });
  }

  test('answers 404 to a change of nobody', async () => {
    const answer = send('PUT /api/users', { id: 999, name: 'X', email: 'x@example.com' });
    await expect(answer, 404, { error: 'User not found' });
  });
});

describe('/api/users/[id]', () => {
  test('finds one user', async () => {
    await expect(server.call('GET /api/users/1'), 200, ada);
  });

  test('changes one user', async () => {
    const changed = { name: 'Augusta Ada King', email: 'ada@example.com' };
    await expect(send('PUT /api/users/1', changed), 200, { id: 1, ...changed });
    await expect(send('PUT /api/users/1', ada), 200, ada);
    await expect(send('PUT /api/users/1', { name: 'X' }), 400);
    await expect(send('PUT /api/users/999', changed), 404, { error: 'User not found' });
  });

  const bad = ['0', '-1', '01', '1.5', 'abc', '1%20', '%27%20OR%201=1--', '%00', '9'.repeat(40)];
  for (const id of bad) {
    test(`refuses ${id} as an id`, async () => {
      await expect(server.call(`GET /api/users/${id}`), 400, { error: 'Invalid user id' });
    });
  }

  test('takes the id from the path, whatever the query says (P062)', async () => {
    await expect(server.call('GET /api/users/1?id=2'), 200, ada);
  });

  test('refuses other methods with 405 and Allow', async () => {
    const answer = await expect(send('POST /api/users/1', ada), 405);
    assert.equal(answer.headers.allow, 'GET, PUT, DELETE');
  });
});

describe('/api/posts/[userId]/[postId]', () => {
  test('finds a post by both ids', async () => {
    const { userId, id, title } = (await expect(server.call('GET /api/posts/1/2'), 200)).json();
    assert.deepEqual([userId, id, title], [1, 2, 'On Bernoulli numbers']);
  });

  test('answers 404 to a post that this user has not written', async () => {
    await expect(server.call('GET /api/posts/2/2'), 404, { error: 'Post not found' });
  });

  for (const path of ['x/1', '1/x', '0/1', '1/%2E%2E%2F1']) {
    test(`refuses ${path}`, async () => {
      const answer = server.call(`GET /api/posts/${path}`);
      await expect(answer, 400, { error: 'Invalid user or post id' });
    });
  }

  test('is no route with one id only', async () => {
    await expect(server.call('GET /api/posts/1'), 404);
  });
});

describe('/api/docs/[...slug]', () => {
  test('gives the segments in order (P084)', async () => {
    const body = { path: 'guides/routing', segments: ['guides', 'routing'] };
    await expect(server.call('GET /api/docs/guides/routing'), 200, body);
    await expect(server.call('GET /api/docs/one'), 200, { path: 'one', segments: ['one'] });
    await expect(server.call('GET /api/docs'), 404);
  });

  test('decodes each segment once, after it was cut (P090)', async () => {
    const body = { path: 'a/b/c d/%41', segments: ['a/b', 'c d', '%41'] };
    await expect(server.call('GET /api/docs/a%2Fb/c%20d/%2541'), 200, body);
  });

  test('never climbs out of its folder (P048)', async () => {
    await expect(server.call('GET /api/docs/../hello'), 200, {
      message: 'Hello from Next.js API!',
    });
    await expect(server.call('GET /api/docs/%2e%2e/%2E%2E/etc/passwd'), 404);
  });
});

describe('/api/contact', () => {
  const form = { name: 'Ada', email: 'ada@example.com', message: 'Hello' };

  test('keeps a message and says under which id', async () => {
    const answer = await expect(send('POST /api/contact', form), 200);
    const { message, id } = answer.json();
    assert.equal(message, 'Message sent successfully');
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('names every field that is missing', async () => {
    const error = 'Missing required fields';
    const all = ['name', 'email', 'message'];
    await expect(send('POST /api/contact', {}), 400, { error, missing: all });
    await expect(send('POST /api/contact', null), 400, { error, missing: all });
    await expect(server.call('POST /api/contact'), 400, { error, missing: all });
    const partly = { ...form, email: ' ', message: 7 };
    await expect(send('POST /api/contact', partly), 400, { error, missing: ['email', 'message'] });
  });

  test('refuses what is no e-mail address, in time that grows with its length only', async () => {
    const hostile = ['no', `${'a'.repeat(100_000)}@`, `a@${'b.'.repeat(50_000)}`];
    for (const email of hostile) {
      const answer = send('POST /api/contact', { ...form, email });
      await expect(answer, 400, { error: 'Invalid email format' });
    }
  });

  test('takes POST only', async () => {
    const answer = await expect(server.call('GET /api/contact'), 405);
    assert.equal(answer.headers.allow, 'POST');
  });
});

describe('/api/data', () => {
  test('may be read by any origin and kept by any cache', async () => {
    const { status, headers } = await server.call('GET /api/data');
    assert.equal(status, 200);
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(
      headers['cache-control'],
      'public, max-age=60, s-maxage=300, stale-while-revalidate=600',
    );
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  });

  test('answers the preflight', async () => {
    const { status, headers, text } = await server.call('OPTIONS /api/data', {
      headers: { Origin: 'https://a.example', 'Access-Control-Request-Method': 'GET' },
    });
    assert.deepEqual([status, text], [204, '']);
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(headers['access-control-allow-methods'], 'GET, OPTIONS');
    assert.equal(headers['access-control-allow-headers'], 'Content-Type, Authorization');
    assert.equal(headers['access-control-max-age'], '86400');
  });

  test('lets another origin read the 405, too', async () => {
    const answer = await expect(send('POST /api/data', {}), 405);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    assert.equal(answer.headers.allow, 'GET, OPTIONS');
  });
});

describe('/api/primes, written in C', () => {
  test('counts the primes up to n', async () => {
    await expect(server.call('GET /api/primes'), 200, { n: 100, count: 25, largest: 97 });
    await expect(server.call('GET /api/primes?n=2'), 200, { n: 2, count: 1, largest: 2 });
    const million = { n: 1_000_000, count: 78_498, largest: 999_983 };
    await expect(server.call('GET /api/primes?n=1000000'), 200, million);
  });

  const error = 'n must be a whole number from 2 to 1000000';
  const bad = [
    '',
    '1',
    '0',
    '-5',
    '1000001',
    '99999999999999999999',
    'ten',
    '1e3',
    '10%00',
    '0x10',
  ];
  for (const n of bad) {
    test(`refuses n=${n}`, async () => {
      await expect(server.call(`GET /api/primes?n=${n}`), 400, { error });
    });
  }

  test('takes GET and HEAD only', async () => {
    const answer = await expect(server.call('POST /api/primes', { body: '' }), 405);
    assert.equal(answer.headers.allow, 'GET');
    const head = await expect(server.call('HEAD /api/primes'), 200);
    assert.equal(head.text, '');
  });
});

test('nothing but the routes is served', async () => {
  const files = [
    '/lib/database.ts',
    '/package.json',
    '/data/tutorial.sqlite',
    '/api/../lib/users.ts',
  ];
  for (const path of files) await expect(server.call(`GET ${path}`), 404);
});

test('the database lies where DATABASE_FILE says', () => {
  assert.ok(existsSync(file));
});
