// SPDX-License-Identifier: MIT

// `--native-isolation process`: what happens to workers for routes in C costs no request to JavaScript, and what is
// handed over between the two kinds is never lost.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeApp } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { ISOLATED, mixed, nativesOf, statusOf } from '../support/isolated.ts';
import { isAlive, type Server, withCapra } from '../support/server.ts';
import { type Answer, exchange, format, Wire } from '../support/wire.ts';

const get = (path: string) => format(`GET ${path}`);

/** Asks for a path again and again, on one connection, until it is told to stop; each answer must be a 200. */
class Load {
  answers = 0;
  #answered = performance.now();
  #goes = true;
  #ended: Promise<void>[];

  constructor(server: Server, paths: string[], connections: number) {
    this.#ended = Array.from({ length: connections }, () => this.#run(server, paths));
  }

  async #run(server: Server, paths: string[]): Promise<void> {
    let wire = await Wire.open(server.port);
    for (let i = 0; this.#goes; i++) {
      const path = paths[i % paths.length];
      const answer = await this.#ask(wire, path);
      if (answer === undefined) {
        wire = await Wire.open(server.port);
        continue;
      }
      assert.equal(answer.status, 200, `${path}: ${answer.text}`);
      assert.match(path, new RegExp(`/${answer.json().by}$`));
      this.answers++;
      this.#answered = performance.now();
      if (answer.headers.connection === 'close') {
        wire.close();
        wire = await Wire.open(server.port);
      }
    }
    wire.close();
  }

  // A worker that drains closes connections that have been idle for a while, and on a busy machine this one may be.
  async #ask(wire: Wire, path: string): Promise<Answer | undefined> {
    const began = performance.now();
    await wire.send(get(path));
    if (!(await wire.atEnd())) return wire.answer();
    assert.ok(began - this.#answered > 1000, `${path} has got no answer`);
    return undefined;
  }

  /** Until so many more have been answered. */
  async more(count: number): Promise<void> {
    const wanted = this.answers + count;
    await Promise.race([
      until(() => this.answers >= wanted, `${count} more answers`, { ms: 60_000 }),
      ...this.#ended.map((each) => each.then(() => assert.fail('the load has ended'))),
    ]);
  }

  async stop(): Promise<void> {
    this.#goes = false;
    await Promise.all(this.#ended);
  }
}

/** While the process stands still, as one does that is stuck. */
async function withStopped(pid: number, use: (goOn: () => void) => Promise<void>): Promise<void> {
  const goOn = () => process.kill(pid, 'SIGCONT');
  process.kill(pid, 'SIGSTOP');
  try {
    await use(goOn);
  } finally {
    if (isAlive(pid)) goOn();
  }
}

test('a crash in C costs not one request to JavaScript', async () => {
  const args = ['--workers', '2', ...ISOLATED];
  await withCapra({ app: mixed, args }, async (server) => {
    const load = new Load(server, ['/api/js'], 8);
    await load.more(50);
    for (let i = 0; i < 3; i++) {
      const crashed = await server.call('GET /api/c?does=crash');
      assert.equal(crashed.status, 500);
      assert.equal((await server.call('GET /api/c')).json().by, 'c');
      await load.more(50);
    }
    await load.stop();
    assert.match(server.stderr(), /SIGSEGV .* in pages\/api\/c\.c, at GET \/api\/c/);
  });
});

test('connections that wait in a worker that crashes go on in another', async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    const wires = await Promise.all(Array.from({ length: 20 }, () => Wire.open(server.port)));
    for (const wire of wires) {
      await wire.send(get('/api/c'));
      assert.equal((await wire.answer()).json().by, 'c');
    }
    assert.equal((await server.call('GET /api/c?does=crash')).status, 500);
    for (const [i, wire] of wires.entries()) {
      const by = i % 2 === 0 ? 'js' : 'c';
      await wire.send(get(`/api/${by}`));
      assert.equal((await wire.answer()).json().by, by);
      wire.close();
    }
  });
});

test('a worker for routes in C that is killed is replaced, and nobody else notices', async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    const load = new Load(server, ['/api/js'], 4);
    for (let i = 0; i < 3; i++) {
      const [native] = await nativesOf(server);
      process.kill(native, 'SIGKILL');
      assert.equal((await server.call('GET /api/c')).status, 200);
      await load.more(20);
    }
    await load.stop();
  });
});

test('a route in C that never returns gets 504, while JavaScript goes on', async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    const load = new Load(server, ['/api/js'], 4);
    const spun = server.call('GET /api/spin');
    await load.more(100);
    assert.equal((await spun).status, 504);
    await load.more(20);
    await load.stop();
    assert.equal((await server.call('GET /api/c')).status, 200);
    assert.match(server.stderr(), /the worker has been held for .* in pages\/api\/spin\.c/);
  });
});

test('a reload under load of both kinds fails none', async () => {
  const args = ['--workers', '2', ...ISOLATED];
  await withCapra({ app: makeApp(mixed), args }, async (server) => {
    const load = new Load(server, ['/api/js', '/api/c', '/api/c'], 6);
    for (let i = 0; i < 3; i++) {
      await load.more(60);
      const { code, stderr } = await capra(['reload', server.folder]);
      assert.equal(code, 0, stderr);
    }
    await load.more(60);
    await load.stop();
  });
});

test('the next build may have no routes in C any more, and the one after that may have some again', async () => {
  const app = makeApp(mixed);
  const route = join(app, 'pages/api/more.c');
  await withCapra({ app, args: ISOLATED }, async (server) => {
    const rebuild = async () => {
      assert.equal((await capra(['build', app])).code, 0);
      const { code, stderr } = await capra(['reload', app]);
      assert.equal(code, 0, stderr);
    };
    for (const name of ['c.c', 'spin.c']) rmSync(join(app, 'pages/api', name));
    await rebuild();
    assert.equal((await server.call('GET /api/c')).status, 404);
    assert.equal((await server.call('GET /api/js')).status, 200);
    await until(async () => (await nativesOf(server)).length === 0, 'end of the old workers');
    writeFileSync(route, mixed['pages/api/c.c']);
    await rebuild();
    assert.equal((await server.call('GET /api/more')).json().by, 'c');
    assert.equal((await nativesOf(server)).length, 1);
  });
});

test('a build that does not start leaves both kinds of the one before', async () => {
  const app = makeApp(mixed);
  await withCapra({ app, args: ISOLATED }, async (server) => {
    for (const name of ['js.js', 'slow.js', 'c.c']) rmSync(join(app, 'pages/api', name));
    writeFileSync(
      join(app, 'pages/api/bad.c'),
      `#include <capra.h>
       static const char *refuse(void **state) { (void)state; return "it is down"; }
       static void bad(capra_request *req, capra_response *res) { (void)req; capra_response_text(res, 200, ""); }
       CAPRA_INIT(refuse);
       CAPRA_ROUTE(bad);`,
    );
    assert.equal((await capra(['build', app])).code, 0);
    assert.equal((await capra(['reload', app])).code, 1);
    assert.equal((await nativesOf(server)).length, 1);
    for (const by of ['c', 'js', 'c'])
      assert.equal((await server.call(`GET /api/${by}`)).json().by, by);
  });
});

test('SIGTERM lets both kinds finish what they have begun', async () => {
  await withCapra({ app: mixed, args: ['--workers', '2', ...ISOLATED] }, async (server) => {
    const [slow, later, idle] = await Promise.all([1, 2, 3].map(() => Wire.open(server.port)));
    await idle.send(get('/api/c'));
    await idle.answer();
    await slow.send(get('/api/slow?ms=3000'));
    await later.send(get('/api/c?does=later&ms=3000'));
    await server.logged(/slow begins/);
    await server.logged(/later begins/);
    const workers = server.workers();
    const stopped = server.stop();
    const answers = [await slow.answer(), await later.answer()];
    assert.deepEqual(
      answers.map((answer) => [answer.json().by, answer.headers.connection]),
      [
        ['slow', 'close'],
        ['c, later', 'close'],
      ],
    );
    await idle.closed();
    assert.equal((await stopped).code, 0);
    assert.equal(workers.length, 4);
    assert.deepEqual(workers.filter(isAlive), []);
  });
});

test('a request that waits to be taken when the server stops is taken', async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    const [native] = await nativesOf(server);
    await withStopped(native, async (goOn) => {
      const wire = await Wire.open(server.port);
      await wire.send(get('/api/c'));
      await until(async () => (await statusOf(server)).connections_handed_over === 1, 'hand-over');
      const stopped = server.stop();
      await until(async () => /draining/.test(await phaseOf(server)), 'drain');
      goOn();
      assert.equal((await wire.answer()).json().by, 'c');
      await wire.closed();
      assert.equal((await stopped).code, 0);
    });
  });
});

async function phaseOf(server: Server): Promise<string> {
  return JSON.stringify(await statusOf(server).catch(() => 'draining'));
}

test('more than the queue holds waits, and JavaScript does not', async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    const [native] = await nativesOf(server);
    const wires = await Promise.all(Array.from({ length: 400 }, () => Wire.open(server.port)));
    await withStopped(native, async () => {
      await Promise.all(wires.map((wire, i) => wire.send(get(`/api/c?q=${i}`))));
      await until(
        async () => ((await statusOf(server)).connections_handed_over ?? 0) > 50,
        'queue',
      );
      assert.equal((await server.call('GET /api/js')).status, 200);
    });
    for (const [i, wire] of wires.entries()) {
      assert.equal((await wire.answer()).json().q, String(i));
      wire.close();
    }
  });
});

test('what nobody takes is answered with 503, in the queue and before it', async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    const [native] = await nativesOf(server);
    const wires = await Promise.all(Array.from({ length: 400 }, () => Wire.open(server.port)));
    await withStopped(native, async () => {
      await Promise.all(wires.map((wire) => wire.send(get('/api/c'))));
      await until(() => wires.every((wire) => wire.waiting > 0), 'answers', { ms: 60_000 });
      for (const wire of wires) {
        const { status, headers } = await wire.answer();
        assert.deepEqual([status, headers['retry-after']], [503, '1']);
      }
      assert.equal((await server.call('GET /api/js')).status, 200);
    });
    assert.equal((await server.call('GET /api/c')).status, 200);
  });
});

test('while workers for routes in C keep dying these get 503, and JavaScript goes on', async () => {
  const app = makeApp({
    ...mixed,
    'pages/api/opened.c': `
      #include <capra.h>
      #include <unistd.h>

      static const char *open_it(void **state)
      {
          (void)state;
          return access("down", F_OK) == 0 ? "it is down" : NULL;
      }

      static void opened(capra_request *req, capra_response *res)
      {
          (void)req;
          capra_json(res, 200, "{s:s}", "by", "opened");
      }

      CAPRA_INIT(open_it);
      CAPRA_ROUTE(opened);`,
  });
  await withCapra({ app, args: ISOLATED }, async (server) => {
    writeFileSync(join(app, 'down'), '');
    const [native] = await nativesOf(server);
    process.kill(native, 'SIGKILL');
    const refused = await until(async () => {
      const answer = await server.call('GET /api/opened');
      return answer.status === 503 && answer;
    }, '503');
    assert.equal(refused.headers['retry-after'], '1');
    assert.equal((await server.call('GET /api/js')).status, 200);
    // A worker with Node that dies meanwhile is replaced at once all the same.
    const { workers } = await statusOf(server);
    const script = workers.find(({ group }) => group === 'scripts');
    assert.ok(script);
    process.kill(script.pid, 'SIGKILL');
    assert.equal((await server.call('GET /api/js')).status, 200);
    rmSync(join(app, 'down'));
    await until(async () => (await server.call('GET /api/opened')).status === 200, 'recovery', {
      ms: 60_000,
    });
  });
});

test('nobody there: the next connection wakes both kinds', async () => {
  const args = ['--min-workers', '0', '--max-workers', '1', '--idle-timeout', '300ms', ...ISOLATED];
  await withCapra({ app: mixed, args }, async (server) => {
    for (const by of ['c', 'js']) {
      await until(() => server.workers().length === 0, 'end of the last workers');
      assert.equal((await server.call(`GET /api/${by}`)).json().by, by);
    }
  });
});

const descriptorsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

test('thousands of hand-overs leave no descriptor behind', {
  skip: !existsSync('/proc'),
}, async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    const rounds = async (count: number) => {
      const wire = await Wire.open(server.port);
      for (let i = 0; i < count; i++) {
        await wire.send(Buffer.concat([get('/api/c'), get('/api/js')]));
        assert.equal((await wire.answer()).json().by, 'c');
        assert.equal((await wire.answer()).json().by, 'js');
      }
      wire.close();
    };
    const pids = [server.pid, ...server.workers()];
    const quiet = () =>
      until(async () => {
        const { workers } = await statusOf(server);
        return workers.every(({ connections }) => connections === 0);
      }, 'end of all connections');
    await rounds(10);
    await quiet();
    const before = pids.map(descriptorsOf);
    await Promise.all(Array.from({ length: 4 }, () => rounds(400)));
    await quiet();
    assert.ok(((await statusOf(server)).connections_handed_over ?? 0) >= 3200);
    await until(
      () => pids.map(descriptorsOf).every((count, i) => count < before[i] + 16),
      `hardly more descriptors than before (${before})`,
      { found: () => String(pids.map(descriptorsOf)) },
    );
  });
});

test('a client that leaves on the way takes nothing with it', async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    for (let i = 0; i < 60; i++) {
      const wire = await Wire.open(server.port);
      await wire.send(
        Buffer.concat([get('/api/c'), get('/api/js'), get('/api/c?does=later&ms=50')]),
      );
      if (i % 3 > 0) await wire.answer();
      if (i % 2) wire.reset();
      else wire.close();
    }
    assert.equal((await exchange(server.port, 'GET /api/c')).json().by, 'c');
    assert.equal((await exchange(server.port, 'GET /api/js')).json().by, 'js');
    await until(async () => {
      const { workers } = await statusOf(server);
      return workers.every((w) => w.connections === 0 && w.active_requests === 0);
    }, 'end of all requests');
  });
});
