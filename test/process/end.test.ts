// SPDX-License-Identifier: MIT

// A worker that has finished has only to end; one that comes to a halt on its way out holds nobody up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCapra } from '../support/server.ts';

const app = {
  'pages/api/halt.js': `
    process.on('exit', () => {
      console.error('halts');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });
    export default (req, res) => res.send('before');`,
};

test('a worker that does not end by itself is killed long before the time for draining is over', async () => {
  const server = await startCapra({ app, args: ['--shutdown-timeout', '1h'] });
  assert.equal((await server.call('GET /api/halt')).text, 'before');
  const { code } = await server.stop();
  assert.match(server.stderr(), /halts/);
  assert.match(server.stderr(), /worker \d+ had nothing left to do and did not end; it is killed/);
  assert.equal(code, 0);
});
