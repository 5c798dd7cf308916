// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { elsewhere, expect, openTutorial, startTutorial, type Tutorial } from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const unknown = {
  message: 'Hello from an unknown place!',
  country: null,
  region: null,
  city: null,
  language: null,
};

describe('/api/edge/geo', () => {
  test('answers by a Response', async () => {
    const { headers } = await expect(tutorial.call('GET /api/edge/geo'), 200, unknown);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['cache-control'], 'private, no-store');
  });

  test('does not believe a place that the client claims', async () => {
    const headers = { 'X-Vercel-IP-Country': 'AQ', 'CF-IPCountry': 'AQ' };
    await expect(tutorial.call('GET /api/edge/geo', { headers }), 200, unknown);
  });

  for (const [line, language] of [
    ['de-CH,de;q=0.9,en;q=0.8', 'de-CH'],
    ['*', null],
    ['"><script>alert(1)</script>', null],
    [',,,', null],
    [`en-${'a'.repeat(50)}`, null],
    ['fr ; q=1', 'fr'],
  ]) {
    test(`reads ${line} as ${language}`, async () => {
      const headers = { 'Accept-Language': String(line) };
      await expect(tutorial.call('GET /api/edge/geo', { headers }), 200, { ...unknown, language });
    });
  }

  test('takes GET only', async () => {
    const answer = await expect(tutorial.send('POST /api/edge/geo', {}), 405, {
      error: 'Method POST Not Allowed',
    });
    assert.equal(answer.headers.allow, 'GET');
  });
});

if (elsewhere === undefined) {
  test('GEO_PLATFORM says whose headers are believed', async () => {
    const own = await startTutorial({ GEO_PLATFORM: 'vercel' });
    const headers = {
      'X-Vercel-IP-Country': 'CH',
      'X-Vercel-IP-Country-Region': 'ZH',
      'X-Vercel-IP-City': 'Z%C3%BCrich',
    };
    await expect(own.call('GET /api/edge/geo', { headers }), 200, {
      message: 'Hello from Zürich, CH!',
      country: 'CH',
      region: 'ZH',
      city: 'Zürich',
      language: null,
    });
    const broken = { ...headers, 'X-Vercel-IP-City': '%E0%A4%A' };
    const answer = await expect(own.call('GET /api/edge/geo', { headers: broken }), 200);
    assert.equal(answer.json().message, 'Hello from CH!');
    await own.stop();
  });
}
