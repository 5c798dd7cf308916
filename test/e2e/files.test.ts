// SPDX-License-Identifier: MIT

// Files of `public/`, from a project that is built and from one that is being worked on.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as zlib from 'node:zlib';
import { buildApp, type Files, makeApp, writeFiles } from '../support/app.ts';
import { until } from '../support/deadline.ts';
import { residentBytes, type Server, startCapra, startDev } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

const BIG = 40 << 20;
const big = randomBytes(BIG);
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const shared: Files = {
  'public/index.html': '<!doctype html><title>Home</title>',
  'public/api/pub.txt': 'pubfile\n',
  'public/script.js': 'let a = 1;\n'.repeat(500),
  'public/with space/ü.txt': 'umlaut',
  'public/.env': 'SECRET=1',
  'public/.well-known/security.txt': 'Contact: mailto:security@example.com',
  'secret.txt': 'secret',
};
const script: Files = {
  ...shared,
  'pages/api/[id].js': 'export default (req, res) => res.json({ q: req.query });',
};
const native: Files = {
  ...shared,
  'pages/api/[id].c': `
#include <capra.h>

static void answer(capra_request *req, capra_response *res)
{
    (void)req;
    capra_json(res, 200, "{s:{s:s}}", "q", "id", "other");
}

CAPRA_ROUTE(answer);
`,
};

for (const [language, files] of Object.entries({ JavaScript: script, C: native })) {
  describe(`public files beside routes in ${language}`, () => {
    let server: Server;
    before(async () => {
      const folder = makeApp(files);
      writeFileSync(join(folder, 'public/big.bin'), big);
      symlinkSync('api/pub.txt', join(folder, 'public/link.txt'));
      symlinkSync('../secret.txt', join(folder, 'public/out.txt'));
      symlinkSync('/etc', join(folder, 'public/etc'));
      utimesSync(join(folder, 'public/api/pub.txt'), 1_700_000_000, 1_700_000_000.5);
      server = await startCapra({ app: await buildApp(folder) });
    });
    after(() => server.stop());

    test('a file goes before a dynamic route', async () => {
      const file = await server.call('GET /api/pub.txt');
      assert.equal(file.status, 200);
      assert.equal(file.text, 'pubfile\n');
      assert.deepEqual(file.lines.slice(0, 6), [
        'Accept-Ranges: bytes',
        'Cache-Control: public, max-age=0',
        'Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT',
        `ETag: W/"8-${(1_700_000_000_500).toString(16)}"`,
        'Content-Type: text/plain; charset=UTF-8',
        'Vary: Accept-Encoding',
      ]);
      assert.equal(file.headers['content-length'], '8');
      const route = await server.call('GET /api/other');
      assert.deepEqual(route.json(), { q: { id: 'other' } });
    });

    test('the slash is index.html', async () => {
      const { status, text, headers } = await server.call('GET /');
      assert.equal(status, 200);
      assert.equal(text, shared['public/index.html']);
      assert.equal(headers['content-type'], 'text/html; charset=UTF-8');
    });

    test('other methods are 405', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const { status, lines } = await server.call(`${method} /api/pub.txt`);
        assert.equal(status, 405);
        assert.ok(lines.includes('Allow: GET') && lines.includes('Allow: HEAD'));
      }
      const posted = await server.call('POST /api/pub.txt', { body: 'x'.repeat(100) });
      assert.equal(posted.status, 405);
    });

    test('HEAD says what GET would', async () => {
      const get = await server.call('GET /script.js');
      const head = await server.call('HEAD /script.js');
      assert.equal(head.bytes.length, 0);
      assert.deepEqual(
        head.lines.filter((line) => !line.startsWith('Date')),
        get.lines.filter((line) => !line.startsWith('Date')),
      );
    });

    test('escapes are decoded once', async () => {
      assert.equal((await server.call('GET /with%20space/%C3%BC.txt')).text, 'umlaut');
      assert.equal((await server.call('GET /with%2520space/%C3%BC.txt')).status, 404);
      assert.equal((await server.call('GET /with%20space%2F%C3%BC.txt')).status, 404);
    });

    test('nothing leads out of the folder', async () => {
      const refused = [
        '/.env',
        '/%2eenv',
        '/out.txt',
        '/etc/passwd',
        '/../secret.txt',
        '/%2e%2e/secret.txt',
        '/..%2fsecret.txt',
        '/..%5csecret.txt',
        '/with%20space/..%2f..%2fsecret.txt',
        '/%2fetc%2fpasswd',
        '/script.js%00',
        '/script.js%00.txt',
        '/%c0%ae%c0%ae/secret.txt',
        '/pages/api/[id].js',
        '/next.config.js',
      ];
      for (const path of refused) {
        const { status, text } = await server.call(`GET ${path}`);
        assert.ok(status === 404 || status === 400, `${path}: ${status}`);
        assert.doesNotMatch(text, /secret|SECRET|root:/);
      }
      assert.equal((await server.call('GET /link.txt')).text, 'pubfile\n');
      assert.equal((await server.call('GET /.well-known/security.txt')).status, 200);
    });

    test('a file that has not changed is not sent again', async () => {
      const { headers } = await server.call('GET /script.js');
      for (const condition of [
        { 'If-None-Match': headers.etag },
        { 'If-None-Match': `"x", ${headers.etag}` },
        { 'If-Modified-Since': headers['last-modified'] },
      ]) {
        const again = await server.call('GET /script.js', { headers: condition as never });
        assert.equal(again.status, 304);
        assert.equal(again.headers.etag, headers.etag);
        assert.equal(again.headers['content-type'], undefined);
      }
      const other = await server.call('GET /script.js', { headers: { 'If-None-Match': '"x"' } });
      assert.equal(other.status, 200);
    });

    test('ranges', async () => {
      const range = (value: string) =>
        server.call('GET /big.bin', {
          headers: { Range: `bytes=${value}`, 'Accept-Encoding': 'br' },
        });
      const middle = await range('1000000-1999999');
      assert.equal(middle.status, 206);
      assert.equal(middle.headers['content-range'], `bytes 1000000-1999999/${BIG}`);
      assert.ok(middle.bytes.equals(big.subarray(1_000_000, 2_000_000)));
      const end = await range('-10');
      assert.ok(end.bytes.equals(big.subarray(BIG - 10)));
      const outside = await range(`${BIG}-`);
      assert.equal(outside.status, 416);
      assert.equal(outside.headers['content-range'], `bytes */${BIG}`);
      const several = await range('0-0,5-5');
      assert.equal(several.status, 200);
      assert.equal(several.bytes.length, BIG);
    });

    test('a download that broke off goes on where it was', async () => {
      const wire = await Wire.open(server.port);
      await wire.send(format('GET /big.bin'));
      await until(() => wire.waiting > 1 << 20, 'a megabyte');
      wire.reset();
      const { headers } = await server.call('HEAD /big.bin');
      const rest = await server.call('GET /big.bin', {
        headers: { Range: 'bytes=1048576-', 'If-Range': headers['last-modified'] },
      });
      assert.equal(rest.status, 206);
      assert.ok(rest.bytes.equals(big.subarray(1 << 20)));
    });

    test('text is compressed', async () => {
      const { headers, bytes } = await server.call('GET /script.js', {
        headers: { 'Accept-Encoding': 'gzip, deflate, br' },
      });
      assert.equal(headers['content-encoding'], 'br');
      assert.equal(zlib.brotliDecompressSync(bytes).toString(), shared['public/script.js']);
    });

    test('a large file takes no memory, however slowly it is read', async () => {
      await server.call('GET /big.bin');
      const before = residentBytes(server.worker());
      const wires = await Promise.all(Array.from({ length: 50 }, () => Wire.open(server.port)));
      for (const wire of wires) {
        wire.pause();
        await wire.send(format('GET /big.bin'));
      }
      for (let i = 0; i < 20; i++) assert.equal((await server.call('GET /api/other')).status, 200);
      const grown = residentBytes(server.worker()) - before;
      assert.ok(grown < 50 << 20, `${grown} bytes more`);
      for (const wire of wires.slice(2)) wire.reset();
      for (const wire of wires.slice(0, 2)) {
        wire.resume();
        assert.equal(digest((await wire.answer()).bytes), digest(big));
        wire.close();
      }
      // A descriptor that is still open would be one too many for ever.
      const open = () => readdirSync(`/proc/${server.worker()}/fd`).length;
      const last = await until(() => open() < 45 && open(), 'closed files');
      assert.ok(last);
    });
  });
}

describe('public files under a base path', () => {
  test('are below it too', async () => {
    const server = await startCapra({
      app: { ...script, 'next.config.js': "export default { basePath: '/docs' };" },
    });
    assert.equal((await server.call('GET /docs/api/pub.txt')).text, 'pubfile\n');
    assert.equal((await server.call('GET /docs')).text, shared['public/index.html']);
    assert.equal((await server.call('GET /api/pub.txt')).status, 404);
    await server.stop();
  });
});

describe('public files in development', () => {
  let server: Server;
  before(async () => {
    server = await startDev({ app: { 'pages/api/[id].js': script['pages/api/[id].js'] } });
  });
  after(() => server.stop());

  test('are there as soon as they are written, and gone when they are', async () => {
    assert.equal((await server.call('GET /api/new.txt')).json().q.id, 'new.txt');
    writeFiles(server.folder, { 'public/api/new.txt': 'one', 'public/.hidden': 'no' });
    assert.equal((await server.call('GET /api/new.txt')).text, 'one');
    writeFiles(server.folder, { 'public/api/new.txt': 'three' });
    assert.equal((await server.call('GET /api/new.txt')).text, 'three');
    assert.equal((await server.call('GET /.hidden')).status, 404);
    rmSync(join(server.folder, 'public'), { recursive: true });
    assert.equal((await server.call('GET /api/new.txt')).json().q.id, 'new.txt');
  });
});
