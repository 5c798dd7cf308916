// SPDX-License-Identifier: MIT

import { readdirSync, readFileSync } from 'node:fs';
import { buildApp, type Files, makeApp } from './app.ts';
import { type Environment, type Finished, spawnCapra } from './command.ts';
import { until, within } from './deadline.ts';
import { type Answer, exchange, type Message } from './wire.ts';

export interface Server {
  folder: string;
  port: number;
  pid: number;
  stdout(): string;
  stderr(): string;
  /** One request on a connection of its own. */
  call(request: string, message?: Message): Promise<Answer>;
  /** Waits until stderr has this text; what was there before counts too. */
  logged(pattern: RegExp): Promise<RegExpMatchArray>;
  /** The process id of the only worker; Linux only. */
  worker(): number;
  /** Those of all workers. */
  workers(): number[];
  finished: Promise<Finished>;
  /** Signals the server and waits for its end. Stopping it twice is the same as once. */
  stop(signal?: NodeJS.Signals): Promise<Finished>;
}

export interface ServerOptions {
  /** Files of a project, or the folder of one. */
  app: Files | string;
  args?: string[];
  env?: Environment;
}

/**
 * Builds the project and serves it on a free port, with one worker unless `args` say otherwise.
 *
 * @example
 * const server = await startCapra({ app: { 'pages/api/hello.js': '…' } });
 * const { status } = await server.call('GET /api/hello');
 * await server.stop();
 */
export async function startCapra({ app, args = [], env = {} }: ServerOptions): Promise<Server> {
  // What a test asks one worker, it mostly wants to find again in the same one.
  const workers = args.some((arg) => /^--(?:(?:min|max)-)?workers\b/.test(arg))
    ? []
    : ['--workers', '1'];
  return serve('start', await buildApp(app), [...workers, ...args], env);
}

/**
 * As `startCapra`, for the time of `use`; then the server is killed, for a test may have left
 * requests that nobody answers.
 *
 * @example
 * await withCapra({ app }, async (server) => {
 *   assert.equal((await server.call('GET /api/hello')).status, 200);
 * });
 */
export async function withCapra(options: ServerOptions, use: (server: Server) => Promise<void>) {
  const server = await startCapra(options);
  try {
    await use(server);
  } finally {
    await server.stop('SIGKILL');
  }
}

/** As `startCapra`, with `capra dev`, which builds by itself; the folder is of this server alone. */
export async function startDev({ app, args = [], env = {} }: ServerOptions): Promise<Server> {
  return serve('dev', typeof app === 'string' ? app : makeApp(app), args, env);
}

async function serve(
  command: string,
  folder: string,
  args: string[],
  env: Environment,
): Promise<Server> {
  const running = spawnCapra([command, folder, '-p', '0', ...args], { env });
  const said = () => running.stdout() + running.stderr();
  const port = await Promise.race([
    until(() => readPort(running.stdout()), 'ready line', { ms: 30_000, found: said }),
    running.finished.then(({ code, signal }) => {
      throw new Error(
        `capra ${command} ended with ${code ?? signal} before it was ready\n${said()}`,
      );
    }),
  ]);

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (running.process.exitCode === null) running.process.kill(signal);
    return within(running.finished, `end after ${signal}`, { found: said });
  };
  return {
    folder,
    port,
    pid: running.pid,
    stdout: running.stdout,
    stderr: running.stderr,
    call: (request, message) => exchange(port, request, message),
    logged: (pattern) =>
      until(() => running.stderr().match(pattern), `${pattern} in the log`, { found: said }),
    worker: () => onlyOne(workersOf(running.pid)),
    workers: () => workersOf(running.pid),
    finished: running.finished,
    stop,
  };
}

// Both lines, so that the port is known only when it is served.
function readPort(stdout: string): number | undefined {
  const local = stdout.match(/^ *- Local: +http:\/\/\S+:(\d+)$/m);
  return local && /Ready/.test(stdout) ? Number(local[1]) : undefined;
}

function workersOf(supervisor: number): number[] {
  return childrenOf(supervisor).filter((pid) => !/compiler\.mjs/.test(commandLine(pid)));
}

function onlyOne(pids: number[]): number {
  if (pids.length !== 1) throw new Error(`expected one worker, found ${pids.join(', ') || 'none'}`);
  return pids[0];
}

/** The process ids of a process's children; Linux only. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid && isAlive(child));
}

export function isAlive(pid: number): boolean {
  const state = statusField(pid, 'State');
  return state !== undefined && !state.startsWith('Z');
}

/** The process's resident memory in bytes; Linux only. */
export function residentBytes(pid: number): number {
  return Number.parseInt(statusField(pid, 'VmRSS') ?? '0', 10) * 1024;
}

function parentOf(pid: number): number {
  return Number(statusField(pid, 'PPid') ?? -1);
}

// A process may end between any two looks at it.
function statusField(pid: number, name: string): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return status.match(new RegExp(`^${name}:\\s+(.*)$`, 'm'))?.[1];
  } catch {
    return undefined;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
