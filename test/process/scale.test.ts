// SPDX-License-Identifier: MIT

// As many workers as there is work for: more, fewer, and none at all.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { isAlive, type Server, startCapra } from '../support/server.ts';
import { native, script, twins } from '../support/twins.ts';
import { exchange, format, Wire } from '../support/wire.ts';

const KIB = 1024;

/** The memory of a process, of what it shares only its part. */
function proportionalBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(text.match(/^Pss:\s+(\d+) kB$/m)?.[1]) * KIB;
}

const asleep = (server: Server) =>
  until(() => server.workers().length === 0, 'end of the last worker', {
    ms: 60_000,
    found: server.stderr,
  });

async function ask(port: number): Promise<number> {
  return (await exchange(port, 'GET /api/hello')).status;
}

describe('--min-workers 0', () => {
  const args = ['--min-workers', '0', '--max-workers', '1', '--idle-timeout', '1s'];

  for (const [language, app] of twins) {
    test(`routes in ${language}: nobody is left, 3 MiB stay, and the next connection is answered`, async () => {
      const server = await startCapra({ app, args });
      try {
        for (let round = 0; round < 2; round++) {
          await asleep(server);
          const bytes = proportionalBytes(server.pid);
          assert.ok(bytes <= 3 * KIB * KIB, `${(bytes / KIB).toFixed(0)} KiB with no traffic`);
          assert.equal(await ask(server.port), 200);
          assert.equal(server.workers().length, 1);
        }
        assert.equal((await server.stop()).code, 0);
      } finally {
        await server.stop('SIGKILL');
      }
    });

    test(`routes in ${language}: 200 connections at the moment of waking are all answered`, async () => {
      const server = await startCapra({ app, args });
      try {
        await asleep(server);
        const answers = await Promise.all(Array.from({ length: 200 }, () => ask(server.port)));
        assert.deepEqual(
          answers.filter((status) => status !== 200),
          [],
        );
        assert.equal(server.workers().length, 1);
      } finally {
        await server.stop('SIGKILL');
      }
    });
  }

  test('routes in C wake without Node', async () => {
    const server = await startCapra({ app: native, args });
    try {
      await asleep(server);
      assert.equal(await ask(server.port), 200);
      const command = readFileSync(`/proc/${server.worker()}/cmdline`, 'utf8');
      assert.doesNotMatch(command, /node/);
    } finally {
      await server.stop('SIGKILL');
    }
  });

  test('who comes while the last worker goes is answered as well', async () => {
    const server = await startCapra({ app: native, args: [...args, '--idle-timeout', '0'] });
    try {
      // The workers go as soon as there is nothing to do: each request may meet one that is going.
      for (let i = 0; i < 200; i++) {
        assert.equal(await ask(server.port), 200);
        await new Promise((resolve) => setTimeout(resolve, (i * 7) % 40));
      }
    } finally {
      await server.stop('SIGKILL');
    }
  });

  test('a request that runs keeps its worker, and so does one after the other', async () => {
    const app = {
      ...script,
      'pages/api/slow.js': `
        export default (req, res) => setTimeout(() => res.send('done'), 4000);`,
    };
    const server = await startCapra({ app, args });
    try {
      const worker = server.worker();
      const { text } = await server.call('GET /api/slow');
      assert.equal(text, 'done');
      assert.ok(isAlive(worker));
      await asleep(server);
    } finally {
      await server.stop('SIGKILL');
    }
  });

  test('a connection that says nothing wakes a worker, but does not keep it', async () => {
    const server = await startCapra({ app: native, args });
    try {
      await asleep(server);
      const silent = await Wire.open(server.port);
      await until(() => server.workers().length === 1, 'worker');
      await asleep(server);
      await silent.closed();
    } finally {
      await server.stop('SIGKILL');
    }
  });
});

test('more work brings more workers, less brings fewer, and no request fails', async () => {
  const app = {
    'pages/api/burn.js': `
      export default function handler(req, res) {
        const end = performance.now() + 20;
        while (performance.now() < end);
        res.status(200).send('burnt');
      }`,
  };
  const server = await startCapra({ app, args: ['--min-workers', '1', '--max-workers', '2'] });
  const failures: unknown[] = [];
  let burns = true;
  const clients = Array.from({ length: 4 }, async () => {
    while (burns) {
      try {
        const { status } = await exchange(server.port, 'GET /api/burn');
        if (status !== 200) failures.push(status);
      } catch (error) {
        failures.push(error);
      }
    }
  });
  try {
    assert.equal(server.workers().length, 1);
    await until(() => server.workers().length === 2, 'second worker', {
      ms: 60_000,
      found: server.stderr,
    });
    burns = false;
    await Promise.all(clients);
    assert.deepEqual(failures, []);
    await until(() => server.workers().length === 1, 'end of the second worker', {
      ms: 60_000,
      found: server.stderr,
    });
    assert.match(server.stderr(), /more to do: from 1 to 2[\s\S]*less to do: from 2 to 1/);
    assert.equal((await server.call('GET /api/burn')).status, 200);
  } finally {
    burns = false;
    await server.stop('SIGKILL');
  }
});

test('a worker that has grown too large is replaced, and no request fails', async () => {
  const app = {
    'pages/api/grow.js': `
      const kept = [];
      export default function handler(req, res) {
        if (req.query.mb) kept.push(Buffer.alloc(Number(req.query.mb) << 20, 'x'));
        res.status(200).json({ pid: process.pid });
      }`,
  };
  const server = await startCapra({ app, args: ['--max-worker-memory', '200mb'] });
  const wire = await Wire.open(server.port);
  const pids = new Set<number>();
  const hello = format('GET /api/grow');
  try {
    const large = server.worker();
    await wire.send(format('GET /api/grow?mb=250'));
    assert.equal((await wire.answer()).json().pid, large);
    await server.logged(/beyond --max-worker-memory/);
    while (isAlive(large)) pids.add((await server.call('GET /api/grow')).json().pid);
    assert.ok(pids.size > 0);
    assert.notEqual((await server.call('GET /api/grow')).json().pid, large);
    assert.equal(server.workers().length, 1);
    // The kept connection was closed in order, not cut.
    await wire.send(hello).catch(() => {});
    await wire.rest();
  } finally {
    wire.close();
    await server.stop('SIGKILL');
  }
});
