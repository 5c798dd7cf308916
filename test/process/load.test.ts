// SPDX-License-Identifier: MIT

// What 64 connections under steady load notice of a killed worker, of reloads, and of a stop.

import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { isAlive, type Server, startCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

const CONNECTIONS = 64;

const app = {
  'pages/api/work.js': `
    export default function handler(req, res) {
      setTimeout(() => res.status(200).json({ pid: process.pid }), 5);
    }`,
};
const request = format('GET /api/work');

interface Load {
  answered(): number;
  /** Requests that were sent, may be on this worker, and are not answered. */
  inFlight(pid: number): number;
  /** Requests that got no answer or a bad one. */
  failures: string[];
  /** From now on new connections may be refused; one that is cut before its first answer was. */
  expectRefusal(): void;
  /** No more requests; resolves when all that were sent have ended. */
  stop(): Promise<void>;
}

/**
 * Each client asks one question after the other on its connection, and opens a new one when the
 * server has closed the last in order: an end before a request was sent is none of a failure.
 */
function load(port: number): Load {
  const failures: string[] = [];
  const inFlight = new Map<number, number>();
  let answered = 0;
  let asking = true;
  let mayBeRefused = false;
  const add = (pid: number, by: number) => inFlight.set(pid, (inFlight.get(pid) ?? 0) + by);

  async function converse(wire: Wire): Promise<void> {
    const isLate = mayBeRefused;
    let pid = 0; // unknown before the first answer
    while (asking) {
      add(pid, 1);
      try {
        await wire.send(request);
        // An idle connection that is closed while a request is on its way to it: a client sends that
        // once more, for not a byte of an answer came and the end was in order.
        if (await wire.atEnd()) {
          if (wire.broken && !(isLate && pid === 0)) failures.push('cut');
          return;
        }
        const { status, headers, json } = await wire.answer();
        if (status === 200) answered++;
        else failures.push(`status ${status}`);
        add(pid, -1);
        pid = json().pid;
        add(pid, 1);
        if (headers.connection === 'close') return;
      } catch (error) {
        failures.push(String(error));
        return;
      } finally {
        add(pid, -1);
      }
    }
  }

  const clients = Array.from({ length: CONNECTIONS }, async () => {
    while (asking) {
      let wire: Wire;
      try {
        wire = await Wire.open(port);
      } catch (error) {
        if (asking && !mayBeRefused) failures.push(String(error));
        return;
      }
      await converse(wire);
      wire.close();
    }
  });
  return {
    failures,
    answered: () => answered,
    inFlight: (pid) => (inFlight.get(pid) ?? 0) + (inFlight.get(0) ?? 0),
    expectRefusal: () => {
      mayBeRefused = true;
    },
    stop: async () => {
      asking = false;
      await Promise.all(clients);
    },
  };
}

const moreAnswers = (clients: Load, server: Server, count = 500) => {
  const enough = clients.answered() + count;
  return until(() => clients.answered() >= enough, `${count} answers`, {
    ms: 60_000,
    found: () => server.stderr() + clients.failures.join('\n'),
  });
};

async function underLoad(use: (server: Server, clients: Load) => Promise<void>): Promise<void> {
  const server = await startCapra({ app, args: ['--workers', '2', '--log', 'none'] });
  const clients = load(server.port);
  try {
    await moreAnswers(clients, server);
    await use(server, clients);
  } finally {
    await clients.stop();
    await server.stop('SIGKILL');
  }
}

describe('64 connections under load', () => {
  test('kill -9 of one of two workers fails at most the requests in flight on it', () =>
    underLoad(async (server, clients) => {
      for (let i = 0; i < 5; i++) {
        const [killed, other] = server.workers();
        const before = clients.failures.length;
        const atMost = clients.inFlight(killed);
        process.kill(killed, 'SIGKILL');
        await until(() => server.workers().length === 2 && !isAlive(killed), 'another worker');
        await moreAnswers(clients, server);
        const failed = clients.failures.slice(before);
        assert.ok(failed.length <= atMost, `${failed.length} failed, ${atMost} were in flight`);
        assert.doesNotMatch(failed.join(), /ECONNREFUSED|status/);
        assert.ok(isAlive(other));
      }
    }));

  test('ten reloads in a row fail none', () =>
    underLoad(async (server, clients) => {
      for (let i = 0; i < 10; i++) {
        const before = server.workers();
        const { code, stdout, stderr } = await capra(['reload', server.folder]);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /served/);
        assert.ok(server.workers().some((worker) => !before.includes(worker)));
        await moreAnswers(clients, server, 100);
      }
      assert.deepEqual(clients.failures, []);
    }));

  test('SIGTERM fails none', () =>
    underLoad(async (server, clients) => {
      clients.expectRefusal();
      const { code } = await server.stop('SIGTERM');
      await clients.stop();
      assert.deepEqual(clients.failures, []);
      assert.equal(code, 0);
    }));

  test('a bad build keeps the old one serving', () =>
    underLoad(async (server, clients) => {
      const before = server.workers();
      const manifest = join(server.folder, '.capra/manifest.json');
      const good = `${manifest}.good`;
      for (const bad of ['{', '{"version":1,"routes":[{"route":"/api/x","kind":"odd"}]}']) {
        renameSync(manifest, good);
        writeFileSync(manifest, bad);
        try {
          const { code, stderr } = await capra(['reload', server.folder]);
          assert.equal(code, 1);
          assert.match(stderr, /old one is still served/);
        } finally {
          renameSync(good, manifest);
        }
      }
      await moreAnswers(clients, server);
      assert.deepEqual(server.workers().sort(), before.sort());
      assert.match(server.stderr(), /the new build is not served[\s\S]*the old one goes on/);
      assert.deepEqual(clients.failures, []);

      assert.equal((await capra(['reload', server.folder])).code, 0);
      await moreAnswers(clients, server);
      assert.deepEqual(clients.failures, []);
    }));
});

test('a worker that dies while the build cannot be read is replaced when it can', async () => {
  const server = await startCapra({ app });
  const manifest = join(server.folder, '.capra/manifest.json');
  try {
    renameSync(manifest, `${manifest}.good`);
    process.kill(server.worker(), 'SIGKILL');
    await server.logged(/manifest\.json cannot be read[\s\S]*cannot be read/);
    renameSync(`${manifest}.good`, manifest);
    assert.equal((await server.call('GET /api/work')).status, 200);
  } finally {
    await server.stop('SIGKILL');
  }
});

test('capra reload without a server says so', async () => {
  const { code, stderr } = await capra(['reload', '.'], { cwd: '/' });
  assert.equal(code, 1);
  assert.match(stderr, /no server of this project runs here/);
});
