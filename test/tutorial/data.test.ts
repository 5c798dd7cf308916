// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { expect, openTutorial, type Tutorial } from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

describe('/api/data', () => {
  test('may be read by any origin and kept by any cache', async () => {
    const { status, headers } = await tutorial.call('GET /api/data');
    assert.equal(status, 200);
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(
      headers['cache-control'],
      'public, max-age=60, s-maxage=300, stale-while-revalidate=600',
    );
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  });

  test('answers the preflight', async () => {
    const { status, headers, text } = await tutorial.call('OPTIONS /api/data', {
      headers: { Origin: 'https://a.example', 'Access-Control-Request-Method': 'GET' },
    });
    assert.deepEqual([status, text], [204, '']);
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(headers['access-control-allow-methods'], 'GET, OPTIONS');
    assert.equal(headers['access-control-allow-headers'], 'Content-Type, Authorization');
    assert.equal(headers['access-control-max-age'], '86400');
  });

  test('lets another origin read the 405, too', async () => {
    const answer = await expect(tutorial.send('POST /api/data', {}), 405);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    assert.equal(answer.headers.allow, 'GET, OPTIONS');
  });
});
