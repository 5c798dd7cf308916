// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { appendFileSync, cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildApp, temporaryFolder, writeFiles } from '../support/app.ts';
import { type Environment, spawnCapra } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { root } from '../support/paths.ts';
import { type Server, startCapra, startDev } from '../support/server.ts';
import type { Answer } from '../support/wire.ts';

/**
 * Each example is tested in all of these: capra itself, Node beside a route in JavaScript, and `capra dev --sanitize`.
 */
export const HOSTS = ['capra', 'node', 'sanitizers'] as const;
export type Host = (typeof HOSTS)[number];

export interface Example extends Server {
  host: Host;
  /** A request with a JSON body. */
  send(request: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** A copy of an example, so that its data are the test's own. */
function copyExample(name: string, host: Host): string {
  const folder = join(temporaryFolder(), name);
  const isSource = (path: string) => !['.capra', 'data'].includes(basename(path));
  cpSync(join(root, 'examples', name), folder, { recursive: true, filter: isSource });
  if (host === 'node')
    writeFiles(folder, { 'pages/api/js.js': "export default (req, res) => res.send('js');\n" });
  return folder;
}

/**
 * Serves a copy of an example.
 *
 * @example
 * const example = await startExample('c-sqlite', 'node', { args: ['--workers', '2'] });
 */
export async function startExample(
  name: string,
  host: Host,
  { env = {}, args = [] }: { env?: Environment; args?: string[] } = {},
): Promise<Example> {
  const app = copyExample(name, host);
  const server =
    host === 'sanitizers'
      ? await startDev({ app, env, args: ['--sanitize', ...args] })
      : await startCapra({ app, env, args });
  return {
    ...server,
    host,
    send: (request, body, headers = {}) =>
      server.call(request, {
        headers: { 'Content-Type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

/** Asserts the status, and the JSON body if one is given. */
export async function expect(
  answer: Promise<Answer>,
  status: number,
  body?: unknown,
): Promise<Answer> {
  const found = await answer;
  assert.equal(found.status, status, found.text);
  if (body !== undefined) assert.deepEqual(found.json(), body);
  return found;
}

/**
 * Asserts that the worker has not been replaced since, that no sanitizer has found anything, and that the server stops
 * in good order.
 */
export async function stopsWell(example: Example, workers: number[]): Promise<void> {
  assert.deepEqual(example.workers(), workers, example.stderr());
  const { code } = await example.stop();
  assert.equal(code, 0, example.stderr());
  assert.doesNotMatch(example.stderr(), /Sanitizer|runtime error/);
}

/** Asserts that a worker does not begin to serve, and that the log has the reason. */
export async function refuses(name: string, env: Environment, reason: RegExp): Promise<void> {
  const folder = await buildApp(copyExample(name, 'capra'));
  const running = spawnCapra(['start', folder, '-p', '0'], { env });
  const found = () => running.stdout() + running.stderr();
  await until(() => reason.test(running.stderr()), `${reason} in the log`, { found });
  assert.doesNotMatch(running.stdout(), /Ready/);
  running.process.kill('SIGTERM');
  await within(running.finished, 'end', { found });
}

let changes = 0;

/** Changes a route of a served example, and waits until the new one is in place of the old one. */
export async function change(example: Example, file: string, request: string): Promise<void> {
  const served = () => example.stdout().match(/Compiled/g)?.length ?? 0;
  const before = served();
  appendFileSync(
    join(example.folder, file),
    `\nstatic const int change_${++changes} __attribute__((used)) = ${changes};\n`,
  );
  await until(() => served() > before, 'another build', { found: example.stderr });
  // The old one is let go when the new one is there, and both have had their turn by then.
  for (let at = 0; at < 3; at++) await expect(example.call(request), 200);
}
