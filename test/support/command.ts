// SPDX-License-Identifier: MIT

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { within } from './deadline.ts';
import { executable } from './paths.ts';

export type Environment = Record<string, string | undefined>;

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A running process and what it has said so far. It ends with the test process at the latest. */
export interface Running {
  process: ChildProcess;
  pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves when it has exited and all that it wrote was read. */
  finished: Promise<Finished>;
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts `capra` with these arguments. */
export function spawnCapra(
  args: string[],
  { env = {}, cwd }: { env?: Environment; cwd?: string } = {},
) {
  return run(executable, args, { cwd, env: cleanEnvironment(env) });
}

/** Starts another program, as clean and as certain to end. */
export function spawnProgram(file: string, args: string[]): Running {
  return run(file, args, { env: cleanEnvironment({}) });
}

/**
 * Runs `capra` to its end.
 *
 * @example
 * const { code, stderr } = await capra(['start', folder]);
 */
export async function capra(
  args: string[],
  options: { env?: Environment; cwd?: string } = {},
): Promise<Finished> {
  const running = spawnCapra(args, options);
  const found = () => running.stdout() + running.stderr();
  return within(running.finished, `end of capra ${args.join(' ')}`, { ms: 60_000, found });
}

function run(file: string, args: string[], options: SpawnOptions): Running {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  alive.add(child);
  // A test that failed before it stopped its server must not keep the test process waiting. Whoever
  // waits does so with a deadline, which keeps the loop alive as long as needed.
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as Socket).unref();
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text));
  const finished = once(child, 'close').then(([code, signal]) => {
    alive.delete(child);
    return { code, signal, stdout, stderr };
  });
  return {
    process: child,
    pid: child.pid as number,
    stdout: () => stdout,
    stderr: () => stderr,
    finished,
  };
}

// What the person or the test runner has set must not change what is tested.
function cleanEnvironment(extra: Environment): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^(CAPRA_|NODE_)/.test(name) || ['PORT', 'HOSTNAME', 'FORCE_COLOR'].includes(name))
      delete env[name];
  }
  return { ...env, NO_COLOR: '1', ...extra };
}
