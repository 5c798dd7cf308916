// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { type AnyHandler, appOf, linesOf, textOf } from './fake-core.ts';

/** What Express and Connect do before they run their stack. */
function mounted(stack: AnyHandler): AnyHandler {
  const request = Object.create(IncomingMessage.prototype, {
    protocol: { get: () => 'http', configurable: true },
    get: {
      value(this: IncomingMessage, name: string) {
        return this.headers[name];
      },
    },
  });
  const response = Object.create(ServerResponse.prototype, {
    sendStatus: {
      value(this: ServerResponse, code: number) {
        this.statusCode = code;
        this.end(String(code));
      },
    },
    json: { value: () => assert.fail('ours shadows it') },
  });
  return (req, res) => {
    req.res = res;
    res.req = req;
    Object.setPrototypeOf(req, request);
    Object.setPrototypeOf(res, response);
    return stack(req, res);
  };
}

test('req and res survive a change of their prototypes', async () => {
  using app = appOf(
    mounted((req, res) => {
      assert.equal(req.res, res);
      assert.equal(res.req, req);
      assert.equal(req.protocol, 'http');
      assert.equal(req.get('host'), 'localhost:3000');
      res.set = 1;
      res.status(201).setHeader('X-A', '1');
      res.json({
        url: req.url,
        query: req.query,
        body: req.body,
        cookies: req.cookies,
        ip: req.socket.remoteAddress,
      });
      assert.equal(res.headersSent, true);
    }),
  );
  const answer = await app.fetch({ method: 'POST', target: '/api/x?a=1', body: 'text' });
  assert.equal(answer.status, 201);
  assert.deepEqual(linesOf(answer), ['X-A: 1', 'Content-Type: application/json; charset=utf-8']);
  assert.deepEqual(JSON.parse(textOf(answer)), {
    url: '/api/x?a=1',
    query: { a: '1' },
    body: 'text',
    cookies: {},
    ip: '192.0.2.7',
  });
  assert.deepEqual(app.core.strays, []);
});

test('their streams and events do, too', async () => {
  const events: string[] = [];
  using app = appOf(
    mounted((req, res) => {
      res.on('finish', () => events.push('finish'));
      res.on('close', () => events.push('close'));
      req.on('data', (chunk: Buffer) => res.write(chunk));
      req.on('end', () => res.sendStatus(202));
    }),
    { routes: [{ config: { bodyParser: false } }] },
  );
  const id = app.request({ method: 'POST', body: null });
  while (!app.core.calls.includes(`readBody ${id}`)) await new Promise(setImmediate);
  app.host.body(id, new Uint8Array([0x61]), undefined);
  app.host.body(id, null, undefined);
  assert.equal(textOf(await app.answer(id)), 'a202');
  await new Promise(setImmediate);
  assert.deepEqual(events, ['finish', 'close']);
});

test('members that middleware replaces are used', async () => {
  const calls: string[] = [];
  using app = appOf((_req, res) => {
    // on-headers, as morgan and cookie-session use it
    const { writeHead, end, write } = res;
    res.writeHead = function (...args: unknown[]) {
      calls.push('writeHead');
      this.setHeader('X-Late', '1');
      return writeHead.apply(this, args);
    };
    // express-session
    res.end = function (...args: unknown[]) {
      calls.push('end');
      if (!this._header) this._implicitHeader();
      return end.apply(this, args);
    };
    res.write = function (...args: unknown[]) {
      calls.push('write');
      return write.apply(this, args);
    };
    res.status(202).json({ a: 1 });
  });
  const answer = await app.fetch();
  assert.deepEqual(calls, ['end', 'writeHead']);
  assert.equal(answer.status, 202);
  assert.ok(linesOf(answer).includes('X-Late: 1'));
  assert.equal(textOf(answer), '{"a":1}');
});

test('a Proxy around req and res works', async () => {
  using app = appOf((req, res) => {
    const seen = new Proxy(req, {});
    new Proxy(res, {}).status(200).json([seen.url, seen.query, seen.headers.host, seen.body]);
  });
  assert.equal(textOf(await app.fetch()), '["/api/x",{},"localhost:3000",""]');
});
