// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  elsewhere,
  expect,
  expectMethods,
  type OwnTutorial,
  openTutorial,
  type Tutorial,
} from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const statuses: Record<string, number> = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unprocessable: 422,
  'too-many-requests': 429,
  'bad-gateway': 502,
  unavailable: 503,
  'gateway-timeout': 504,
  unexpected: 500,
};

describe('/api/errors', () => {
  test('lists what there is', async () => {
    const answer = tutorial.call('GET /api/errors');
    await expect(answer, 200, { kinds: Object.keys(statuses) });
  });

  for (const [kind, status] of Object.entries(statuses)) {
    test(`answers ${kind} with ${status}, in the one form`, async () => {
      const answer = await expect(tutorial.call(`GET /api/errors?kind=${kind}`), status);
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
      const { error, details, ...others } = answer.json();
      assert.equal(typeof error, 'string');
      assert.deepEqual(others, {});
      assert.equal(details !== undefined, kind === 'unprocessable');
    });
  }

  test('brings the header lines that belong to a status', async () => {
    const line = async (kind: string, name: string) =>
      (await tutorial.call(`GET /api/errors?kind=${kind}`)).headers[name];
    assert.equal(await line('unauthorized', 'www-authenticate'), 'Bearer');
    assert.equal(await line('too-many-requests', 'retry-after'), '60');
    assert.equal(await line('unavailable', 'retry-after'), '5');
  });

  test('keeps what is unexpected from the client, and tells the log', async () => {
    const answer = tutorial.call('GET /api/errors?kind=unexpected');
    await expect(answer, 500, { error: 'Internal server error' });
    if (elsewhere === undefined)
      await (tutorial as OwnTutorial).server.logged(/TypeError: password of the database/);
  });

  for (const kind of ['', 'other', 'constructor', '__proto__', 'toString', 'conflict&kind=x']) {
    test(`does not know ${kind || 'the empty kind'}`, async () => {
      const { error } = (await expect(tutorial.call(`GET /api/errors?kind=${kind}`), 400)).json();
      assert.equal(error, 'Unknown kind of error');
    });
  }

  test('takes GET only', () => expectMethods(tutorial.send('POST /api/errors', {}), 'GET'));
});
