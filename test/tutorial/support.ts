// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { temporaryFolder } from '../support/app.ts';
import type { Environment, Finished } from '../support/command.ts';
import { tutorial } from '../support/paths.ts';
import { type Server, startCapra } from '../support/server.ts';
import { type Answer, exchange, type Message } from '../support/wire.ts';

/**
 * Where the tutorial is served already, `http://127.0.0.1:3001`: by Next, to see that the same tests
 * hold there. Without it each test file serves the tutorial with Capra.
 */
export const elsewhere = process.env.CAPRA_TUTORIAL_URL;

/** What signs the log-ins of the tutorials that tests start. */
export const secret = 'a secret of the tests, and of nothing else';

/** The variables that name real services, and those that change answers otherwise. */
export const services = [
  'DATABASE_URL',
  'MONGODB_URI',
  'SMTP_URL',
  'MAIL_TO',
  'MAIL_FROM',
  'STRIPE_WEBHOOK_SECRET',
  'WEATHER_API_KEY',
  'WEATHER_API_URL',
  'WEATHER_TIMEOUT_MS',
  'ALLOWED_ORIGINS',
  'GEO_PLATFORM',
];

export interface Tutorial {
  port: number;
  /** `http://127.0.0.1:PORT`, for `fetch`. */
  url: string;
  /** One request on a connection of its own. */
  call(request: string, message?: Message): Promise<Answer>;
  /** The same with a JSON body. */
  send(request: string, body: unknown, headers?: Message['headers']): Promise<Answer>;
  stop(): Promise<unknown>;
}

/** One that the test has started itself, so that it can look at its log and its files. */
export interface OwnTutorial extends Tutorial {
  server: Server;
  /** Where it keeps its data: a new folder, unless the environment that was given names one. */
  data: string;
  stop(): Promise<Finished>;
}

/**
 * The tutorial, served by Capra or where CAPRA_TUTORIAL_URL says. A server elsewhere keeps its data
 * from one test file to the next, so a test must not take the database to be new.
 *
 * @example
 * const tutorial = await openTutorial();
 * const { status } = await tutorial.call('GET /api/hello');
 * await tutorial.stop();
 */
export async function openTutorial(): Promise<Tutorial> {
  if (elsewhere === undefined) return startTutorial();
  return { ...client(Number(new URL(elsewhere).port)), stop: async () => {} };
}

/** The tutorial under Capra, for a test that needs an environment of its own. */
export async function startTutorial(
  env: Environment = {},
  args: string[] = [],
): Promise<OwnTutorial> {
  const data = env.DATA_FOLDER ?? `${temporaryFolder()}/new/data`;
  // Set, if to nothing, so that neither the environment nor an .env.local of the checkout has a say.
  const unset = Object.fromEntries(services.map((name) => [name, '']));
  const environment = {
    ...unset,
    STRIPE_DEMO: 'yes',
    JWT_SECRET: secret,
    DATA_FOLDER: data,
    ...env,
  };
  const server = await startCapra({ app: tutorial, env: environment, args });
  return { ...client(server.port), server, data, stop: () => server.stop() };
}

function client(port: number): Omit<Tutorial, 'stop'> {
  const json = { 'Content-Type': 'application/json' };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    call: (request, message) => exchange(port, request, message),
    send: (request, body, headers = {}) =>
      exchange(port, request, { headers: { ...json, ...headers }, body: JSON.stringify(body) }),
  };
}

/** Asserts status and JSON body at once. */
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

/** Asserts a 405 that says what would have been right. */
export async function expectMethods(answer: Promise<Answer>, allow: string): Promise<void> {
  const { headers } = await expect(answer, 405);
  assert.equal(headers.allow, allow);
}

/** An address that nobody has used yet, also where the database outlives the test. */
export const newEmail = () => `${randomUUID()}@example.com`;
