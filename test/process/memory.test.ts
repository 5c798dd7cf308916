// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../support/deadline.ts';
import { withCapra } from '../support/server.ts';
import { script as app } from '../support/twins.ts';

const MIB = 1024;

/** What a process has mapped of files, in KiB. */
function fileKib(pid: number): number {
  return Number(/^RssFile:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('a worker does not keep what only its start has read of Node, and serves on', () =>
  withCapra({ app }, async (server) => {
    await server.call('GET /api/hello');
    // Right behind its start it has 35 MiB and more.
    await until(() => fileKib(server.worker()) < 24 * MIB, 'pages that are given back', {
      ms: 30_000,
      found: () => `${fileKib(server.worker())} KiB`,
    });
    assert.equal((await server.call('GET /api/hello')).status, 200);
  }));
