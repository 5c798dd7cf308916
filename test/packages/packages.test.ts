// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { within } from '../support/deadline.ts';
import { type Server, startCapra } from '../support/server.ts';

// Each package does its real job in a route of `app/`, through real sockets.

let server: Server;
let upstream: HttpServer;
let base: string;

before(async () => {
  upstream = await startUpstream();
  const { port } = upstream.address() as AddressInfo;
  server = await startCapra({
    app: join(import.meta.dirname, 'app'),
    env: { UPSTREAM: `http://127.0.0.1:${port}`, NEXTAUTH_URL: 'http://localhost' },
  });
  base = `http://127.0.0.1:${server.port}/api`;
});
after(async () => {
  await server?.stop();
  upstream?.closeAllConnections();
  upstream?.close();
});

/** Answers what it was asked, and the SHA-256 of the body. */
async function startUpstream(): Promise<HttpServer> {
  const made = createServer(async (req, res) => {
    const hash = createHash('sha256');
    for await (const piece of req) hash.update(piece);
    res.setHeader('X-Upstream', 'yes');
    res.statusCode = 207;
    res.end(JSON.stringify({ method: req.method, url: req.url, sha256: hash.digest('hex') }));
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return made;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

// biome-ignore lint/suspicious/noExplicitAny: what a package answers is for the test to judge
type Json = any;

async function json(path: string, init?: RequestInit): Promise<{ res: Response; body: Json }> {
  const res = await fetch(base + path, init);
  return { res, body: await res.json() };
}

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

/** What a browser would send back. */
function cookiesOf(res: Response): string {
  return res.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
}

suite('uploads', () => {
  for (const [route, field] of [
    ['/upload-formidable', 'files'],
    ['/upload-multer', 'files'],
  ]) {
    test(`${route} takes files of many MB and fields`, async () => {
      const bytes = randomBytes(6 * 1024 * 1024);
      const form = new FormData();
      form.append('title', 'été');
      form.append(field, new Blob([bytes]), 'large.bin');
      form.append(field, new Blob(['small']), 'small.txt');
      const { res, body } = await json(route, { method: 'POST', body: form });
      assert.equal(res.status, 200);
      // formidable lists them as they have been written, the small one first if the disk is slow.
      const hashes = body.files.map((file: Record<string, string>) => [file.name, file.sha256]);
      assert.deepEqual(Object.fromEntries(hashes), {
        'large.bin': sha256(bytes),
        'small.txt': sha256(Buffer.from('small')),
      });
      assert.match(JSON.stringify(body), /été/);
    });
  }

  test('multer refuses a file beyond its limit', async () => {
    const form = new FormData();
    form.append('files', new Blob([randomBytes(9 * 1024 * 1024)]), 'large.bin');
    const { res, body } = await json('/upload-multer', { method: 'POST', body: form });
    assert.equal(res.status, 413);
    assert.equal(body.error, 'LIMIT_FILE_SIZE');
  });

  test('formidable refuses what is no form', async () => {
    const { res } = await json('/upload-formidable', {
      method: 'POST',
      headers: { 'Content-Type': 'multipart/form-data' },
      body: 'no boundary',
    });
    assert.equal(res.status, 400);
  });
});

suite('cors and helmet', () => {
  test('cors answers the preflight and marks the answer', async () => {
    const preflight = await fetch(`${base}/cors`, { method: 'OPTIONS' });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET,POST');
    const { res, body } = await json('/cors');
    assert.equal(res.headers.get('access-control-allow-origin'), 'https://example.com');
    assert.equal(res.headers.get('access-control-allow-credentials'), 'true');
    assert.deepEqual(body, { ok: true });
  });

  test('helmet sets its headers', async () => {
    const { res } = await json('/helmet');
    assert.match(res.headers.get('content-security-policy') ?? '', /default-src 'self'/);
    assert.equal(res.headers.get('x-content-type-options'), 'nosniff');
  });
});

suite('an express app as the handler', () => {
  test('routes, parameters and middleware', async () => {
    const root = await fetch(`${base}/express`);
    assert.equal(await root.text(), 'root');
    assert.equal(root.headers.get('x-middleware'), 'ran');
    assert.deepEqual((await json('/express/users/7')).body, { id: '7', base: '/api/express' });
    assert.equal((await fetch(`${base}/express/nowhere`)).status, 404);
  });

  test('express.json, with its own limit', async () => {
    const { res, body } = await json('/express/echo', post({ a: [1, 2] }));
    assert.equal(res.status, 201);
    assert.deepEqual(body, { a: [1, 2] });
    const long = await json('/express/echo', post({ a: 'x'.repeat(20_000) }));
    assert.equal(long.res.status, 413);
  });

  test('cookies, files and the request it shows', async () => {
    const { res, body } = await json('/express/cookie', { headers: { cookie: 'a=1' } });
    assert.deepEqual(body, { cookies: { a: '1' } });
    assert.match(res.headers.get('set-cookie') ?? '', /seen=yes; Path=\/; HttpOnly/);
    const file = await fetch(`${base}/express/file`);
    assert.equal(await file.text(), 'a file that Express sends\n');
    assert.match(file.headers.get('content-type') ?? '', /text\/plain/);
    assert.equal((await json('/express/query')).body.ip, '127.0.0.1');
  });

  test('errors go to its error handler', async () => {
    for (const path of ['/express/throw', '/express/reject']) {
      const { res, body } = await json(path);
      assert.equal(res.status, 500);
      assert.deepEqual(body, { failed: 500 });
    }
  });
});

suite('next-connect', () => {
  test('runs its chain by method', async () => {
    assert.deepEqual((await json('/next-connect')).body, { method: 'get', order: '1' });
    const { res, body } = await json('/next-connect', post({ b: 2 }));
    assert.equal(res.status, 201);
    assert.deepEqual(body, { b: 2 });
    const none = await json('/next-connect', { method: 'DELETE' });
    assert.equal(none.res.status, 405);
  });
});

suite('next-auth', () => {
  async function signIn(password: string, withToken = true) {
    const { res: first, body } = await json('/auth/csrf');
    const res = await fetch(`${base}/auth/callback/credentials`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        cookie: cookiesOf(first),
      },
      body: new URLSearchParams({
        username: 'ada',
        password,
        json: 'true',
        ...(withToken ? { csrfToken: body.csrfToken } : {}),
      }),
    });
    return res;
  }

  test('signs in with credentials and knows the session', async () => {
    const res = await signIn('right');
    assert.equal(res.status, 200);
    const { body } = await json('/auth/session', { headers: { cookie: cookiesOf(res) } });
    assert.equal(body.user.email, 'ada@example.com');
    assert.deepEqual((await json('/auth/session')).body, {});
  });

  test('refuses a wrong password, and a form without its token', async () => {
    assert.equal((await signIn('wrong')).status, 401);
    const without = await signIn('right', false);
    assert.doesNotMatch(without.headers.get('set-cookie') ?? '', /session-token=[^;]/);
  });
});

suite('sessions', () => {
  test('iron-session seals, reads and destroys', async () => {
    const { res, body } = await json('/iron-session', post({ user: 'ada' }));
    assert.deepEqual(body, { user: 'ada' });
    const cookie = cookiesOf(res);
    assert.deepEqual((await json('/iron-session', { headers: { cookie } })).body, { user: 'ada' });
    const forged = `${cookie.slice(0, 60)}${cookie[60] === 'a' ? 'b' : 'a'}${cookie.slice(61)}`;
    const { body: nobody } = await json('/iron-session', { headers: { cookie: forged } });
    assert.deepEqual(nobody, { user: null });
    const gone = await json('/iron-session', { method: 'DELETE', headers: { cookie } });
    assert.match(gone.res.headers.get('set-cookie') ?? '', /Max-Age=0/);
  });

  for (const route of ['/session', '/cookie-session']) {
    test(`${route} counts visits`, async () => {
      const { res } = await json(route);
      const { body } = await json(route, { headers: { cookie: cookiesOf(res) } });
      assert.deepEqual(body, { visits: 2 });
    });
  }
});

suite('proxies', () => {
  for (const [route, url] of [
    ['/proxy', '/upstream?a=1'],
    ['/http-proxy', '/api/http-proxy?a=1'],
  ]) {
    test(`${route} passes method, target, body and answer on`, async () => {
      const bytes = randomBytes(2 * 1024 * 1024);
      const { res, body } = await json(`${route}?a=1`, { method: 'PUT', body: bytes });
      assert.equal(res.status, 207);
      assert.equal(res.headers.get('x-upstream'), 'yes');
      assert.deepEqual(body, { method: 'PUT', url, sha256: sha256(bytes) });
    });
  }
});

suite('bodies read by packages', () => {
  test('raw-body has the exact bytes', async () => {
    const { body } = await json('/raw-body', { method: 'POST', body: Buffer.from([0, 255, 10]) });
    assert.deepEqual(body, { hex: '00ff0a' });
    const long = await json('/raw-body', { method: 'POST', body: Buffer.alloc(1024 * 1024 + 1) });
    assert.equal(long.res.status, 413);
    assert.equal(long.body.type, 'entity.too.large');
  });

  test('micro parses JSON, and says what is none', async () => {
    const { res, body } = await json('/micro', post({ a: 1 }));
    assert.equal(res.status, 202);
    assert.deepEqual(body, { got: { a: 1 } });
    const bad = await fetch(`${base}/micro`, { ...post({}), body: '{' });
    assert.equal(bad.status, 400);
  });
});

suite('answers written by packages', () => {
  test('compression compresses what was sent and what was written', async () => {
    for (const query of ['', '?pieces']) {
      const res = await fetch(`${base}/compression${query}`, {
        headers: { 'Accept-Encoding': 'gzip' },
      });
      assert.equal(res.headers.get('content-encoding'), 'gzip');
      assert.match(await res.text(), /^(compress me |piece ){500}/);
      const plain = await fetch(`${base}/compression${query}`, {
        headers: { 'Accept-Encoding': 'identity' },
      });
      assert.equal(plain.headers.get('content-encoding'), null);
    }
  });

  test('archiver streams a zip', async () => {
    const res = await fetch(`${base}/zip`);
    assert.equal(res.headers.get('content-type'), 'application/zip');
    const files = unzip(Buffer.from(await res.arrayBuffer()));
    assert.deepEqual([...files.keys()], ['file-0.txt', 'file-1.txt', 'file-2.txt']);
    assert.equal(files.get('file-2.txt')?.toString(), 'line 2\n'.repeat(100_000));
  });

  test('graphql-yoga answers queries and streams subscriptions', async () => {
    const { body } = await json('/graphql', post({ query: '{ hello(name: "Ada") }' }));
    assert.deepEqual(body, { data: { hello: 'Hello Ada' } });
    const bad = await json('/graphql', post({ query: '{ nothing }' }));
    assert.match(bad.body.errors[0].message, /nothing/);
    const events = await fetch(`${base}/graphql`, {
      ...post({ query: 'subscription { count(to: 3) }' }),
      headers: { 'Content-Type': 'application/json', accept: 'text/event-stream' },
    });
    const text = await events.text();
    assert.match(text, /"count":1[\s\S]*"count":2[\s\S]*"count":3[\s\S]*event: complete/);
  });

  test("tRPC's Next adapter answers queries, mutations and faults", async () => {
    const input = encodeURIComponent(JSON.stringify({ name: 'Ada' }));
    assert.equal((await json(`/trpc/greet?input=${input}`)).body.result.data, 'Hello Ada');
    assert.equal((await json('/trpc/add', post({ a: 2, b: 3 }))).body.result.data, 5);
    const bad = await json('/trpc/add', post({ a: 'two' }));
    assert.equal(bad.res.status, 400);
    assert.equal((await json('/trpc/nothing')).res.status, 404);
  });
});

suite('logs and limits', () => {
  test('morgan logs the answer', async () => {
    await fetch(`${base}/morgan?x=1`);
    await server.logged(/^GET \/api\/morgan\?x=1 203 \d+ 127\.0\.0\.1 HTTP\/1\.1$/m);
  });

  test('pino-http logs the request and its end', async () => {
    await fetch(`${base}/pino-http`);
    const [line] = await server.logged(/^\{.*"request completed"\}$/m);
    const entry = JSON.parse(line);
    assert.equal(entry.req.url, '/api/pino-http');
    assert.equal(entry.res.statusCode, 200);
  });

  test('express-rate-limit refuses the fourth', async () => {
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await fetch(`${base}/rate-limit`)).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
  });
});

/** The files of a zip, by its central directory. */
function unzip(bytes: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06'));
  let at = bytes.readUInt32LE(end + 16);
  while (bytes.readUInt32LE(at) === 0x02014b50) {
    const size = bytes.readUInt32LE(at + 20);
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    files.set(name, inflateRawSync(bytes.subarray(start, start + size)));
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}

suite('other protocols', () => {
  test('ws: WebSockets through res.socket.server', async () => {
    assert.equal((await fetch(`${base}/ws`)).status, 204);
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/api/ws?a=1`);
    socket.binaryType = 'arraybuffer';
    const next = (name: string) =>
      within(
        new Promise<Event>((resolve) => socket.addEventListener(name, resolve, { once: true })),
        name,
      );
    await next('open');
    const message = async () => ((await next('message')) as MessageEvent).data;
    socket.send('text');
    assert.equal(await message(), 'text');
    const bytes = randomBytes(1_000_000);
    socket.send(bytes);
    assert.equal(sha256(new Uint8Array(await message())), sha256(bytes));
    const closed = next('close');
    socket.close(1000);
    assert.equal(((await closed) as CloseEvent).code, 1000);
  });

  // Its path is no route, and with a slash at the end one that would be redirected.
  for (const transports of [['polling', 'websocket'], ['polling'], ['websocket']]) {
    test(`socket.io: by ${transports.join(', then ')}`, async () => {
      assert.equal((await fetch(`${base}/socket-io`)).status, 204);
      const { io } = await import('socket.io-client');
      const client = io(`http://127.0.0.1:${server.port}`, {
        path: '/api/socket_io',
        transports,
        reconnection: false,
      });
      try {
        assert.equal(await client.timeout(10_000).emitWithAck('add', 20, 22), 42);
      } finally {
        client.close();
      }
      // Others find their routes as before.
      assert.deepEqual((await json('/cors')).body, { ok: true });
    });
  }
});
