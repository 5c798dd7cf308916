// SPDX-License-Identifier: MIT

// Other protocols, for who listens to `upgrade` on `res.socket.server`. The `ws` package does so in test/packages.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { type Server, startCapra } from '../support/server.ts';
import { Wire } from '../support/wire.ts';

const app = {
  'pages/api/listen.js': `
export default function handler(req, res) {
  const { server } = res.socket;
  if (!server.echoes) {
    server.echoes = true;
    server.on('upgrade', (request, socket, head) => {
      const { url, headers } = request;
      if (url.startsWith('/api/throw')) throw new Error('in a listener');
      if (url.startsWith('/api/cut')) return socket.destroy();
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
      socket.write(JSON.stringify([url, headers.upgrade, headers['x-forwarded-for'], socket.remoteAddress]) + '\\n');
      socket.write(head);
      socket.on('data', (piece) => socket.write(piece));
      socket.on('end', () => socket.end('bye'));
    });
  }
  res.json(server.listenerCount('upgrade'));
}
`,
};

const upgradeOf = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;

const listened = {
  'pages/api/listen.js': `
export default function handler(req, res) {
  const { server } = res.socket;
  const others = server.listeners('request');
  const answer = (req, res) => {
    if (req.url.startsWith('/api/throw')) throw new Error('in a listener');
    if (req.url.startsWith('/own/')) {
      let size = 0;
      req.on('data', (piece) => (size += piece.length));
      req.on('end', () => res.writeHead(201, { 'X-Listener': 'yes' }).end(req.method + ' ' + req.url + ' ' + size));
      return;
    }
    res.setHeader('X-Passed', 'on');
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    for (const other of others) other.call(server, req, res);
  };
  server.removeAllListeners('request');
  server.on('request', answer);
  server.stop = () => {
    server.off('request', answer);
    for (const other of others) server.on('request', other);
  };
  res.json(others.length);
}
`,
  'pages/api/body.js': 'export default (req, res) => res.json([req.url, req.body]);',
  'pages/api/stop.js': 'export default (req, res) => res.end(String(res.socket.server.stop()));',
};

describe('a listener of `request` on res.socket.server', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app: listened });
    assert.equal((await server.call('GET /api/listen')).json(), 1);
  });
  after(() => server.stop());

  test('answers what it wants, with any path, and reads bodies', async () => {
    const got = await server.call('GET /own//path/?a=1');
    assert.deepEqual([got.status, got.text], [201, 'GET /own//path/?a=1 0']);
    assert.equal(got.headers['x-listener'], 'yes');
    const sent = await server.call('POST /own/', { body: 'x'.repeat(100_000) });
    assert.equal(sent.text, 'POST /own/ 100000');
  });

  test('lets the rest find its route, and what it has set is in the answer', async () => {
    const got = await server.call('POST /api/body?a=1', {
      headers: { 'Content-Type': 'application/json' },
      body: '{"b":2}',
    });
    assert.deepEqual(got.json(), ['/api/body?a=1', { b: 2 }]);
    assert.equal(got.headers['x-passed'], 'on');
    assert.equal(got.headers['set-cookie'], 'a=1, b=2');
    assert.equal((await server.call('GET /api/body/')).status, 308);
    assert.equal((await server.call('GET /nowhere')).status, 404);
  });

  test('that throws is a 500, and the log names it', async () => {
    assert.equal((await server.call('GET /api/throw')).status, 500);
    await server.logged(
      /GET \/api\/throw \(a listener of res\.socket\.server\)[\s\S]*in a listener/,
    );
  });

  test('is asked no more once it is gone', async () => {
    assert.equal((await server.call('GET /api/stop')).status, 200);
    assert.equal((await server.call('GET /own/x')).status, 404);
    assert.equal((await server.call('GET /api/body')).headers['x-passed'], undefined);
  });
});

describe('an upgrade', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app });
  });
  after(() => server.stop());

  test('is declined as long as nobody listens', async () => {
    const { status } = await server.call('GET /api/listen', {
      headers: { Connection: 'Upgrade', Upgrade: 'websocket' },
    });
    assert.equal(status, 426);
  });

  test('is for who listens, wherever it leads', async () => {
    assert.equal((await server.call('GET /api/listen')).json(), 1);
    for (const path of ['/api/listen?a=1', '/nowhere', '/api/listen/', '//twice']) {
      const wire = await Wire.open(server.port);
      await wire.send(`${upgradeOf(path)}right behind it, `);
      await wire.send('and later');
      wire.finish();
      const text = (await wire.rest()).toString();
      assert.match(text, /^HTTP\/1\.1 101 /);
      assert.ok(text.includes(`["${path}","websocket","127.0.0.1","127.0.0.1"]\n`), text);
      assert.ok(text.endsWith('right behind it, and laterbye'), text);
    }
  });

  test('stands in the access log as one that was taken', async () => {
    await until(() => /"path":"\/nowhere","status":101,/.test(server.stdout()), 'line with 101');
  });

  test('comes behind the answers to earlier requests', async () => {
    const wire = await Wire.open(server.port);
    await wire.send('GET /api/listen HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal((await wire.answer()).json(), 1);
    await wire.send(upgradeOf('/api/listen'));
    wire.finish();
    assert.match((await wire.rest()).toString(), /^HTTP\/1\.1 101 [\s\S]*bye$/);
    const hasty = await Wire.open(server.port);
    await hasty.send(`GET /api/listen HTTP/1.1\r\nHost: a\r\n\r\n${upgradeOf('/api/listen')}`);
    assert.equal((await hasty.answer()).status, 200);
    assert.equal((await hasty.answer()).status, 426);
    hasty.close();
  });

  test('carries much, both ways', async () => {
    const bytes = Buffer.alloc(3_000_000, 'abcdefg');
    const wire = await Wire.open(server.port);
    await wire.send(upgradeOf('/api/listen'));
    await wire.send(bytes);
    wire.finish();
    const all = await wire.rest();
    assert.ok(all.subarray(0, -3).subarray(-bytes.length).equals(bytes));
  });

  test('that a listener cuts or fails at is closed, and the server lives', async () => {
    for (const path of ['/api/cut', '/api/throw']) {
      const wire = await Wire.open(server.port);
      await wire.send(upgradeOf(path));
      await wire.closed();
    }
    await server.logged(/in a listener/);
    for (let i = 0; i < 20; i++) {
      const wire = await Wire.open(server.port);
      await wire.send(upgradeOf('/api/listen'));
      wire.reset();
    }
    assert.equal((await server.call('GET /api/listen')).status, 200);
  });

  test('does not keep a server that is told to stop', async () => {
    const other = await startCapra({ app });
    await other.call('GET /api/listen');
    const wire = await Wire.open(other.port);
    await wire.send(upgradeOf('/api/listen'));
    assert.equal((await wire.answer('HEAD')).status, 101);
    const { code } = await other.stop();
    assert.equal(code, 0);
    wire.close();
  });
});
