// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { elsewhere, expect, openTutorial, startTutorial, type Tutorial } from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const friend = { Origin: 'https://example.com' };

describe('/api/data', () => {
  test('says how long caches may keep it, and for whom', async () => {
    const { status, headers, json } = await tutorial.call('GET /api/data');
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json()), ['data']);
    assert.equal(
      headers['cache-control'],
      'public, max-age=60, s-maxage=300, stale-while-revalidate=600',
    );
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.match(headers.vary, /\bOrigin\b/);
    assert.equal(headers['access-control-allow-origin'], undefined);
  });

  test('names the origin that may read it, and never all', async () => {
    const { headers } = await tutorial.call('GET /api/data', { headers: friend });
    assert.equal(headers['access-control-allow-origin'], 'https://example.com');
    assert.match(headers.vary, /\bOrigin\b/);
  });

  const strangers = [
    'https://evil.example',
    'https://example.com.evil.example',
    'https://evil-example.com',
    'http://example.com',
    'https://example.com:8443',
    'HTTPS://EXAMPLE.COM',
    'null',
    '*',
  ];
  for (const Origin of strangers) {
    test(`does not let ${Origin} read it`, async () => {
      const answer = await tutorial.call('GET /api/data', { headers: { Origin } });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      const asked = { Origin, 'Access-Control-Request-Method': 'GET' };
      const preflight = tutorial.call('OPTIONS /api/data', { headers: asked });
      const { headers } = await expect(preflight, 403, { error: 'Origin not allowed' });
      assert.equal(headers['access-control-allow-origin'], undefined);
      assert.equal(headers['access-control-allow-methods'], undefined);
    });
  }

  test('answers the preflight of a friend', async () => {
    const { status, headers, text } = await tutorial.call('OPTIONS /api/data', {
      headers: { ...friend, 'Access-Control-Request-Method': 'GET' },
    });
    assert.deepEqual([status, text], [204, '']);
    assert.equal(headers['access-control-allow-origin'], 'https://example.com');
    assert.equal(headers['access-control-allow-methods'], 'GET, HEAD');
    assert.equal(headers['access-control-allow-headers'], 'Content-Type, Authorization');
    assert.equal(headers['access-control-max-age'], '86400');
    assert.match(headers.vary, /\bOrigin\b/);
  });

  test('answers OPTIONS that is no preflight with Allow alone', async () => {
    const { status, headers } = await tutorial.call('OPTIONS /api/data');
    assert.equal(status, 204);
    assert.equal(headers.allow, 'GET, HEAD, OPTIONS');
    assert.equal(headers['access-control-allow-methods'], undefined);
  });

  test('lets a friend read the 405, too', async () => {
    const answer = await expect(tutorial.send('POST /api/data', {}, friend), 405);
    assert.equal(answer.headers['access-control-allow-origin'], 'https://example.com');
    assert.equal(answer.headers.allow, 'GET, HEAD, OPTIONS');
  });
});

// Only a server of our own has an environment of our choice.
if (elsewhere === undefined) {
  test('ALLOWED_ORIGINS says who may', async () => {
    const own = await startTutorial({ ALLOWED_ORIGINS: 'https://a.example, https://b.example' });
    for (const [origin, allowed] of [
      ['https://a.example', 'https://a.example'],
      ['https://b.example', 'https://b.example'],
      ['https://example.com', undefined],
    ]) {
      const headers = { Origin: String(origin) };
      const answer = await own.call('GET /api/data', { headers });
      assert.equal(answer.headers['access-control-allow-origin'], allowed);
    }
    await own.stop();
  });
}
