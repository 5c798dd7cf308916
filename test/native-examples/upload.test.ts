// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { residentBytes } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';
import { type Example, expect, HOSTS, startExample, stopsWell } from './support.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const MIB = 1024 ** 2;

for (const host of HOSTS) {
  describe(`examples/c-upload in ${host}`, () => {
    let app: Example;
    let workers: number[];
    before(async () => {
      app = await startExample('c-upload', host);
      workers = app.workers();
    });
    after(() => stopsWell(app, workers));

    const kept = () => readdirSync(join(app.folder, 'data/files'));
    const partial = () => kept().filter((name) => name.startsWith('.partial'));

    for (const length of [0, 1, 100, 65_536, 3 * MIB + 1]) {
      test(`keeps ${length} bytes under their hash, and gives them back`, async () => {
        const body = Buffer.alloc(length, 'capra');
        const hash = sha256(body);
        const { headers } = await expect(app.call('POST /api/upload', { body }), 201, {
          sha256: hash,
          bytes: length,
        });
        assert.equal(headers.location, `/api/files/${hash}`);
        const back = await expect(app.call(`GET /api/files/${hash}`), 200);
        assert.equal(sha256(back.bytes), hash);
        assert.equal(back.headers['x-content-type-options'], 'nosniff');
        assert.deepEqual(partial(), []);
      });
    }

    test('takes a body in chunks, byte by byte', async () => {
      const wire = await Wire.open(app.port);
      const chunks = Array.from('streamed', (letter) => `1\r\n${letter}\r\n`).join('');
      const head = format('POST /api/upload', { headers: { 'Transfer-Encoding': 'chunked' } });
      await wire.send(Buffer.concat([head, Buffer.from(`${chunks}0\r\n\r\n`)]), { split: 'bytes' });
      const answer = await wire.answer('POST');
      assert.deepEqual(answer.json(), { sha256: sha256(Buffer.from('streamed')), bytes: 8 });
      wire.close();
    });

    test('takes 128 MiB in constant memory', async () => {
      const piece = Buffer.alloc(MIB, 'streamed');
      const hash = createHash('sha256');
      const wire = await Wire.open(app.port);
      await wire.send(
        format('POST /api/upload', { headers: { 'Content-Length': String(128 * MIB) } }),
      );
      const before = residentBytes(workers[0] as number);
      let most = before;
      for (let at = 0; at < 128; at++) {
        hash.update(piece);
        await wire.send(piece);
        most = Math.max(most, residentBytes(workers[0] as number));
      }
      const answer = await wire.answer('POST');
      assert.equal(answer.json().sha256, hash.digest('hex'));
      // A sanitizer keeps what was freed for a while, to notice who uses it yet.
      const room = host === 'sanitizers' ? 512 * MIB : 32 * MIB;
      assert.ok(most - before < room, `grew by ${(most - before) / MIB} MiB`);
      wire.close();
    });

    test('forgets what a client does not finish, and answers others meanwhile', async () => {
      const before = kept().length;
      const wire = await Wire.open(app.port);
      await wire.send(format('POST /api/upload', { headers: { 'Content-Length': '1000000' } }));
      await wire.send(Buffer.alloc(300_000));
      await until(() => partial().length === 1, 'file that is being written');
      await expect(app.call('POST /api/upload', { body: 'meanwhile' }), 201);
      wire.close();
      await until(() => partial().length === 0, 'end of the file that was not finished');
      assert.equal(kept().length, before + 1);
    });

    test('gives out nothing but what it has kept', async () => {
      const names = [
        '..%2f..%2fcapra.json',
        '..%2f',
        'x',
        'A'.repeat(64),
        `${'0'.repeat(64)}`,
        '.partial-000000',
      ];
      for (const name of names)
        await expect(app.call(`GET /api/files/${name}`), 404, { error: 'There is no such file' });
    });

    test('takes POST alone', async () => {
      const { headers } = await expect(app.call('GET /api/upload'), 405);
      assert.equal(headers.allow, 'POST');
    });
  });
}
