// SPDX-License-Identifier: MIT

import { capra, type Environment, type Finished, spawnCapra } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { type App, appOf, write } from './apps.ts';
import type { Mode } from './case.ts';

export interface Server {
  port: number;
  pid: number;
  folder: string;
  stdout(): string;
  stderr(): string;
  finished: Promise<Finished>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, running requests or not. */
  stop(): Promise<void>;
}

export interface StartOptions {
  mode: Mode;
  args?: string[];
  env?: Environment;
}

/** The options that select a mode. */
export function modeArgs(mode: Mode): string[] {
  return mode === 'next' ? ['--parity', 'next'] : [];
}

/** Builds a project in a mode. */
export function build(project: Pick<App, 'files' | 'links'>, mode: Mode): Promise<Built> {
  const folder = write(project);
  return capra(['build', folder, ...modeArgs(mode)]).then((finished) => ({ folder, ...finished }));
}

export interface Built extends Finished {
  folder: string;
}

/** Writes an app of the contract, builds it and serves it on a free port. */
export async function startApp(
  name: string,
  { mode, args = [], env = {} }: StartOptions,
): Promise<Server> {
  const app = appOf(name, mode);
  if (app.isDev) return serve(['dev', write(app), ...modeArgs(mode), ...args], env);
  const { folder, code, stdout, stderr } = await build(app, mode);
  if (code !== 0) throw new Error(`the app "${name}" does not build: ${stdout}${stderr}`);
  return serve(['start', folder, '--workers', '1', ...args], env);
}

async function serve([command, folder, ...args]: string[], env: Environment): Promise<Server> {
  const running = spawnCapra([command, folder, '-p', '0', ...args], { env });
  const said = () => running.stdout() + running.stderr();
  const port = await Promise.race([
    until(() => readPort(running.stdout()), 'ready line', { ms: 30_000, found: said }),
    running.finished.then(({ code }) => {
      throw new Error(`capra ${command} ended with ${code} before it was ready: ${said()}`);
    }),
  ]);
  const signal = (name: NodeJS.Signals) => void running.process.kill(name);
  return {
    port,
    pid: running.pid,
    folder,
    stdout: running.stdout,
    stderr: running.stderr,
    finished: running.finished,
    signal,
    stop: async () => {
      // Twice, for it need not wait for the requests that are never answered here.
      signal('SIGTERM');
      signal('SIGINT');
      await within(running.finished, 'end of the server', { found: said });
    },
  };
}

function readPort(stdout: string): number | undefined {
  const local = stdout.match(/^ *- Local: +http:\/\/\S+:(\d+)$/m);
  return local && /Ready/.test(stdout) ? Number(local[1]) : undefined;
}
