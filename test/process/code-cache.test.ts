// SPDX-License-Identifier: MIT

// What a worker's start is spared: V8 has compiled the runtime when Capra was built.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Script } from 'node:vm';
import { executable } from '../support/paths.ts';
import { withCapra } from '../support/server.ts';
import { script as app } from '../support/twins.ts';

describe('the compiled runtime', () => {
  const filename = join(executable, '../runtime.js');
  const cachedData = readFileSync(join(executable, '../runtime.cache'));

  test('V8 takes it for what it is', () => {
    const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
    assert.equal(script.cachedDataRejected, false);
  });

  test('the source is compiled where V8 does not take it', () =>
    withCapra({ app, env: { NODE_OPTIONS: '--jitless' } }, async (server) => {
      assert.equal((await server.call('GET /api/hello')).status, 200);
      assert.equal(server.stderr(), '');
    }));
});
