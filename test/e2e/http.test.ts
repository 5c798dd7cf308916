// SPDX-License-Identifier: MIT

// What HTTP/1.1 asks of a server, on real sockets and for routes in both languages. Rows of the
// contract are named by their number.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { residentBytes, type Server, startCapra } from '../support/server.ts';
import { twins } from '../support/twins.ts';
import { format, rawExchange, Wire } from '../support/wire.ts';

const MiB = 1 << 20;
const text = { 'Content-Type': 'text/plain' };
const hello = 'GET /api/hello HTTP/1.1\r\nHost: x\r\n\r\n';
const last = 'GET /api/hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

for (const [language, app] of twins) {
  describe(`routes in ${language}`, () => {
    let server: Server;
    before(async () => {
      server = await startCapra({ app });
    });
    after(() => server.stop());

    const withWire = async (use: (wire: Wire) => Promise<void>) => {
      const wire = await Wire.open(server.port);
      try {
        await use(wire);
      } finally {
        wire.close();
      }
    };

    /** Sends bytes that must be refused: one answer with Date, and the connection's end. */
    const refused = async (bytes: string | Buffer, status = 400) => {
      const [answer, ...more] = await rawExchange(server.port, bytes);
      assert.deepEqual([answer?.status, more.length], [status, 0]);
      assert.equal(answer.headers.connection, 'close');
      assert.ok(answer.headers.date);
    };

    describe('connections', () => {
      test('serve one request after the other', () =>
        withWire(async (wire) => {
          for (let i = 0; i < 5; i++) {
            await wire.send(hello);
            assert.deepEqual((await wire.answer()).json(), { message: 'hi' });
          }
        }));

      test('answer a hundred pipelined requests in order', () =>
        withWire(async (wire) => {
          const ids = Array.from({ length: 100 }, (_, i) => String(i));
          await wire.send(Buffer.concat(ids.map((id) => format(`GET /api/items/${id}`))));
          for (const id of ids) assert.equal((await wire.answer()).json().id, id);
        }));

      test('take pipelined requests, bodies too, one byte at a time', async () => {
        const body = format('POST /api/echo', { headers: text, body: 'one' }).toString();
        const answers = await rawExchange(server.port, body + hello + last, { split: 'bytes' });
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200, 200, 200],
        );
        assert.equal(answers[0].json().body, 'one');
      });

      test('keep what a pipelining client has asked for apart', () =>
        withWire(async (wire) => {
          const asked = [
            format('POST /api/echo', { headers: text, body: 'first' }),
            format('GET /api/empty'),
            format('HEAD /api/hello'),
            format('GET /api/nothing'),
            format('POST /api/echo', {
              headers: { ...text, 'Transfer-Encoding': 'chunked' },
              body: '3\r\nlas\r\n1\r\nt\r\n0\r\n\r\n',
            }),
          ];
          await wire.send(Buffer.concat(asked));
          assert.equal((await wire.answer('POST')).json().body, 'first');
          assert.equal((await wire.answer()).status, 204);
          assert.equal((await wire.answer('HEAD')).status, 200);
          assert.equal((await wire.answer()).status, 404);
          assert.equal((await wire.answer('POST')).json().body, 'last');
        }));

      test('close when the client asks for it (P416)', async () => {
        const [answer, ...more] = await rawExchange(server.port, last + hello);
        assert.deepEqual([answer.status, answer.headers.connection], [200, 'close']);
        assert.equal(more.length, 0);
      });

      test('deliver the answer to a client that has sent FIN', () =>
        withWire(async (wire) => {
          await wire.send(hello);
          wire.finish();
          assert.equal((await wire.answer()).status, 200);
          await wire.closed();
        }));

      test('deliver every pipelined answer to a client that has sent FIN', () =>
        withWire(async (wire) => {
          await wire.send(hello.repeat(20));
          wire.finish();
          for (let i = 0; i < 20; i++) assert.equal((await wire.answer()).status, 200);
          await wire.closed();
        }));

      // From its second request on a connection is reported once for all that has come.
      describe('that have asked before', () => {
        const settled = (use: (wire: Wire) => Promise<void>) =>
          withWire(async (wire) => {
            for (let i = 0; i < 3; i++) {
              await wire.send(hello);
              assert.equal((await wire.answer()).status, 200);
            }
            await use(wire);
          });

        test('answer what comes together with FIN, and end', () =>
          settled(async (wire) => {
            const workers = server.workers();
            for (const pid of workers) process.kill(pid, 'SIGSTOP');
            await wire.send(hello);
            await wire.finish();
            for (const pid of workers) process.kill(pid, 'SIGCONT');
            assert.equal((await wire.answer()).status, 200);
            await wire.closed();
          }));

        test('end when FIN comes alone', () =>
          settled(async (wire) => {
            await wire.finish();
            await wire.closed();
          }));

        test('take more than they have room for at once, and go on', () =>
          settled(async (wire) => {
            const body = 'x'.repeat(900_000);
            for (let i = 0; i < 2; i++) {
              await wire.send(format('POST /api/length', { headers: text, body }));
              assert.equal((await wire.answer('POST')).status, 200);
              await wire.send(hello.repeat(2000));
              for (let n = 0; n < 2000; n++) assert.equal((await wire.answer()).status, 200);
            }
            await wire.finish();
            await wire.closed();
          }));

        test('take a request in pieces', () =>
          settled(async (wire) => {
            await wire.send(hello, { split: 'bytes' });
            assert.equal((await wire.answer()).status, 200);
          }));
      });

      test('end when FIN comes before a request', () =>
        withWire(async (wire) => {
          wire.finish();
          await wire.closed();
        }));

      test('end when FIN comes in a head, which nobody answers with success', async () => {
        await withWire(async (wire) => {
          await wire.send(hello.slice(0, -4));
          wire.finish();
          assert.doesNotMatch((await wire.rest()).toString(), /^HTTP\/1\.1 2/);
        });
      });

      test('answer 400 when FIN comes in a body', () =>
        withWire(async (wire) => {
          await wire.send('POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nshort');
          wire.finish();
          assert.equal((await wire.answer()).status, 400);
          await wire.closed();
        }));

      test('may break at any time without harm to others', async () => {
        for (const part of ['', 'G', hello.slice(0, -2), hello.repeat(50)]) {
          const wire = await Wire.open(server.port);
          await wire.send(part);
          wire.reset();
        }
        assert.equal((await server.call('GET /api/hello')).status, 200);
      });

      test('leave no descriptor behind', async () => {
        const fds = () => readdirSync(`/proc/${server.worker()}/fd`).length;
        await server.call('GET /api/hello');
        const before = fds();
        for (let i = 0; i < 100; i++) await server.call('GET /api/hello');
        await until(() => fds() <= before, `return to ${before} descriptors`);
      });
    });

    describe('HTTP/1.0', () => {
      test('needs no Host, and the connection closes (P399)', async () => {
        const [answer] = await rawExchange(server.port, 'GET /api/hello HTTP/1.0\r\n\r\n');
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.connection, 'close');
        assert.equal(answer.headers['content-length'], String(answer.bytes.length));
      });

      test('keeps the connection when asked to', () =>
        withWire(async (wire) => {
          for (let i = 0; i < 2; i++) {
            await wire.send('GET /api/hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
            const { status, headers } = await wire.answer();
            assert.deepEqual([status, headers.connection], [200, 'keep-alive']);
          }
        }));

      test('is never told to continue', () =>
        withWire(async (wire) => {
          await wire.send(
            'POST /api/echo HTTP/1.0\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n' +
              'Expect: 100-continue\r\n\r\nhi',
          );
          const answer = await wire.answer('POST');
          assert.deepEqual([answer.status, answer.json().body], [200, 'hi']);
        }));
    });

    describe('HEAD, 204 and 100', () => {
      test('HEAD gives the head of GET (P250)', () =>
        withWire(async (wire) => {
          await wire.send(format('GET /api/hello'));
          const get = await wire.answer();
          await wire.send(format('HEAD /api/hello'));
          const head = await wire.answer('HEAD');
          assert.equal(head.status, 200);
          assert.deepEqual({ ...head.headers, date: '' }, { ...get.headers, date: '' });
          await wire.send(hello);
          assert.equal((await wire.answer()).status, 200);
        }));

      test('204 has neither body nor framing (P191)', async () => {
        const { status, headers, lines } = await server.call('GET /api/empty');
        assert.equal(status, 204);
        assert.equal(headers['content-length'], undefined, lines.join());
        assert.equal(headers['transfer-encoding'], undefined);
      });

      test('100 Continue comes before the body is sent (P412)', () =>
        withWire(async (wire) => {
          const headers = { ...text, Expect: '100-Continue', 'Content-Length': '5' };
          await wire.send(format('POST /api/echo', { headers }));
          assert.deepEqual((await wire.answer('POST')).status, 100);
          await wire.send('hello');
          const answer = await wire.answer('POST');
          assert.deepEqual([answer.status, answer.json().body], [200, 'hello']);
        }));

      test('a body that will be refused is not asked for', async () => {
        const headers = { ...text, Expect: '100-continue', 'Content-Length': String(2 * MiB) };
        const [answer] = await rawExchange(server.port, format('POST /api/echo', { headers }));
        assert.equal(answer.status, 413);
      });

      test('another expectation cannot be met (P413)', async () => {
        const headers = { Expect: 'foo' };
        assert.equal((await server.call('POST /api/echo', { headers, body: 'a' })).status, 417);
      });
    });

    describe('bodies', () => {
      const chunked =
        '4;name=value\r\nwiki\r\n05\r\npedia\r\n1;a="b;c"\r\n!\r\n000\r\nTrailer: yes\r\n\r\n';
      const request = `POST /api/echo HTTP/1.1\r\nHost: x\r\n${'Content-Type: text/plain\r\n'}Transfer-Encoding: chunked\r\n\r\n${chunked}`;

      test('chunked, with extensions and trailers, cut anywhere', () =>
        withWire(async (wire) => {
          for (let at = 1; at < request.length; at++) {
            await wire.send(request, { split: [at] });
            assert.equal((await wire.answer()).json().body, 'wikipedia!', `cut at ${at}`);
          }
        }));

      test('chunked, byte by byte', () =>
        withWire(async (wire) => {
          await wire.send(request, { split: 'bytes' });
          assert.equal((await wire.answer()).json().body, 'wikipedia!');
        }));

      test('of exactly the limit pass, one byte more is 413 (P151, P152)', async () => {
        const full = await server.call('POST /api/length', {
          headers: text,
          body: 'a'.repeat(MiB),
        });
        assert.deepEqual(full.json(), { length: MiB });
        const over = await server.call('POST /api/length', {
          headers: text,
          body: 'a'.repeat(MiB + 1),
        });
        assert.equal(over.status, 413);
        assert.equal(over.headers.connection, 'close');
      });

      test('that grow beyond the limit in chunks are 413 (P162)', async () => {
        const chunk = `${(MiB / 2).toString(16)}\r\n${'a'.repeat(MiB / 2)}\r\n`;
        const headers = { ...text, 'Transfer-Encoding': 'chunked' };
        const body = `${chunk.repeat(3)}0\r\n\r\n`;
        assert.equal((await server.call('POST /api/length', { headers, body })).status, 413);
      });

      test('of 1 GiB are refused when they are announced, and cost nothing', async () => {
        const headers = { 'Content-Length': String(1024 * MiB) };
        const request = format('POST /api/length', { headers, body: 'a'.repeat(100) });
        await server.call('GET /api/hello');
        const before = residentBytes(server.worker());
        const wires = await Promise.all(Array.from({ length: 50 }, () => Wire.open(server.port)));
        await Promise.all(wires.map((wire) => wire.send(request)));
        for (const wire of wires) assert.equal((await wire.answer()).status, 413);
        assert.ok(residentBytes(server.worker()) - before < 8 * MiB);
        for (const wire of wires) wire.close();
      });
    });

    describe('targets', () => {
      test('in absolute form are served (P406)', async () => {
        const [answer] = await rawExchange(
          server.port,
          'GET http://example.com/api/items/7 HTTP/1.1\r\nHost: example.com\r\n' +
            'Connection: close\r\n\r\n',
        );
        assert.equal(answer.status, 200);
        assert.equal(answer.json().id, '7');
      });

      test('OPTIONS * asks about the server (P407)', async () => {
        const request = 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
        const [{ status }] = await rawExchange(server.port, request);
        assert.ok(status === 200 || status === 204, String(status));
      });

      test('may follow empty lines', async () => {
        const [{ status }] = await rawExchange(server.port, `\r\n\r\n${last}`);
        assert.equal(status, 200);
      });

      test('are answered when the client would like to upgrade (P414)', async () => {
        const headers = { Connection: 'Upgrade', Upgrade: 'websocket' };
        const { status } = await server.call('GET /api/hello', { headers });
        assert.ok(status === 200 || status === 426, String(status));
        const missing = await server.call('GET /nope', { headers });
        assert.ok(missing.status === 404 || missing.status === 426, String(missing.status));
      });
    });

    describe('messages that could be read in two ways are refused', () => {
      const get = (line: string) => `GET /api/hello HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`;
      const post = (lines: string, body: string) =>
        `POST /api/echo HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n${body}`;
      const chunks = (body: string) => post('Transfer-Encoding: chunked', body);
      const cases: Record<string, string> = {
        'no Host (P400)': 'GET /api/hello HTTP/1.1\r\n\r\n',
        'two Hosts (P401)': get('Host: y'),
        'an invalid Host': 'GET /api/hello HTTP/1.1\r\nHost: a/b\r\n\r\n',
        'bare LF (P402)': 'GET /api/hello HTTP/1.1\nHost: x\n\n',
        'bare LF after a field': 'GET /api/hello HTTP/1.1\r\nHost: x\n\r\n',
        'bare CR in a value': get('X: a\rb'),
        'a byte beyond ASCII in the target (P403)':
          'GET /api/h\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n',
        'a space in the target (P404)': 'GET /api/a b HTTP/1.1\r\nHost: x\r\n\r\n',
        'an unknown method (P405)': 'FOO /api/hello HTTP/1.1\r\nHost: x\r\n\r\n',
        'a method in lower case': 'get /api/hello HTTP/1.1\r\nHost: x\r\n\r\n',
        'a target without a slash': 'GET api/hello HTTP/1.1\r\nHost: x\r\n\r\n',
        'no version': 'GET /api/hello\r\nHost: x\r\n\r\n',
        'a space before a colon': get('X : a'),
        'an empty name': get(': a'),
        'a folded field': get('X: a\r\n b'),
        'NUL in a value': get('X: a\0b'),
        'two Content-Lengths that differ (P410)': post(
          'Content-Length: 5\r\nContent-Length: 6',
          'hello',
        ),
        'two Content-Lengths that agree': post('Content-Length: 5\r\nContent-Length: 5', 'hello'),
        'a list as Content-Length': post('Content-Length: 5, 5', 'hello'),
        'a negative Content-Length': post('Content-Length: -5', 'hello'),
        'a signed Content-Length': post('Content-Length: +5', 'hello'),
        'an endless Content-Length': post(`Content-Length: ${'9'.repeat(30)}`, 'hello'),
        'both framings (P411)': post(
          'Content-Length: 5\r\nTransfer-Encoding: chunked',
          '0\r\n\r\n',
        ),
        'Transfer-Encoding: identity': post('Transfer-Encoding: identity', 'hello'),
        'Transfer-Encoding: gzip, chunked': post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'),
        'Transfer-Encoding twice': post(
          'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
          '0\r\n\r\n',
        ),
        'Transfer-Encoding in HTTP/1.0':
          'POST /api/echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'a chunk size with a prefix': chunks('0x5\r\nhello\r\n0\r\n\r\n'),
        'a chunk size with rubbish': chunks('5h\r\nhello\r\n0\r\n\r\n'),
        'a negative chunk size': chunks('-5\r\nhello\r\n0\r\n\r\n'),
        'a chunk size beyond 64 bits': chunks('10000000000000005\r\nhello\r\n0\r\n\r\n'),
        'an empty chunk size': chunks('\r\nhello\r\n0\r\n\r\n'),
        'a chunk longer than its size': chunks('4\r\nhello\r\n0\r\n\r\n'),
        'LF alone in the chunks': chunks('5\nhello\n0\n\n'),
        'the first bytes of TLS': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
      };
      for (const [name, bytes] of Object.entries(cases)) test(name, () => refused(bytes));

      test('a version that is not spoken', () =>
        refused('GET /api/hello HTTP/2.0\r\nHost: x\r\n\r\n', 505));

      for (const name of ['bare LF (P402)', 'both framings (P411)', 'a chunk size with rubbish']) {
        test(`behind good requests: their answers come first, then 400: ${name}`, async () => {
          const answers = await rawExchange(server.port, hello + hello + cases[name]);
          const statuses = answers.map(({ status }) => status);
          assert.deepEqual(statuses, [200, 200, 400]);
          assert.equal(answers[2].headers.connection, 'close');
        });
      }

      test('and nothing behind them is served', async () => {
        const [{ status }, ...more] = await rawExchange(
          server.port,
          cases['two Hosts (P401)'] + hello,
        );
        assert.deepEqual([status, more.length], [400, 0]);
      });
    });

    describe('a client that does not read', () => {
      test('of pipelined answers makes the server wait, not grow', () =>
        withWire(async (wire) => {
          const before = residentBytes(server.worker());
          const count = 100;
          wire.pause();
          await wire.send(format('GET /api/big').toString().repeat(count));
          for (let i = 0; i < 20; i++) await server.call('GET /api/hello');
          const grown = residentBytes(server.worker()) - before;
          assert.ok(grown < 32 * MiB, `${Math.round(grown / MiB)} MiB for ${count} MiB of answers`);
          wire.resume();
          for (let i = 0; i < count; i++) assert.equal((await wire.answer()).bytes.length, MiB);
        }));
    });

    test('a handler that fails is a 500 that tells nothing (P284)', () =>
      withWire(async (wire) => {
        await wire.send(format('GET /api/fail'));
        const answer = await wire.answer();
        assert.equal(answer.status, 500);
        assert.doesNotMatch(answer.text, /secret|at |\.js|\.c\b/);
        await wire.send(hello);
        assert.equal((await wire.answer()).status, 200);
      }));
  });
}
