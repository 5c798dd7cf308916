// SPDX-License-Identifier: MIT

// Where a server listens: several places at once, Unix sockets, and what systemd hands over.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { buildApp, temporaryFolder } from '../support/app.ts';
import { capra, type Running, spawnCapra } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { executable } from '../support/paths.ts';
import { childrenOf } from '../support/server.ts';
import { native, script } from '../support/twins.ts';
import { exchange } from '../support/wire.ts';

async function start(
  args: string[],
  use: (running: Running) => Promise<void>,
  app = native,
): Promise<void> {
  const running = spawnCapra(['start', await buildApp(app), '--workers', '1', ...args]);
  try {
    await ready(running);
    await use(running);
  } finally {
    if (running.process.exitCode === null) running.process.kill('SIGTERM');
    await within(running.finished, 'end', { found: running.stderr });
  }
}

const ready = (running: Running) =>
  until(() => /Ready/.test(running.stdout()) || running.process.exitCode !== null, 'ready line', {
    found: () => running.stdout() + running.stderr(),
  });

/** The ports that the banner names. */
const portsOf = (running: Running) =>
  [...running.stdout().matchAll(/- Local: +http:\/\/\S+:(\d+)$/gm)].map((match) =>
    Number(match[1]),
  );

/** The status of one request over a Unix socket. */
function askPath(socketPath: string, path = '/api/hello'): Promise<number> {
  const answered = new Promise<number>((resolve, reject) => {
    request({ socketPath, path, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode as number));
    })
      .on('error', reject)
      .end();
  });
  return within(answered, 'answer');
}

describe('--listen', () => {
  test('several places at once, and the banner shows them', () => {
    const path = join(temporaryFolder(), 'app.sock');
    const args = ['--listen', '127.0.0.1:0', '--listen', '[::1]:0', '--listen', `unix:${path}`];
    return start(['-H', '127.0.0.1', '-p', '0', ...args], async (running) => {
      const ports = portsOf(running);
      assert.equal(ports.length, 3);
      assert.match(running.stdout(), /- Local: +http:\/\/\[::1\]:\d+$/m);
      assert.ok(running.stdout().includes(`unix:${path}`));
      assert.equal((await exchange(ports[0], 'GET /api/hello')).status, 200);
      assert.equal((await exchange(ports[1], 'GET /api/hello')).status, 200);
      assert.equal(await askPath(path), 200);
    });
  });

  test('stands for the usual port, unless that is named as well', () =>
    start(['--listen', '127.0.0.1:0'], async (running) => {
      assert.equal(portsOf(running).length, 1);
    }));

  for (const [language, app] of [
    ['JavaScript', script],
    ['C', native],
  ] as const) {
    test(`a Unix socket has its mode and goes with the server; routes in ${language}`, async () => {
      const path = join(temporaryFolder(), 'app.sock');
      await start(
        ['--listen', `unix:${path},mode=600`],
        async () => {
          assert.equal(statSync(path).mode & 0o777, 0o600);
          for (let i = 0; i < 3; i++) assert.equal(await askPath(path), 200);
        },
        app,
      );
      assert.equal(existsSync(path), false);
    });
  }

  test('a path that a killed server has left is taken over', async () => {
    const path = join(temporaryFolder(), 'app.sock');
    await start(['--listen', `unix:${path}`], async (running) => {
      const [worker] = childrenOf(running.pid);
      running.process.kill('SIGKILL');
      process.kill(worker, 'SIGKILL');
      await within(running.finished, 'end');
    });
    assert.ok(lstatSync(path).isSocket());
    await start(['--listen', `unix:${path}`], async () => assert.equal(await askPath(path), 200));
  });

  test('a path that is in use or is no socket is left alone', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'app.sock');
    const file = join(folder, 'file');
    writeFileSync(file, 'precious');
    await start(['--listen', `unix:${path}`], async () => {
      for (const taken of [path, file]) {
        const { code, stderr } = await capra([
          'start',
          await buildApp(native),
          '--listen',
          `unix:${taken}`,
        ]);
        assert.equal(code, 1);
        assert.match(stderr, /another process listens there, or the path is no socket/);
      }
      assert.equal(await askPath(path), 200);
    });
    assert.equal(readFileSync(file, 'utf8'), 'precious');
  });

  for (const [place, expected] of [
    ['localhost', /expected a port \(8080\)/],
    ['127.0.0.1:70000', /expected a port/],
    ['::1:8080', /stands in brackets/],
    ['unix:app.sock', /begins with a slash/],
    ['unix:/tmp/app.sock,mode=999', /expected a mode in octal digits/],
    [`unix:/${'a'.repeat(120)}`, /at most 107 bytes/],
    ['unix:/nowhere/app.sock', /the folder is not there/],
  ] as const) {
    test(`refuses ${place.slice(0, 40)} and says what would be right`, async () => {
      const { code, stderr } = await capra(['start', await buildApp(native), '--listen', place]);
      assert.equal(code, 1);
      assert.match(stderr, expected);
    });
  }
});

/** Starts it as systemd does: with a listening socket as descriptor 3. */
async function activated(socket: NetServer, environment: string): Promise<Running> {
  const folder = await buildApp(native);
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const line = `${environment} exec "$0" start "$1" --workers 1 --min-workers 0 --idle-timeout 1s`;
  const child = spawn('/bin/sh', ['-c', line, executable, folder], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    env: { ...process.env, PORT: '0', NO_COLOR: '1' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text));
  const finished = new Promise<Awaited<Running['finished']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    process: child,
    pid: child.pid as number,
    stdout: () => stdout,
    stderr: () => stderr,
    finished,
  };
}

const listening = async (): Promise<{ socket: NetServer; port: number }> => {
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
  return { socket, port: (socket.address() as { port: number }).port };
};

describe('sockets from systemd', () => {
  test('are served instead of the usual port, and no variable of theirs is passed on', async () => {
    const { socket, port } = await listening();
    const running = await activated(socket, 'LISTEN_PID=$$ LISTEN_FDS=1');
    try {
      await ready(running);
      assert.deepEqual(portsOf(running), [port]);
      const [worker] = childrenOf(running.pid);
      const environment = readFileSync(`/proc/${worker}/environ`, 'latin1');
      assert.doesNotMatch(environment, /LISTEN_/);
      // Our own handle of it takes nothing any more, as systemd does not.
      socket.close();
      for (let i = 0; i < 3; i++)
        assert.equal((await exchange(port, 'GET /api/hello')).status, 200);
      // Activated, at rest, and woken: what a unit with Accept=no is for.
      await until(() => childrenOf(running.pid).length === 0, 'rest', { ms: 30_000 });
      assert.equal((await exchange(port, 'GET /api/hello')).status, 200);
    } finally {
      running.process.kill('SIGTERM');
      await within(running.finished, 'end');
    }
  });

  test('that are meant for another process are left alone', async () => {
    const { socket, port } = await listening();
    const running = await activated(socket, 'LISTEN_PID=1 LISTEN_FDS=1');
    try {
      await ready(running);
      assert.equal(portsOf(running).length, 1);
      assert.notEqual(portsOf(running)[0], port);
    } finally {
      socket.close();
      running.process.kill('SIGTERM');
      await within(running.finished, 'end');
    }
  });

  test('that do not listen are refused', async () => {
    const { socket } = await listening();
    const running = await activated(socket, 'exec 4</dev/null; LISTEN_PID=$$ LISTEN_FDS=2');
    const { code, stderr } = await within(running.finished, 'end');
    socket.close();
    assert.equal(code, 1);
    assert.match(stderr, /descriptor 4, which systemd has handed over: it is no stream socket/);
  });
});

describe('--user', () => {
  const isRoot = process.getuid?.() === 0;

  test('an unknown one is refused', async () => {
    for (const user of ['nobody-of-that-name', 'nobody:no-such-group', ':x']) {
      const args = ['start', await buildApp(native), '-p', '0', '--user', user];
      const { code, stderr } = await capra(args);
      assert.equal(code, 1);
      assert.match(stderr, /--user: (there is no|found)/);
    }
  });

  test(isRoot ? 'gives the rights of root up, in all processes' : 'wants root', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const path = join(folder, 'app.sock');
    const args = ['--listen', `unix:${path},mode=600`, '--user', 'nobody'];
    if (!isRoot) {
      const { code, stderr } = await capra(['start', await buildApp(native), ...args]);
      assert.equal(code, 1);
      assert.match(stderr, /only root can become somebody else/);
      return;
    }
    const built = await buildApp({ ...native, 'pages/api/own.c': native['pages/api/hello.c'] });
    chmodSync(built, 0o755);
    const running = spawnCapra(['start', built, '--workers', '1', ...args]);
    try {
      await ready(running);
      assert.equal(await askPath(path), 200);
      const [worker] = childrenOf(running.pid);
      for (const pid of [running.pid, worker]) {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        assert.match(status, /^Uid:\t(?!0\t)(\d+)\t\1\t\1\t\1$/m);
        assert.match(status, /^Gid:\t(?!0\t)(\d+)\t\1\t\1\t\1$/m);
        assert.match(status, /^Groups:\t(?!.*\b0\b)/m);
        assert.match(status, /^NoNewPrivs:\t1$/m);
      }
      assert.notEqual(statSync(path).uid, 0);
      assert.equal((await capra(['reload', built])).code, 0);
      assert.doesNotMatch(running.stderr(), /cannot be written/);
    } finally {
      running.process.kill('SIGTERM');
      await within(running.finished, 'end', { found: running.stderr });
    }
  });
});
