// SPDX-License-Identifier: MIT

// Blocking handlers that never come back: the threads that they keep cost a worker, and no request more than one.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Files, temporaryFolder } from '../support/app.ts';
import { until } from '../support/deadline.ts';
import { isAlive, type Server, withCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

/** A handler that waits until the file that its body names is there. */
const waiter = (name: string, config: string) => `
  #include <capra.h>
  #include <stdio.h>
  #include <unistd.h>

  CAPRA_CONFIG(${config});

  static void ${name}(capra_request *req, capra_response *res)
  {
      const char *path = capra_text(req, capra_request_body(req));
      fputs("${name} begins\\n", stderr);
      while (access(path, F_OK) != 0)
          usleep(1000);
      capra_json(res, 200, "{s:i}", "pid", (int)getpid());
  }

  CAPRA_ROUTE(${name});`;

const native: Files = {
  'pages/api/stuck.c': waiter('stuck', '{ blocking: true, maxDuration: 1 }'),
  'pages/api/patient.c': waiter('patient', '{ blocking: true }'),
};

const never = '/nowhere/at/all';
const ask = (path: string, file: string) =>
  format(`POST ${path}`, { headers: { 'Content-Type': 'text/plain' }, body: file });

async function begin(server: Server, path: string, file: string): Promise<Wire> {
  const wire = await Wire.open(server.port);
  await wire.send(ask(path, file));
  return wire;
}

/** Waits until another worker is the only one. */
const replaced = (server: Server, pid: number) =>
  until(
    () => {
      const workers = server.workers();
      return workers.length === 1 && workers[0] !== pid && !isAlive(pid) && workers[0];
    },
    `worker in the place of ${pid}`,
    { ms: 60_000, found: server.stderr },
  );

for (const [kind, app] of [
  ['without Node', native],
  ['with Node', { ...native, 'pages/api/script.js': 'export default () => {};' }],
] as const) {
  describe(`a worker ${kind}, of which a blocking handler keeps a thread`, () => {
    const args = ['--stall-timeout', '1s', '--threads', '2'];

    test('is replaced: who waits for its other threads is answered, and the next one has them all', () =>
      withCapra({ app, args }, async (server) => {
        const first = server.worker();
        const gate = join(temporaryFolder(), 'gate');
        const other = await begin(server, '/api/patient', gate);
        await server.logged(/patient begins/);
        const stuck = await begin(server, '/api/stuck', never);
        assert.equal((await stuck.answer()).status, 504);
        await server.logged(
          /pages\/api\/stuck\.c keeps its thread, long after its time was over, with POST \/api\/stuck/,
        );
        await server.logged(new RegExp(`worker ${first} has lost a thread .* takes its place\n`));
        // A new one serves beside it, and it still finishes what it has.
        await until(() => server.workers().length === 2, 'second worker');
        writeFileSync(gate, '');
        assert.equal((await other.answer()).json().pid, first);
        const second = await replaced(server, first);
        await server.logged(/stuck\.c has not come back from its thread, and ends with the worker/);
        assert.doesNotMatch(server.stderr(), /is killed/);
        assert.equal(
          (await server.call('POST /api/stuck', { headers: {}, body: gate })).json().pid,
          second,
        );
      }));

    test('is replaced when its client has left', () =>
      withCapra({ app, args }, async (server) => {
        const first = server.worker();
        const wire = await begin(server, '/api/stuck', never);
        await server.logged(/stuck begins/);
        wire.reset();
        await replaced(server, first);
      }));

    test('ends when it is told to, all the same', () =>
      withCapra({ app, args: ['--shutdown-timeout', '1s'] }, async (server) => {
        const worker = server.worker();
        await begin(server, '/api/patient', never);
        await server.logged(/patient begins/);
        assert.equal((await server.stop()).code, 0);
        await until(() => !isAlive(worker), `end of ${worker}`);
      }));
  });
}

test('with --native-isolation process it is the worker of the routes in C that is replaced', () => {
  const app = {
    ...native,
    'pages/api/script.js': 'export default (req, res) => res.end(String(process.pid));',
  };
  const args = [
    '--native-isolation',
    'process',
    '--stall-timeout',
    '1s',
    '--shutdown-timeout',
    '1s',
  ];
  return withCapra({ app, args }, async (server) => {
    const gate = join(temporaryFolder(), 'gate');
    writeFileSync(gate, '');
    const pid = async () =>
      (await server.call('POST /api/patient', { headers: {}, body: gate })).json().pid;
    const script = async () => (await server.call('GET /api/script')).text;
    const [first, beside] = [await pid(), await script()];
    const stuck = await begin(server, '/api/stuck', never);
    assert.equal((await stuck.answer()).status, 504);
    await until(async () => (await pid()) !== first, 'another worker', {
      ms: 60_000,
      found: server.stderr,
    });
    assert.equal(await script(), beside);
  });
});

test('workers that keep losing threads are replaced ever more slowly', () =>
  withCapra({ app: native, args: ['--stall-timeout', '1s', '--threads', '1'] }, async (server) => {
    for (const says of [
      /takes its place\n/,
      /takes its place, in a while: this keeps happening\n/,
    ]) {
      const worker = server.worker();
      await (await begin(server, '/api/stuck', never)).answer();
      await replaced(server, worker);
      await server.logged(new RegExp(`worker ${worker} has lost a thread .*${says.source}`));
    }
  }));

test('--stall-timeout 0 leaves a worker the threads that it has left', () => {
  const args = ['--stall-timeout', '0', '--threads', '2', '--shutdown-timeout', '1s'];
  return withCapra({ app: native, args }, async (server) => {
    const gate = join(temporaryFolder(), 'gate');
    writeFileSync(gate, '');
    const worker = server.worker();
    const stuck = await begin(server, '/api/stuck', never);
    assert.equal((await stuck.answer()).status, 504);
    const { json } = await server.call('POST /api/stuck', { headers: {}, body: gate });
    assert.equal(json().pid, worker);
    assert.doesNotMatch(server.stderr(), /keeps its thread/);
  });
});
