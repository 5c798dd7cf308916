// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { elsewhere, expect, openTutorial, type Tutorial } from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const native = '/api/native/primes';
const script = '/api/native/primes-ts';
const bad = [
  '',
  '1',
  '0',
  '-5',
  '1000001',
  '9'.repeat(20),
  'ten',
  '1e3',
  '10%00',
  '0x10',
  '1.5',
  '%20',
];

// Routes in C are Capra's alone.
for (const path of elsewhere === undefined ? [native, script] : [script]) {
  describe(path, () => {
    test('counts the primes up to n', async () => {
      await expect(tutorial.call(`GET ${path}`), 200, { n: 100, count: 25, largest: 97 });
      await expect(tutorial.call(`GET ${path}?n=2`), 200, { n: 2, count: 1, largest: 2 });
      const million = { n: 1_000_000, count: 78_498, largest: 999_983 };
      await expect(tutorial.call(`GET ${path}?n=1000000`), 200, million);
    });

    for (const n of bad) {
      test(`refuses n=${n}`, async () => {
        const error = 'n must be a whole number from 2 to 1000000';
        await expect(tutorial.call(`GET ${path}?n=${n}`), 400, { error });
      });
    }

    test('takes GET and HEAD only', async () => {
      const answer = await expect(tutorial.call(`POST ${path}`, { body: '' }), 405);
      assert.equal(answer.headers.allow, 'GET');
      const head = await expect(tutorial.call(`HEAD ${path}`), 200);
      assert.equal(head.text, '');
    });
  });
}

if (elsewhere === undefined) {
  test('both answer with the same bytes', async () => {
    const queries = ['', '?n=97', '?n=1000000', '?n=7&n=8', ...bad.map((n) => `?n=${n}`)];
    for (const query of queries) {
      const [inC, inTypeScript] = await Promise.all(
        [native, script].map((path) => tutorial.call(`GET ${path}${query}`)),
      );
      assert.deepEqual(
        [inC.status, inC.text, inC.headers['content-type']],
        [inTypeScript.status, inTypeScript.text, inTypeScript.headers['content-type']],
        query,
      );
    }
  });
}
