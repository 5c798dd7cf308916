// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { Closed } from '../../runtime/core.ts';
import { type AnyHandler, type App, appOf, textOf } from './fake-core.ts';

const turn = () => new Promise<void>((done) => setImmediate(done));

async function begin(app: App): Promise<number> {
  const id = app.request();
  await turn();
  await turn();
  await turn();
  return id;
}

test('the end is announced in order', async () => {
  const events: string[] = [];
  using app = appOf((req, res) => {
    for (const name of ['prefinish', 'finish', 'close'])
      res.on(name, () => events.push(`res ${name}`));
    for (const name of ['end', 'close']) req.on(name, () => events.push(`req ${name}`));
    res.end('x', () => events.push('callback'));
    events.push('returned');
  });
  await app.fetch();
  await turn();
  assert.deepEqual(events.slice(0, 4), ['returned', 'callback', 'res prefinish', 'res finish']);
  assert.deepEqual(events.slice(4).sort(), ['req close', 'req end', 'res close']);
});

test('who listens just after the end hears of it', async () => {
  const events: string[] = [];
  using app = appOf((_req, res) => {
    res.json(1);
    res.once('finish', () => events.push('finish'));
    res.on('close', () => events.push('close'));
    res.end(() => events.push('second end'));
  });
  await app.fetch();
  await turn();
  assert.deepEqual(events, ['second end', 'finish', 'close']);
});

test('a listener that throws does not keep close from the others', async (t) => {
  const caught: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => caught.push(error.message));
  t.after(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  let isClosed = false;
  using app = appOf((_req, res) => {
    res.on('finish', () => {
      throw new Error('in finish');
    });
    res.on('close', () => {
      isClosed = true;
    });
    res.end();
  });
  await app.fetch();
  await turn();
  assert.deepEqual([caught, isClosed], [['in finish'], true]);
});

test('a client that goes while the handler waits', async () => {
  const events: string[] = [];
  using app = appOf((req, res) => {
    for (const name of ['aborted', 'error', 'close'])
      req.on(name, () => events.push(`req ${name}`));
    for (const name of ['finish', 'error', 'close']) res.on(name, () => events.push(`res ${name}`));
    req.socket.on('close', () => events.push('socket close'));
    res.write('first');
  });
  const id = await begin(app);
  app.host.closed(id, Closed.gone);
  await turn();
  assert.deepEqual(events.sort(), ['req close', 'res close', 'socket close']);
  assert.deepEqual(app.core.strays, []);
});

test('nothing that a handler does after the client has gone reaches the core', async () => {
  let gone: AnyHandler = () => {};
  const { promise, resolve } = Promise.withResolvers<void>();
  using app = appOf(async (req, res) => {
    await promise;
    gone(req, res);
  });
  const id = await begin(app);
  const results: unknown[] = [];
  gone = (req, res) => {
    res.setHeader('X-A', '1');
    results.push(res.getHeader('x-a'), res.headersSent, res.destroyed, res.writableEnded);
    results.push(res.write('x', (error: { code: string }) => results.push(error.code)));
    res.status(201).end('y', (error: { code: string }) => results.push(error.code));
    results.push(res.writableEnded, res.socket.destroyed, req.socket.remoteAddress);
    res.destroy();
    req.destroy();
    res.flushHeaders();
    res.writeContinue();
  };
  app.host.closed(id, Closed.gone);
  resolve();
  await turn();
  await turn();
  assert.deepEqual(results, [
    '1',
    false,
    true,
    false,
    false,
    true,
    true,
    undefined,
    'ERR_STREAM_DESTROYED',
    'ERR_STREAM_DESTROYED',
  ]);
  assert.deepEqual(app.core.strays, []);
});

test('who sends no more may still be answered', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  using app = appOf(async (_req, res) => {
    await promise;
    res.end('after all');
  });
  const id = await begin(app);
  app.host.closed(id, Closed.halfClosed);
  resolve();
  assert.equal(textOf(await app.answer(id)), 'after all');
});

test('who sends no more has gone for those who listen', async () => {
  const ways: AnyHandler[] = [
    (_req, res) => res.on('close', () => {}),
    (req) => req.on('close', () => {}),
    (req) => req.on('aborted', () => {}),
    (req) => req.socket.on('close', () => {}),
    (req) => req.signal,
  ];
  for (const way of ways) {
    using app = appOf((req, res) => void way(req, res));
    const id = await begin(app);
    app.host.closed(id, Closed.halfClosed);
    assert.equal((await app.answer(id)).state, 'aborted', String(way));
  }
});

test('the signal tells of a client that has gone, and of nothing else', async () => {
  const signals: AbortSignal[] = [];
  using app = appOf((req, res) => {
    signals.push(req.signal);
    if (signals.length === 1) res.end();
  });
  await app.fetch();
  const id = await begin(app);
  app.host.closed(id, Closed.gone);
  assert.deepEqual(
    signals.map((signal) => signal.aborted),
    [false, true],
  );
});

test('destroying the socket closes the connection without an answer', async () => {
  for (const way of [
    (_req: unknown, res: { socket: { destroy(): void } }) => res.socket.destroy(),
    (req: { socket: { end(): void } }) => req.socket.end(),
    (_req: unknown, res: { destroy(): void }) => res.destroy(),
  ]) {
    using app = appOf((req, res) => void way(req, res));
    assert.deepEqual((await app.fetch()).state, 'aborted');
    assert.deepEqual(app.core.strays, []);
  }
});

test('the socket tells who is there', async () => {
  using app = appOf((req, res) => {
    const { socket } = req;
    assert.equal(socket, res.socket);
    assert.equal(socket, req.connection);
    assert.equal(socket.setNoDelay().setKeepAlive().ref().unref(), socket);
    assert.deepEqual(
      [socket.readable, socket.writable, socket.destroyed, socket.encrypted],
      [true, true, false, undefined],
    );
    assert.equal(socket.server.listeners('request').length, 1);
    socket.server.removeAllListeners('request');
    assert.equal(socket.readableFlowing, null);
    assert.equal(socket.writableEnded, false);
    socket.once('error', () => {});
    socket.write('raw', (error: { code: string }) => {
      assert.equal(error.code, 'ERR_CAPRA_RAW_SOCKET');
      res.json([socket.remoteAddress, socket.remotePort, socket.remoteFamily, socket.address()]);
      assert.equal(res.socket, socket);
    });
    res.on('close', () => assert.equal(res.socket, null));
  });
  assert.deepEqual(JSON.parse(textOf(await app.fetch())), [
    '192.0.2.7',
    40_000,
    'IPv4',
    { address: '127.0.0.1', family: 'IPv4', port: 3000 },
  ]);
  assert.equal(app.core.peers, 1);
});

test('a time-out is told to whoever asked for it', async () => {
  const ways: AnyHandler[] = [
    (_req, res) => res.setTimeout(1, () => res.end('timeout')),
    (req, res) => {
      req.complete = false;
      req.setTimeout(1, () => res.end('timeout'));
    },
    (req, res) => req.socket.setTimeout(1).on('timeout', () => res.end('timeout')),
  ];
  for (const way of ways) {
    using app = appOf((req, res) => void way(req, res));
    assert.equal(textOf(await slow(app)), 'timeout', String(way));
  }
});

test('a time-out that nobody hears closes the connection', async () => {
  using app = appOf((req) => void req.setTimeout(1));
  assert.equal((await slow(app)).state, 'aborted');
});

async function slow(app: App) {
  const id = app.request();
  for (;;) {
    const answer = app.core.answers.get(id);
    if (answer !== undefined) return answer;
    await new Promise((done) => setTimeout(done, 1));
  }
}

test('requests of one turn do not see each other’s context', async () => {
  const storage = new AsyncLocalStorage<number>();
  const seen: unknown[] = [];
  let count = 0;
  using app = appOf(async (_req, res) => {
    const before = storage.getStore();
    storage.enterWith(++count);
    await turn();
    seen.push([before, storage.getStore()]);
    res.end();
  });
  await app.fetch();
  const ids = [app.request(), app.request(), app.request()];
  for (const id of ids) await app.answer(id);
  assert.deepEqual(seen, [
    [undefined, 1],
    [undefined, 2],
    [undefined, 3],
    [undefined, 4],
  ]);
});
