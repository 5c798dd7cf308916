// SPDX-License-Identifier: MIT

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './app.ts';
import { until, within } from './deadline.ts';

export interface Postgres {
  /** For a client that knows libpq's parameters: `postgresql://postgres@localhost/postgres?host=…`. */
  url: string;
  stop(): Promise<void>;
}

// PostgreSQL refuses to run as root; whoever is nobody has no files of its own to lose.
const NOBODY = 65534;
const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/**
 * A new, empty PostgreSQL server in a temporary folder. It listens on a socket there and on no port.
 *
 * @example
 * const postgres = await startPostgres();
 * const app = await startCapra({ app: folder, env: { DATABASE_URL: postgres.url } });
 */
export async function startPostgres(): Promise<Postgres> {
  const folder = temporaryFolder();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid as number);
  const data = join(folder, 'data');
  const how = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-instructions'];
  execFileSync(program('initdb'), ['-D', data, ...how], { ...user, cwd: folder, stdio: 'pipe' });

  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off'];
  const server = spawn(
    program('postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  process.on('exit', () => server.kill('SIGKILL'));
  await ready(server);
  return {
    url: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`,
    async stop() {
      const exited = once(server, 'exit');
      // SIGINT: what is connected is cut off.
      if (server.kill('SIGINT')) await within(exited, 'end of PostgreSQL');
    },
  };
}

async function ready(server: ChildProcess): Promise<void> {
  let log = '';
  server.stderr?.setEncoding('utf8').on('data', (text) => (log += text));
  const found = () => log;
  await until(() => /ready to accept connections/.test(log), 'PostgreSQL', { ms: 60_000, found });
}

/** Debian keeps these programs apart, by version, and out of PATH; the newest is taken. */
function program(name: string): string {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return name;
  const [newest] = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  return join(versions, newest, 'bin', name);
}
