// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Server, startCapra } from '../support/server.ts';
import { twins } from '../support/twins.ts';
import { format, rawExchange, Wire } from '../support/wire.ts';

const text = { 'Content-Type': 'text/plain' };

/** Milliseconds from now until the server has ended the connection, and the answer it gave before. */
async function fate(wire: Wire) {
  const start = performance.now();
  const answer = (await wire.atEnd()) ? undefined : await wire.answer();
  await wire.closed();
  return { answer, ms: performance.now() - start };
}

for (const [language, app] of twins) {
  describe(`routes in ${language}`, () => {
    describe('sizes as they are by default', () => {
      let server: Server;
      before(async () => {
        server = await startCapra({ app });
      });
      after(() => server.stop());

      const refused = async (bytes: string | Buffer, status: number) => {
        const answers = await rawExchange(server.port, bytes);
        assert.deepEqual(
          answers.map(({ status }) => status),
          [status],
        );
        assert.equal(answers[0].headers.connection, 'close');
      };

      test('a head of 16 KiB passes, one byte more is 431 (P408)', async () => {
        const empty = format('GET /api/hello', { headers: { 'X-A': '' } });
        const pad = (length: number) =>
          format('GET /api/hello', { headers: { 'X-A': 'a'.repeat(length - empty.length) } });
        const wire = await Wire.open(server.port);
        await wire.send(pad(16_384));
        assert.equal((await wire.answer()).status, 200);
        wire.close();
        await refused(pad(16_385), 431);
      });

      test('a head that never ends is 431, and no more of it is read', async () => {
        await refused(`GET /api/hello HTTP/1.1\r\nX-A: ${'a'.repeat(100_000)}`, 431);
      });

      test('a hundred fields pass, one more is 431', async () => {
        const fields = (count: number) =>
          Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, 'a']));
        const { status } = await server.call('GET /api/hello', { headers: fields(99) });
        assert.equal(status, 200);
        await refused(format('GET /api/hello', { headers: fields(100) }), 431);
      });

      test('a target of 8 KiB passes, one byte more is 414 (P409)', async () => {
        const target = (length: number) => '/api/hello?'.padEnd(length, 'a');
        assert.equal((await server.call(`GET ${target(8192)}`)).status, 200);
        await refused(format(`GET ${target(8193)}`), 414);
        await refused(`GET /${'a'.repeat(40_000)}`, 414);
      });
    });

    describe('limits that are set', () => {
      const settings = '--max-head-bytes 1kb --max-target-bytes 100 --max-body-bytes 10';
      const times = '--head-timeout 300ms --body-timeout 300ms --keep-alive-timeout 400ms';
      let server: Server;
      before(async () => {
        server = await startCapra({ app, args: `${settings} ${times}`.split(' ') });
      });
      after(() => server.stop());

      test('--max-head-bytes', async () => {
        const headers = { 'X-A': 'a'.repeat(1024) };
        assert.equal((await server.call('GET /api/hello', { headers })).status, 431);
      });

      test('--max-target-bytes', async () => {
        assert.equal((await server.call(`GET /api/hello?${'a'.repeat(100)}`)).status, 414);
      });

      test('--max-body-bytes, also where a route would take more', async () => {
        const send = (body: string) => server.call('POST /api/length', { headers: text, body });
        assert.equal((await send('a'.repeat(10))).status, 200);
        assert.equal((await send('a'.repeat(11))).status, 413);
      });

      test('--head-timeout: a head that does not come whole in time is 408', async () => {
        const wire = await Wire.open(server.port);
        await wire.send('GET /api/hello HTTP/1.1\r\nHo');
        const { answer, ms } = await fate(wire);
        assert.equal(answer?.status, 408);
        assert.equal(answer.headers.connection, 'close');
        assert.ok(ms > 250 && ms < 5000, `${ms} ms`);
      });

      test('--head-timeout: a byte now and then does not help', async () => {
        const wire = await Wire.open(server.port);
        const start = performance.now();
        const drip = setInterval(() => wire.send('a'), 50);
        await wire.send('GET /api/hello HTTP/1.1\r\nX-A: ');
        const { answer } = await fate(wire);
        clearInterval(drip);
        assert.equal(answer?.status, 408);
        assert.ok(performance.now() - start < 5000);
        wire.close();
      });

      test('--head-timeout: a connection that never says anything is closed', async () => {
        const wire = await Wire.open(server.port);
        const { ms } = await fate(wire);
        assert.ok(ms > 250 && ms < 5000, `${ms} ms`);
      });

      test('--body-timeout: a body that stands still is 408', async () => {
        const wire = await Wire.open(server.port);
        await wire.send('POST /api/length HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab');
        const { answer, ms } = await fate(wire);
        assert.equal(answer?.status, 408);
        assert.equal(answer.headers.connection, 'close');
        assert.ok(ms > 250 && ms < 5000, `${ms} ms`);
      });

      test('--min-body-rate: a byte now and then does not help', async () => {
        const wire = await Wire.open(server.port);
        const start = performance.now();
        await wire.send('POST /api/length HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n');
        const drip = setInterval(() => wire.send('a'), 100);
        const { answer } = await fate(wire);
        clearInterval(drip);
        assert.equal(answer?.status, 408);
        assert.ok(performance.now() - start < 5000);
        wire.close();
      });

      test('--keep-alive-timeout: an idle connection is closed without a word', async () => {
        const wire = await Wire.open(server.port);
        await wire.send(format('GET /api/hello'));
        assert.equal((await wire.answer()).status, 200);
        const { answer, ms } = await fate(wire);
        assert.equal(answer, undefined);
        assert.ok(ms > 300 && ms < 5000, `${ms} ms`);
      });
    });

    test('--body-timeout: a body that goes on is not late', async () => {
      const args = ['--body-timeout', '1s', '--min-body-rate', '1'];
      const server = await startCapra({ app, args });
      const wire = await Wire.open(server.port);
      const headers = { ...text, 'Content-Length': '12' };
      await wire.send(format('POST /api/length', { headers }));
      for (let i = 0; i < 12; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        await wire.send('a');
      }
      assert.deepEqual((await wire.answer()).json(), { length: 12 });
      wire.close();
      await server.stop();
    });

    test('--max-connections: one more waits until another closes', async () => {
      const server = await startCapra({ app, args: ['--max-connections', '4'] });
      const wires = await Promise.all(Array.from({ length: 4 }, () => Wire.open(server.port)));
      for (const wire of wires) {
        await wire.send(format('GET /api/hello'));
        assert.equal((await wire.answer()).status, 200);
      }
      const fifth = await Wire.open(server.port);
      await fifth.send(format('GET /api/hello'));
      await wires[0].send(format('GET /api/hello'));
      assert.equal((await wires[0].answer()).status, 200);
      assert.equal(fifth.waiting, 0);
      wires[0].close();
      assert.equal((await fifth.answer()).status, 200);
      for (const wire of [...wires, fifth]) wire.close();
      await server.stop();
    });
  });
}
