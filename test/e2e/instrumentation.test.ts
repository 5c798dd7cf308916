// SPDX-License-Identifier: MIT

// `instrumentation.ts`: what a worker does before it serves, and whom it tells of errors.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildApp, makeApp } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { startCapra, startDev } from '../support/server.ts';

const app = {
  'lib/state.ts': 'export const state = { registered: 0, told: [] as unknown[] };',
  'instrumentation.ts': `
import { state } from './lib/state';
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  await new Promise((done) => setTimeout(done, 20));
  if (process.env.REFUSE) throw new Error('no secret: ' + process.env.FROM_FILE);
  state.registered++;
}
export async function onRequestError(error, { path, method, headers }, context) {
  state.told.push([error.message, method, path, headers.host, context]);
  if (path.includes('worse')) throw new Error('in the teller');
}
`,
  'pages/api/state.ts': `
import { state } from '../../lib/state';
export default (req, res) => res.json({ ...state, runtime: process.env.NEXT_RUNTIME, env: process.env.FROM_FILE });
`,
  'pages/api/[name].ts': "export default async () => { throw new Error('thrown'); };",
  '.env': 'FROM_FILE=yes',
};

describe('instrumentation.ts', () => {
  test('is run before the first request, in the same program as the routes', async () => {
    const server = await startCapra({ app });
    const state = { registered: 1, told: [], runtime: 'nodejs', env: 'yes' };
    assert.deepEqual((await server.call('GET /api/state')).json(), state);
    await server.stop();
  });

  test('is told of what routes throw', async () => {
    const server = await startCapra({ app });
    for (const name of ['bad?a=1', 'worse'])
      assert.equal((await server.call(`POST /api/${name}`)).status, 500);
    const context = { routerKind: 'Pages Router', routePath: '/api/[name]', routeType: 'route' };
    assert.deepEqual((await server.call('GET /api/state')).json().told, [
      ['thrown', 'POST', '/api/bad?a=1', 'localhost', context],
      ['thrown', 'POST', '/api/worse', 'localhost', context],
    ]);
    await server.logged(/onRequestError: Error: in the teller/);
    await server.stop();
  });

  test('that throws keeps the server from starting', async () => {
    const folder = await buildApp(app);
    const { code, stdout, stderr } = await capra(['start', folder, '-p', '0'], {
      env: { REFUSE: '1' },
    });
    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /Ready/);
    assert.match(stderr, /instrumentation\.ts could not prepare the server: Error: no secret: yes/);
    assert.match(stderr, /at register \(.*instrumentation\.ts:6:/);
  });

  test('that cannot be compiled ends the build', async () => {
    const folder = makeApp({ ...app, 'instrumentation.ts': 'export function register( {' });
    const { code, stderr } = await capra(['build', folder]);
    assert.equal(code, 1);
    assert.match(stderr, /instrumentation\.ts:1:\d+/);
  });

  test('is run in development, and beside src/pages', async () => {
    const { 'instrumentation.ts': source, 'lib/state.ts': state, ...rest } = app;
    const server = await startDev({
      app: {
        'src/instrumentation.ts': source,
        'src/lib/state.ts': state,
        'src/pages/api/state.ts': rest['pages/api/state.ts'],
      },
    });
    await until(
      async () => (await server.call('GET /api/state')).json().registered === 1 || undefined,
      'a state that was prepared',
    );
    await server.stop();
  });
});
