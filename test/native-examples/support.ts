// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildApp, temporaryFolder, writeFiles } from '../support/app.ts';
import { type Environment, spawnCapra } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { root } from '../support/paths.ts';
import { type Server, startCapra } from '../support/server.ts';
import type { Answer } from '../support/wire.ts';

/** Each example is tested in both: capra itself, and Node beside a route in JavaScript. */
export const HOSTS = ['capra', 'node'] as const;
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
  const server = await startCapra({ app: copyExample(name, host), env, args });
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

/** Asserts that the worker has not been replaced since, and that the server stops in good order. */
export async function stopsWell(example: Example, workers: number[]): Promise<void> {
  assert.deepEqual(example.workers(), workers, example.stderr());
  const { code } = await example.stop();
  assert.equal(code, 0, example.stderr());
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
