// SPDX-License-Identifier: MIT
// One server under measurement: started on its own CPU and a free port, checked, stopped by PID.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startedAt, treeOf } from './process-tree.mjs';

const PATIENCE_MS = 15_000;
const STOP_MS = 5_000;

export const HELLO_BODY = '{"message":"Hello from Next.js API!"}';
export const HELLO_PATH = '/api/hello';

/** A port that nobody listens on: the kernel names it, we give it back. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The environment of every server: nothing of the caller's but where programs and home are. */
export const environment = (extra) => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NODE_ENV: 'production',
  ...extra,
});

/** One GET on a connection of its own; undefined when nobody answers. */
function ask(url) {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        body += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
      response.on('error', () => resolve(undefined));
    });
    request.on('error', () => resolve(undefined));
    request.on('timeout', () => request.destroy());
  });
}

const running = new Set();

/** For when the bench itself is stopped: ends every server at once. */
export function stopAllNow() {
  for (const server of running) server.killNow();
}

class Server {
  #child;
  #exited;
  #logFile;

  constructor({ child, port, logFile }) {
    this.#child = child;
    this.#logFile = logFile;
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
    this.port = port;
    this.pid = child.pid;
    this.origin = `http://127.0.0.1:${port}`;
    running.add(this);
  }

  get hasExited() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The end of what the server printed, for error messages. */
  get lastWords() {
    return readFileSync(this.#logFile, 'utf8').trim().split('\n').slice(-12).join('\n');
  }

  /** Waits until hello is answered, and as it should be. */
  async untilReady() {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline && !this.hasExited) {
      const answer = await ask(this.origin + HELLO_PATH);
      if (answer) return this.#check(answer);
      await delay(10);
    }
    throw new Error(`no answer on its port\n${this.lastWords}`);
  }

  #check({ status, headers, body }) {
    const type = headers['content-type'] ?? '';
    if (status !== 200 || body !== HELLO_BODY || !type.startsWith('application/json'))
      throw new Error(
        `hello answered with ${status}, ${type}: ${body.slice(0, 200)}\n${this.lastWords}`,
      );
    this.headers = headers;
  }

  killNow() {
    for (const pid of this.hasExited ? [] : treeOf(this.pid)) kill(pid, 'SIGKILL');
    running.delete(this);
  }

  async stop() {
    const members = treeOf(this.pid).map((pid) => ({ pid, since: startedAt(pid) }));
    if (!this.hasExited) kill(this.pid, 'SIGTERM');
    await Promise.race([this.#exited, delay(STOP_MS, undefined, { ref: false })]);
    for (const { pid, since } of members)
      if (since && startedAt(pid) === since) kill(pid, 'SIGKILL');
    await this.#exited;
    running.delete(this);
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * Starts a server and waits until it answers. It may open as many files as the system allows, runs
 * on one CPU with all its threads and children, and does not outlive the bench.
 *
 * @example const server = await startServer({ command, port, cpu: 0, logFile: 'bun.log' });
 */
export async function startServer({ command, port, cpu, logFile }) {
  const log = openSync(logFile, 'w');
  const script = 'ulimit -n "$(ulimit -Hn)"; exec setpriv --pdeathsig KILL taskset -c "$@"';
  const child = spawn('/bin/sh', ['-c', script, 'sh', String(cpu), ...command.argv], {
    cwd: command.cwd,
    env: environment(command.env),
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const server = new Server({ child, port, logFile });
  try {
    await server.untilReady();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}
