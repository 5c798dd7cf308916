// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildApp, temporaryFolder } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { type Server, startCapra } from '../support/server.ts';

const app = {
  'pages/api/hello.js': 'export default (req, res) => res.json({ hello: "world" })',
  'pages/api/users/[id].js': 'export default (req, res) => res.status(201).end(req.query.id)',
  'pages/api/never.js': 'export default () => {}',
  'pages/api/say.js':
    'export default (req, res) => { console.log("a handler says this"); res.end() }',
};

interface Line {
  time: string;
  id: string;
  client: string;
  method?: string;
  path?: string;
  'http.route'?: string;
  status: number;
  bytes: number;
  duration_ms: number;
  [more: string]: unknown;
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/** The line of the request that was made with this User-Agent. */
function lineOf(server: Server, agent: string): Promise<Line> {
  return until(
    () => linesOf(server.stdout()).find((line) => line.user_agent === agent),
    `the line of ${agent}`,
    { found: server.stdout },
  );
}

async function send(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.end(bytes);
  for await (const _ of socket);
}

describe('the access log, where nobody looks', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app });
  });
  after(() => server.stop());

  test('has a line of JSON for each request', async () => {
    const began = Date.now();
    await server.call('GET /api/users/7?token=secret', {
      headers: { 'user-agent': 'one', referer: 'https://a.example/b?c=secret' },
    });
    const line = await lineOf(server, 'one');
    assert.equal(line.method, 'GET');
    assert.equal(line.path, '/api/users/7');
    assert.equal(line['http.route'], '/api/users/[id]');
    assert.equal(line.status, 201);
    assert.equal(line.bytes, 1);
    assert.match(line.client, /^(127\.0\.0\.1|::1)$/);
    assert.match(line.id, /^[0-9a-f]{16}$/);
    assert.equal(line.referer, 'https://a.example/b');
    assert.ok(line.duration_ms >= 0 && line.duration_ms < 60_000);
    assert.ok(Math.abs(Date.parse(line.time) - began) < 60_000, line.time);
    assert.doesNotMatch(server.stdout(), /secret/);
  });

  test('keeps a trace that is one', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await server.call('GET /api/hello', { headers: { 'user-agent': 'traced', traceparent } });
    await server.call('GET /api/hello', {
      headers: { 'user-agent': 'untraced', traceparent: traceparent.replace('00-', 'ff-') },
    });
    assert.equal((await lineOf(server, 'traced')).trace_id, '4bf92f3577b34da6a3ce929d0e0e4736');
    assert.equal((await lineOf(server, 'traced')).span_id, '00f067aa0ba902b7');
    assert.equal((await lineOf(server, 'untraced')).trace_id, undefined);
  });

  test('cannot be forged', async () => {
    const before = linesOf(server.stdout()).length;
    const requests = [
      'GET /api/hello%0a{"status":999} HTTP/1.1\r\nHost: a\r\nUser-Agent: f1\r\n\r\n',
      'GET /api/hello HTTP/1.1\r\nHost: a\r\nUser-Agent: f2","status":999,"x":"\r\n\r\n',
      'GET /api/hello HTTP/1.1\r\nHost: a\r\nUser-Agent: f3\xe9\xc2\x9b2J\r\n\r\n',
      'GET /api/hello\x1b[2J HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /api/hello HTTP/1.1\r\nHost: a\r\nUser-Agent: f4\n{"status":999}\r\n\r\n',
      '{"status":999}\r\n\r\n',
    ];
    for (const request of requests) await send(server.port, Buffer.from(request, 'latin1'));
    const lines = await until(
      () => {
        const found = linesOf(server.stdout()).slice(before);
        return found.length >= requests.length ? found : undefined;
      },
      'a line for each',
      { found: server.stdout },
    );
    assert.equal(lines.length, requests.length);
    assert.ok(lines.every(({ status }) => [200, 400, 404].includes(status)));
    assert.ok(lines.some(({ user_agent }) => user_agent === 'f2","status":999,"x":"'));
    assert.ok(lines.some(({ user_agent }) => user_agent === 'f3éÂ\x9b2J'));
    // Line ends alone stand in it raw.
    assert.doesNotMatch(server.stdout(), /[^\n\x20-\x7e\xa0-\u{10ffff}]/u);
  });

  test('tells of a client that has left', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /api/never HTTP/1.1\r\nHost: a\r\nUser-Agent: gone\r\n\r\n');
    await new Promise((resolve) => socket.once('connect', resolve));
    // The request has been read when another one, that came after it, has been answered.
    await server.call('GET /api/hello');
    socket.resetAndDestroy();
    const line = await lineOf(server, 'gone');
    assert.equal(line.status, 499);
    assert.equal(line.cut, true);
    assert.match(line.client, /^(127\.0\.0\.1|::1)$/);
  });

  test('leaves alone what handlers say', async () => {
    await server.call('GET /api/say', { headers: { 'user-agent': 'say' } });
    await lineOf(server, 'say');
    assert.match(server.stdout(), /^a handler says this$/m);
  });
});

test('every line has been written when the server has stopped', async () => {
  const server = await startCapra({ app, args: ['--workers', '2'] });
  const count = 200;
  for (let i = 0; i < count; i += 20)
    await Promise.all(Array.from({ length: 20 }, () => server.call('GET /api/hello')));
  const { stdout } = await server.stop();
  assert.equal(linesOf(stdout).length, count);
  assert.equal(new Set(linesOf(stdout).map(({ id }) => id)).size, count);
});

test('a client can be told the id of its request', async () => {
  const server = await startCapra({ app, args: ['--request-id', 'on'] });
  const { headers } = await server.call('GET /api/hello', { headers: { 'user-agent': 'told' } });
  assert.equal((await lineOf(server, 'told')).id, headers['x-request-id']);
  await server.stop();
});

test('a proxy that is trusted names the client and the request', async () => {
  const headers = { 'x-forwarded-for': '192.0.2.9', 'x-request-id': 'from-the-proxy' };
  const args = ['--request-id', 'on', '--trust-proxy', '127.0.0.0/8,::1'];
  const server = await startCapra({ app, args });
  const answer = await server.call('GET /api/hello', {
    headers: { ...headers, 'user-agent': 'proxied' },
  });
  const line = await lineOf(server, 'proxied');
  assert.deepEqual([line.client, line.id], ['192.0.2.9', 'from-the-proxy']);
  assert.equal(answer.headers['x-request-id'], 'from-the-proxy');
  await server.stop();

  const alone = await startCapra({ app });
  await alone.call('GET /api/hello', { headers: { ...headers, 'user-agent': 'forged' } });
  assert.match((await lineOf(alone, 'forged')).client, /^(127\.0\.0\.1|::1)$/);
  assert.match((await lineOf(alone, 'forged')).id, /^[0-9a-f]{16}$/);
  await alone.stop();
});

test('--log human and --log-query', async () => {
  const server = await startCapra({ app, args: ['--log', 'human', '--log-query', 'on'] });
  await server.call('GET /api/users/7?a=1');
  const { stdout } = await server.stop();
  assert.match(stdout, /^\d\d:\d\d:\d\d GET \/api\/users\/7\?a=1 201 in \d+(\.\d)?ms \(1 B\)$/m);
});

test('--log none writes nothing', async () => {
  const server = await startCapra({ app, args: ['--log', 'none'] });
  await server.call('GET /api/hello');
  const { stdout } = await server.stop();
  assert.doesNotMatch(stdout, /hello/);
});

test('--access-log writes to a file, and to a new one when that was renamed', async () => {
  const file = join(temporaryFolder(), 'access.log');
  const server = await startCapra({ app, args: ['--access-log', file] });
  const has = (agent: string) => () => readFileSync(file, 'utf8').includes(agent) || undefined;
  await server.call('GET /api/hello', { headers: { 'user-agent': 'before' } });
  await until(has('before'), 'the first line');
  renameSync(file, `${file}.1`);
  // It looks for a new file once a second at most, when there is something to write.
  await until(async () => {
    await server.call('GET /api/hello', { headers: { 'user-agent': 'after' } });
    try {
      return readFileSync(file, 'utf8').includes('after') || undefined;
    } catch {
      return undefined;
    }
  }, 'a new file');
  await server.stop();
  assert.match(readFileSync(`${file}.1`, 'utf8'), /before/);
});

test('a log that cannot be written ends the start, and says why', async () => {
  const file = join(temporaryFolder(), 'none', 'access.log');
  const { code, stderr } = await capra([
    'start',
    await buildApp(app),
    '-p',
    '0',
    '--access-log',
    file,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /--access-log: .*none\/access\.log.* cannot be opened.*No such file/);
});

test('what is no format is refused', async () => {
  const { code, stderr } = await capra(['start', '--log', 'xml']);
  assert.equal(code, 2);
  assert.match(stderr, /--log: found `xml`, expected one of: auto human json none/);
});
