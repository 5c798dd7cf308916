// SPDX-License-Identifier: MIT

// The life of the processes: what a worker that dies costs, and how a server stops.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { isAlive, type Server, withCapra } from '../support/server.ts';
import { script, twins } from '../support/twins.ts';
import { format, Wire } from '../support/wire.ts';

const hello = format('GET /api/hello');

/** Asks until there is an answer: between two workers a connection may break. */
const serves = (server: Server) =>
  until(
    async () => {
      try {
        return (await server.call('GET /api/hello')).status === 200;
      } catch {
        return false;
      }
    },
    'answer of a new worker',
    { found: server.stderr },
  );

for (const [language, app] of twins) {
  describe(`routes in ${language}`, () => {
    for (const signal of ['SIGKILL', 'SIGSEGV'] as const) {
      test(`a worker that dies of ${signal} is replaced, and new connections wait for it`, () =>
        withCapra({ app }, async (server) => {
          const first = server.worker();
          process.kill(first, signal);
          await server.logged(new RegExp(`${first}|${signal}|worker`));
          await serves(server);
          assert.notEqual(server.worker(), first);
          assert.equal(isAlive(first), false);
        }));
    }

    test('a connection that comes while no worker lives is answered by the next one', () =>
      withCapra({ app }, async (server) => {
        for (let i = 0; i < 3; i++) {
          process.kill(server.worker(), 'SIGKILL');
          const wire = await Wire.open(server.port);
          await wire.send(hello);
          // It may have been accepted by the one that was dying; then it breaks, and that is all.
          if (!(await wire.atEnd())) assert.equal((await wire.answer()).status, 200);
          wire.close();
          await serves(server);
        }
      }));

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      test(`${signal} with nothing to do: idle connections close, exit code 0`, () =>
        withCapra({ app }, async (server) => {
          const idle = await Wire.open(server.port);
          await idle.send(hello);
          await idle.answer();
          const silent = await Wire.open(server.port);
          await server.call('GET /api/hello');
          const worker = server.worker();
          const start = performance.now();
          const { code } = await server.stop(signal);
          assert.equal(code, 0);
          assert.ok(performance.now() - start < 5000);
          await idle.closed();
          await silent.closed();
          assert.equal(isAlive(worker), false);
        }));
    }

    test('a supervisor that is killed takes its worker along', () =>
      withCapra({ app }, async (server) => {
        const worker = server.worker();
        await server.stop('SIGKILL');
        await until(() => !isAlive(worker), `end of worker ${worker}`);
      }));

    test('SIGHUP replaces the worker, and no request fails', () =>
      withCapra({ app }, async (server) => {
        const first = server.worker();
        let asking = true;
        let answered = 0;
        const failures: string[] = [];
        const clients = Array.from({ length: 4 }, async () => {
          while (asking) {
            await server.call('GET /api/hello').then(
              ({ status }) => status === 200 && answered++,
              ({ message }) => failures.push(message),
            );
          }
        });
        const kept = await Wire.open(server.port);
        await kept.send(hello);
        assert.equal((await kept.answer()).status, 200);

        for (let i = 0; i < 3; i++) {
          const before = server.worker();
          process.kill(server.pid, 'SIGHUP');
          await until(() => !isAlive(before), `end of worker ${before}`);
        }
        asking = false;
        await Promise.all(clients);
        assert.deepEqual(failures, []);
        assert.ok(answered > 0);
        assert.notEqual(server.worker(), first);
        await kept.closed();
      }));

    test('two workers share the connections; one that dies leaves the other', () =>
      withCapra({ app, args: ['--workers', '2'] }, async (server) => {
        assert.equal(server.workers().length, 2);
        process.kill(server.workers()[0], 'SIGKILL');
        await serves(server);
        await until(() => server.workers().length === 2, 'second worker');
        assert.equal((await server.stop()).code, 0);
      }));

    test('nothing is heard after the stop', () =>
      withCapra({ app }, async (server) => {
        await server.stop();
        await assert.rejects(Wire.open(server.port), /ECONNREFUSED/);
      }));
  });
}

const slow = {
  ...script,
  'pages/api/slow.js': `
    export default function handler(req, res) {
      setTimeout(() => res.status(200).send('finished'), Number(req.query.ms));
    }`,
};

describe('requests in flight', () => {
  test('are finished after SIGTERM, with Connection: close', () =>
    withCapra({ app: slow }, async (server) => {
      const wire = await Wire.open(server.port);
      await wire.send(format('GET /api/slow?ms=500'));
      // Answered on another connection afterwards: so the slow one runs.
      await server.call('GET /api/hello');
      const stopped = server.stop('SIGTERM');
      const { status, text, headers } = await wire.answer();
      assert.deepEqual([status, text, headers.connection], [200, 'finished', 'close']);
      assert.equal((await stopped).code, 0);
      wire.close();
    }));

  test('have until --shutdown-timeout', () =>
    withCapra({ app: slow, args: ['--shutdown-timeout', '300ms'] }, async (server) => {
      const wire = await Wire.open(server.port);
      await wire.send(format('GET /api/slow?ms=60000'));
      await server.call('GET /api/hello');
      const start = performance.now();
      await server.stop('SIGTERM');
      assert.ok(performance.now() - start < 5000);
      assert.doesNotMatch((await wire.rest()).toString(), /finished/);
    }));

  test('have as long when it is the supervisor that is killed', () =>
    withCapra({ app: slow, args: ['--shutdown-timeout', '300ms'] }, async (server) => {
      const wire = await Wire.open(server.port);
      await wire.send(format('GET /api/slow?ms=60000'));
      await server.call('GET /api/hello');
      const worker = server.worker();
      await server.stop('SIGKILL');
      await until(() => !isAlive(worker), `end of worker ${worker}`, { ms: 5000 });
    }));

  test('on a worker that is killed lose their connection, nothing more', () =>
    withCapra({ app: slow }, async (server) => {
      const wire = await Wire.open(server.port);
      await wire.send(format('GET /api/slow?ms=60000'));
      await server.call('GET /api/hello');
      process.kill(server.worker(), 'SIGKILL');
      await wire.rest();
      await serves(server);
    }));
});

test('a worker that is killed ever again is replaced ever again', () =>
  withCapra({ app: script }, async (server) => {
    for (let i = 0; i < 5; i++) {
      const worker = await until(
        () => {
          try {
            return server.worker();
          } catch {
            return undefined;
          }
        },
        'worker',
        { found: server.stderr },
      );
      process.kill(worker, 'SIGKILL');
      await until(() => !isAlive(worker), `end of ${worker}`);
    }
    await serves(server);
    assert.ok(isAlive(server.pid));
  }));
