// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Closed } from '../../runtime/core.ts';
import { App, appOf, logged } from './fake-core.ts';

// C keeps the time and answers; to the handler it is as if the client had gone.

test('a handler whose time is over learns of it, and what comes late is dropped', async () => {
  const seen: unknown[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: tests do what users may not
  let late: any;
  using app = appOf((req, res) => {
    if (req.url === '/warm') return res.end();
    res.on('close', () => seen.push('close', res.writableEnded, res.destroyed));
    res.on('finish', () => seen.push('finish'));
    req.signal.addEventListener('abort', () => seen.push('signal'));
    late = res;
    return new Promise(() => {});
  });
  await app.fetch({ target: '/warm' });
  const id = app.request();
  app.core.close(id);
  app.host.closed(id, Closed.timedOut);
  await turn();
  assert.deepEqual(seen, ['signal', 'close', false, true]);

  assert.equal(
    await logged(() => {
      late.setHeader('X-A', '1');
      late.status(201).json({ a: 1 });
      late.redirect('/x');
      assert.equal(late.write('x'), false);
      late.end();
    }),
    '',
  );
  assert.deepEqual(app.core.strays, []);
});

/** A module that says itself how long it may take, and what it has C told of that. */
async function told(maxDuration: string, settings = {}): Promise<string[]> {
  using app = new App({ settings });
  const source =
    'module.exports = (req, res) => res.end();' +
    `module.exports.config = { maxDuration: ${maxDuration} };`;
  const module = app.module('slow.cjs', source);
  app.routes([{ module, config: { dynamic: true } }]);
  assert.equal((await app.fetch({ target: '/x' })).status, 200);
  return app.core.calls;
}

test('a limit that only the module itself knows is told', async () => {
  assert.deepEqual(await told('2.5'), ['limit 2500']);
});

test('one that is no time is none', async () => {
  assert.deepEqual(await told('0'), []);
  assert.deepEqual(await told('"5"'), []);
});

test('with parity none is', async () => {
  assert.deepEqual(await told('2', { parity: true }), []);
});
