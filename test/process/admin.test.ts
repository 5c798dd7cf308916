// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { adminAddress, askAdmin, askAdminAt, metricsOf, statusOf } from '../support/admin.ts';
import { buildApp, makeApp, temporaryFolder } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { sumOf } from '../support/prometheus.ts';
import { type Server, startCapra } from '../support/server.ts';

// What a running server tells of itself, on a socket of its own.

const files = {
  'pages/api/hello.js': 'export default (req, res) => res.json({ hello: "world" })',
  'pages/api/users/[id].js': 'export default (req, res) => res.status(201).end(req.query.id)',
  'pages/api/spin.js': 'export default () => { for (;;); }',
  'pages/api/gate.js': `
    import { existsSync } from 'node:fs';
    export default (req, res) => {
      const look = () => existsSync(req.query.file) ? res.end('open') : setTimeout(look, 10);
      look();
    };`,
  'pages/api/exit.js': 'export default () => process.exit(3)',
};

/** A server in a folder of its own, so that the run file there is that server's. */
function start(...args: string[]): Promise<Server> {
  return startCapra({ app: makeApp(files), args });
}

const duration = 'http_server_request_duration_seconds_count';

describe('a server with two workers', () => {
  let server: Server;
  before(async () => {
    server = await start('--workers', '2');
  });
  after(() => server.stop());

  test('is alive and ready', async () => {
    assert.deepEqual(await askAdmin(server, '/livez').then(({ status, text }) => [status, text]), [
      200,
      'ok\n',
    ]);
    assert.deepEqual(await askAdmin(server, '/readyz').then(({ status, text }) => [status, text]), [
      200,
      'serving\n',
    ]);
    assert.equal((await askAdmin(server, '/livez')).headers['cache-control'], 'no-store');
    assert.equal((await askAdmin(server, '/metrics', 'HEAD')).text, '');
    assert.equal((await askAdmin(server, '/nowhere')).status, 404);
    assert.equal((await askAdmin(server, '/livez', 'DELETE')).status, 405);
  });

  test('counts what both have answered, and forgets nothing when one is killed', async () => {
    const ask = async (times: number) => {
      for (let i = 0; i < times; i++) {
        assert.equal((await server.call('GET /api/hello')).status, 200);
        assert.equal((await server.call(`POST /api/users/${i}`, { body: 'abc' })).status, 201);
        assert.equal((await server.call('GET /api/nowhere')).status, 404);
      }
    };
    const hello = {
      http_route: '/api/hello',
      http_request_method: 'GET',
      http_response_status_code: '200',
    };
    await ask(10);
    let metrics = await metricsOf(server);
    assert.equal(sumOf(metrics, duration), 30);
    assert.equal(sumOf(metrics, duration, hello), 10);
    assert.equal(
      sumOf(metrics, duration, { http_route: '', http_response_status_code: '404' }),
      10,
    );
    const posted = { http_route: '/api/users/[id]', http_request_method: 'POST' };
    assert.equal(sumOf(metrics, 'http_server_request_body_size_bytes_sum', posted), 30);
    assert.equal(sumOf(metrics, 'http_server_response_body_size_bytes_sum', hello), 170);
    assert.equal(sumOf(metrics, 'capra_workers', { state: 'serving' }), 2);
    assert.equal(sumOf(metrics, 'capra_worker_deaths_total'), 0);
    assert.equal(sumOf(metrics, 'capra_connections_accepted_total'), 30);
    assert.ok(sumOf(metrics, 'capra_worker_memory_bytes') > 0);
    assert.ok(sumOf(metrics, 'capra_supervisor_memory_bytes') > 0);

    process.kill(server.workers()[0], 'SIGKILL');
    await until(async () => {
      metrics = await metricsOf(server);
      return (
        sumOf(metrics, 'capra_worker_deaths_total') === 1 &&
        sumOf(metrics, 'capra_workers', { state: 'serving' }) === 2
      );
    }, 'another worker');
    assert.equal(sumOf(metrics, duration), 30);
    assert.equal(sumOf(metrics, 'capra_connections_accepted_total'), 30);
    await ask(10);
    metrics = await metricsOf(server);
    assert.equal(sumOf(metrics, duration), 60);
    assert.equal(sumOf(metrics, duration, hello), 20);
    assert.equal(sumOf(metrics, 'capra_worker_starts_total'), 3);
  });

  test('tells the same in /status', async () => {
    const status = await statusOf(server);
    assert.equal(status.phase, 'serving');
    assert.equal(status.pid, server.pid);
    assert.deepEqual(
      status.workers.map(({ pid }: { pid: number }) => pid).sort(),
      server.workers().sort(),
    );
    const hello = status.routes.find(({ route }: { route: string }) => route === '/api/hello');
    assert.equal(hello.requests, 20);
    assert.deepEqual(hello.statuses, { '2xx': 20 });
    assert.ok(hello.p50_ms > 0 && hello.p50_ms <= hello.p99_ms);
  });

  test('is for its own user alone', () => {
    const path = adminAddress(server.folder).slice('unix:'.length);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('stands hostile input', async () => {
    const path = adminAddress(server.folder).slice('unix:'.length);
    for (const bytes of [
      'GET /livez\r\n\r\n',
      'GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      'POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'POST /reload HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n',
      '\x16\x03\x01\x02\x00',
    ]) {
      const socket = connect(path).setEncoding('latin1');
      let answer = '';
      socket.on('data', (piece) => (answer += piece)).on('error', () => {});
      socket.end(bytes);
      await once(socket, 'close');
      assert.match(answer, /^HTTP\/1\.1 4\d\d /);
    }
    assert.equal((await askAdmin(server, '/livez')).status, 200);
    assert.equal((await statusOf(server)).generation, 1);
  });

  test('shows itself to people', async () => {
    const { code, stdout } = await capra(['status', server.folder]);
    assert.equal(code, 0);
    assert.match(stdout, /^Capra \S+, serving: process \d+, up /);
    for (const pid of server.workers()) assert.match(stdout, new RegExp(` ${pid} +serving `));
    assert.match(stdout, / {2}\/api\/users\/\[id\]$/m);
    const json = JSON.parse((await capra(['status', server.folder, '--json'])).stdout);
    assert.equal(json.pid, server.pid);
  });
});

test('a worker that is stuck is seen, for the supervisor answers', async () => {
  const server = await start('--workers', '1', '--shutdown-timeout', '100ms');
  const stuck = connect(server.port, '127.0.0.1').on('error', () => {});
  stuck.write('GET /api/spin HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(
    async () => sumOf(await metricsOf(server), 'capra_worker_loop_lag_seconds') > 0.5,
    'the lag',
  );
  assert.equal((await askAdmin(server, '/livez')).status, 200);
  stuck.destroy();
  await server.stop();
});

test('a request that takes its worker with it is logged and counted', async () => {
  const server = await start('--workers', '1');
  assert.equal((await server.call('GET /api/hello')).status, 200);
  assert.equal((await server.call('GET /api/exit')).status, 500);
  const lines = await until(
    () => server.stdout().match(/^\{.*"http\.route":"\/api\/exit","status":500.*\}$/gm),
    'its line',
    { found: server.stdout },
  );
  assert.equal(lines.length, 1);
  const metrics = await metricsOf(server);
  assert.equal(
    sumOf(metrics, duration, { http_route: '/api/exit', http_response_status_code: '500' }),
    1,
  );
  assert.equal(sumOf(metrics, duration), 2);
  await server.stop();
});

test('it is not ready while it drains, and what runs is answered', async () => {
  const server = await start();
  const gate = join(temporaryFolder(), 'gate');
  const answer = server.call(`GET /api/gate?file=${gate}`);
  await until(
    async () => sumOf(await metricsOf(server), 'http_server_active_requests') === 1,
    'a request in flight',
  );
  const address = adminAddress(server.folder);
  const path = address.slice('unix:'.length);
  process.kill(server.pid, 'SIGTERM');
  await until(async () => (await askAdminAt(address, '/readyz')).status === 503, 'readiness');
  assert.equal((await askAdminAt(address, '/readyz')).text, 'draining\n');
  assert.equal((await askAdminAt(address, '/livez')).status, 200);
  writeFileSync(gate, '');
  assert.equal((await answer).text, 'open');
  assert.equal((await server.stop()).code, 0);
  assert.equal(existsSync(path), false);
});

test('with no worker at all it is ready, and still knows what was', async () => {
  const server = await start('--min-workers', '0', '--idle-timeout', '100ms');
  assert.equal((await server.call('GET /api/hello')).status, 200);
  await until(async () => (await statusOf(server)).workers.length === 0, 'no worker');
  assert.equal((await askAdmin(server, '/readyz')).status, 200);
  assert.equal(sumOf(await metricsOf(server), duration), 1);
  assert.match((await capra(['status', server.folder])).stdout, /No workers: the next connection/);
  assert.equal((await server.call('GET /api/hello')).status, 200);
  assert.equal(sumOf(await metricsOf(server), duration), 2);
  await server.stop();
});

test('with --metrics off nothing is counted by route', async () => {
  const server = await start('--metrics', 'off', '--log', 'none');
  assert.equal((await server.call('GET /api/hello')).status, 200);
  const metrics = await metricsOf(server);
  assert.equal(sumOf(metrics, duration), 0);
  assert.equal(sumOf(metrics, 'capra_connections_accepted_total'), 1);
  assert.deepEqual((await statusOf(server)).routes, []);
  await server.stop();
});

test('over TCP it can only be read', async () => {
  const server = await start('--admin', '127.0.0.1:0');
  assert.match(adminAddress(server.folder), /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await askAdmin(server, '/readyz')).status, 200);
  assert.equal((await askAdmin(server, '/stop', 'POST')).status, 404);
  assert.equal((await askAdmin(server, '/reload', 'POST')).status, 404);
  assert.equal((await capra(['status', server.folder])).code, 0);
  await server.stop();
});

test('on its Unix socket it takes commands', async () => {
  const path = join(temporaryFolder(), 'admin.sock');
  const server = await start('--admin', `unix:${path}`);
  assert.equal((await askAdmin(server, '/reload', 'POST')).status, 202);
  await until(async () => (await statusOf(server)).generation === 2, 'the next generation');
  assert.equal((await askAdmin(server, '/stop', 'POST')).status, 202);
  assert.equal((await server.finished).code, 0);
  assert.equal(existsSync(path), false);
});

test('a project with a long path has its socket, too', async () => {
  const folder = join(temporaryFolder(), 'a'.repeat(60), 'b'.repeat(60));
  mkdirSync(join(folder, 'pages/api'), { recursive: true });
  writeFileSync(join(folder, 'pages/api/hello.js'), files['pages/api/hello.js']);
  const server = await startCapra({ app: folder });
  assert.equal((await capra(['status', folder])).code, 0);
  await server.stop();
});

test('an address that cannot be is refused', async () => {
  const folder = await buildApp(files);
  for (const [address, why] of [
    ['nowhere', /--admin: found `nowhere`, expected a port, an address with a port/],
    ['localhost:99999', /--admin: found `localhost:99999`/],
    ['::1:80', /--admin: found `::1:80`/],
    ['unix:/nowhere/at/all/a.sock', /--admin: cannot listen on .*No such file/],
  ] as const) {
    const { code, stderr } = await capra(['start', folder, '-p', '0', '--admin', address]);
    assert.equal(code, 1, address);
    assert.match(stderr, why);
  }
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const path = join(temporaryFolder(), 'app.sock');
  const places = ['--listen', `unix:${path}`, '--admin', String(port)];
  const { code, stderr } = await capra(['start', folder, ...places]);
  taken.close();
  assert.equal(code, 1);
  assert.match(stderr, /--admin: cannot listen on \d+: .*in use/);
  assert.ok(!existsSync(path), 'the socket that was opened for clients is gone');
});

describe('commands for a server that runs', () => {
  test('say so when there is none', async () => {
    const folder = temporaryFolder();
    for (const command of ['status', 'top', 'reload', 'stop']) {
      const { code, stderr } = await capra([command, folder]);
      assert.equal(code, 1);
      assert.match(stderr, /no server of this project runs here; `capra start` starts one/);
    }
  });

  test('say so when it tells nothing', async () => {
    const server = await start('--admin', 'off');
    const { code, stderr } = await capra(['status', server.folder]);
    assert.equal(code, 1);
    assert.match(stderr, /runs with --admin off/);
    assert.equal((await capra(['reload', server.folder])).code, 0);
    await server.stop();
  });

  test('leave a process alone that only has its number', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.capra/run'), { recursive: true });
    const state = { pid: process.pid, generation: 1, refused: 0 };
    writeFileSync(join(folder, '.capra/run/supervisor.json'), JSON.stringify(state));
    const { code, stderr } = await capra(['stop', folder]);
    assert.equal(code, 1);
    assert.match(stderr, /is not a server any more/);
  });

  test('reload: serves the new build, or keeps the old one and says so', async () => {
    const server = await start();
    writeFileSync(
      join(server.folder, 'pages/api/hello.js'),
      'export default (req, res) => res.end("new")',
    );
    assert.equal((await capra(['build', server.folder])).code, 0);
    const good = await capra(['reload', server.folder]);
    assert.deepEqual([good.code, good.stdout], [0, 'The new build is served.\n']);
    assert.equal((await server.call('GET /api/hello')).text, 'new');

    const manifest = join(server.folder, '.capra/manifest.json');
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, '{');
    const bad = await capra(['reload', server.folder]);
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /the old one is still served/);
    assert.equal((await server.call('GET /api/hello')).text, 'new');
    assert.equal(sumOf(await metricsOf(server), 'capra_reloads_refused_total'), 1);
    writeFileSync(manifest, text);
    await server.stop();
  });

  test('stop: comes back when the server has ended', async () => {
    const server = await start();
    const { code, stdout } = await capra(['stop', server.folder]);
    assert.deepEqual([code, stdout], [0, `The server has stopped (process ${server.pid}).\n`]);
    assert.equal((await server.finished).code, 0);
  });
});
