// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Flag } from '../../runtime/core.ts';
import { App, appOf, linesOf, logged, textOf } from './fake-core.ts';

const limited = { routes: [{ config: { maxDuration: 1.5 } }] };

/** With time that passes only when the test says so. */
async function withTime(task: () => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    await task();
  } finally {
    mock.timers.reset();
  }
}

/** The first request loads the route, which takes as long as it takes. */
async function warm(app: App): Promise<void> {
  await app.fetch({ target: '/warm' });
}

test('who has not answered in time is answered for', async () => {
  await withTime(async () => {
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
    }, limited);
    await warm(app);
    const id = app.request();
    mock.timers.tick(1499);
    assert.equal(app.core.answers.get(id), undefined);
    const log = await logged(() => mock.timers.tick(1));
    assert.equal(
      log,
      '⨯ GET /api/x (pages/api/x.ts) has not been answered within its maxDuration of 1.5 s\n',
    );
    const answer = await app.answer(id);
    assert.deepEqual([answer.status, answer.flags], [504, Flag.close]);
    assert.deepEqual(linesOf(answer), ['Content-Type: text/plain; charset=utf-8']);
    assert.equal(textOf(answer), 'The route has not answered in time.\n');
    await turn();
    assert.deepEqual(seen, ['signal', 'close', false, true]);

    // What comes late is dropped.
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
    assert.equal(answer.status, 504);
    assert.deepEqual(app.core.strays, []);
  });
});

test('an answer that has begun is cut', async () => {
  await withTime(async () => {
    using app = appOf((req, res) => {
      if (req.url === '/warm') return res.end();
      res.write('part');
    }, limited);
    await warm(app);
    const id = app.request();
    await logged(() => mock.timers.tick(1500));
    assert.equal((await app.answer(id)).state, 'aborted');
    assert.deepEqual(app.core.strays, []);
  });
});

test('an answer in time, at once or later, leaves no timer behind', async () => {
  await withTime(async () => {
    const set = mock.method(globalThis, 'setTimeout');
    const cleared = mock.method(globalThis, 'clearTimeout');
    using app = appOf(async (req, res) => {
      if (req.url === '/later') await turn();
      res.json({ a: 1 });
    }, limited);
    await warm(app);
    for (const target of ['/now', '/later']) {
      assert.equal((await app.fetch({ target })).status, 200);
    }
    assert.equal(await logged(() => mock.timers.tick(5000)), '');
    const [made, ended] = [set, cleared].map((each) => each.mock.callCount());
    assert.equal(made, ended);
    mock.restoreAll();
  });
});

test('a route without it has no timer, and with parity none has', async () => {
  for (const options of [{}, { ...limited, settings: { parity: true } }]) {
    const set = mock.method(globalThis, 'setTimeout');
    using app = appOf((_req, res) => res.json({ a: 1 }), options);
    await warm(app);
    assert.equal(set.mock.callCount(), 0);
    set.mock.restore();
  }
});

test('a module that only it itself knows says so, too', async () => {
  await withTime(async () => {
    using app = new App();
    const source =
      'module.exports = (req, res) => { if (req.url === "/warm") res.end(); };' +
      'module.exports.config = { maxDuration: 2 };';
    app.routes([{ module: app.module('slow.cjs', source), config: { dynamic: true } }]);
    await warm(app);
    const id = app.request();
    await turn();
    await logged(() => mock.timers.tick(2000));
    assert.equal((await app.answer(id)).status, 504);
  });
});
