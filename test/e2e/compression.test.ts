// SPDX-License-Identifier: MIT

// Answers that are compressed, as real decoders see them: those of Node, and fetch.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, get as request } from 'node:http';
import type { Transform } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import * as zlib from 'node:zlib';
import type { Files } from '../support/app.ts';
import { within } from '../support/deadline.ts';
import { residentBytes, type Server, startCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

const undo: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};
const decoders: Record<string, () => Transform> = {
  gzip: zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
  zstd: zlib.createZstdDecompress,
};
const codings = Object.keys(undo);

const browser = 'gzip, deflate, br, zstd';
const accept = (coding: string) => ({ headers: { 'Accept-Encoding': coding } });

/** The text that both twins of the route answer. */
const textOf = (length: number) =>
  Array.from({ length }, (_, i) => String.fromCharCode(97 + ((i * i) % 23))).join('');

const script: Files = {
  'pages/api/text.js': `
    export default function handler(req, res) {
      const length = Number(req.query.n);
      let text = '';
      for (let i = 0; i < length; i++) text += String.fromCharCode(97 + ((i * i) % 23));
      res.setHeader('Content-Type', req.query.type ?? 'text/plain');
      res.send(text);
    }`,
};

const native: Files = {
  'pages/api/text.c': `
#include <capra.h>
#include <stdlib.h>
#include <string.h>

static void answer(capra_request *req, capra_response *res)
{
    capra_slice given = capra_request_query(req, "n"), type = capra_request_query(req, "type");
    char digits[16] = "", name[64] = "text/plain";
    memcpy(digits, given.data, given.length);
    if (type.data != NULL) {
        memcpy(name, type.data, type.length);
        name[type.length] = '\\0';
    }
    size_t length = strtoul(digits, NULL, 10);
    char *text = malloc(length + 1);
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(97 + i * i % 23);
    capra_response_bytes(res, 200, name, text, length);
    free(text);
}

CAPRA_ROUTE(answer);
`,
};

for (const [language, app] of Object.entries({ JavaScript: script, C: native })) {
  describe(`a route in ${language}`, () => {
    let server: Server;
    before(async () => {
      server = await startCapra({ app });
    });
    after(() => server.stop());

    for (const coding of codings) {
      test(`${coding}: what comes out is what went in`, async () => {
        for (const length of [1024, 5000, 100_000, 262_144, 262_145, 3_000_000]) {
          const answer = await server.call(`GET /api/text?n=${length}`, accept(coding));
          assert.equal(answer.headers['content-encoding'], coding);
          assert.equal(answer.headers.vary, 'Accept-Encoding');
          assert.equal(answer.headers['content-length'], undefined);
          assert.ok(answer.bytes.length < length / 2);
          assert.ok(
            undo[coding](answer.bytes).equals(Buffer.from(textOf(length))),
            `${length} bytes`,
          );
        }
      });
    }

    test('what is short, or of another type, stays as it is', async () => {
      const short = await server.call('GET /api/text?n=1023', accept(browser));
      assert.equal(short.headers['content-encoding'], undefined);
      assert.equal(short.headers['content-length'], '1023');
      assert.equal(short.headers.vary, 'Accept-Encoding');
      const image = await server.call('GET /api/text?n=5000&type=image/png', accept(browser));
      assert.equal(image.headers['content-encoding'], undefined);
      assert.equal(image.headers.vary, undefined);
      assert.equal(image.text, textOf(5000));
      const head = await server.call('HEAD /api/text?n=5000', accept(browser));
      assert.equal(head.headers['content-encoding'], undefined);
      assert.equal(head.headers['content-length'], '5000');
    });

    test('the client chooses; of equals the cheapest is taken', async () => {
      const choices = {
        [browser]: 'zstd',
        'gzip, deflate, br': 'br',
        'gzip, deflate': 'gzip',
        'zstd;q=0.5, gzip;q=0.9': 'gzip',
        'identity;q=0.5, gzip;q=0.1': undefined,
        'gzip;q=0': undefined,
        '*;q=0.1': 'gzip',
        'deflate, gzip;q=0.1': 'gzip',
        'nonsense;;q=,,\t"gzip': undefined,
      };
      for (const [value, coding] of Object.entries(choices)) {
        const answer = await server.call('GET /api/text?n=5000', accept(value));
        assert.equal(answer.headers['content-encoding'], coding, value);
        assert.equal(answer.headers.vary, 'Accept-Encoding');
      }
    });

    test('requests on one connection each get their own', async () => {
      const wire = await Wire.open(server.port);
      const asked = [...codings, 'identity', ...codings];
      const requests = asked.map((coding) => format('GET /api/text?n=300000', accept(coding)));
      await wire.send(Buffer.concat(requests));
      for (const coding of asked) {
        const { bytes } = await wire.answer();
        const text = coding === 'identity' ? bytes : undo[coding](bytes);
        assert.ok(text.equals(Buffer.from(textOf(300_000))), coding);
      }
      wire.close();
    });
  });
}

describe('compression', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({
      app: {
        ...script,
        'lib/steps.js': `
          const steps = new Map();
          /** A promise that the next request to /api/step/NAME fulfils. */
          export const step = (name) => new Promise((resolve) => steps.set(name, resolve));
          export const go = (name) => steps.get(name)();`,
        'pages/api/step/[name].js': `
          import { go } from '../../../lib/steps.js';
          export default function handler(req, res) {
            go(req.query.name);
            res.end();
          }`,
        'pages/api/stream/[name].js': `
          import { step } from '../../../lib/steps.js';
          export default async function handler(req, res) {
            const { name, type = 'text/plain' } = req.query;
            res.setHeader('Content-Type', type);
            for (const word of ['one ', 'two ', 'three ']) {
              const next = step(name);
              res.write(word);
              res.flush();
              await next;
            }
            res.end('four');
          }`,
        'pages/api/coded.js': `
          import { gzipSync } from 'node:zlib';
          export default function handler(req, res) {
            res.setHeader('Content-Type', 'text/plain');
            res.setHeader('Content-Encoding', 'gzip');
            res.end(gzipSync('a'.repeat(5000)));
          }`,
        'pages/api/fixed.js': `
          export default function handler(req, res) {
            res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 200000 });
            for (let i = 0; i < 200; i++) res.write('b'.repeat(1000));
            res.end();
          }`,
        'pages/api/many.js': `
          export default function handler(req, res) {
            res.setHeader('Content-Type', 'text/html');
            for (let i = 0; i < 10000; i++) res.write(\`<li>\${i}</li>\`);
            res.end();
          }`,
        'pages/api/long.js': `
          export const config = { api: { responseLimit: false } };
          const text = JSON.stringify(Array.from({ length: 400000 }, (_, i) => ({ id: i, name: \`n\${i * 7919}\` })));
          export default function handler(req, res) {
            res.setHeader('Content-Type', 'application/json');
            res.send(text);
          }`,
        'pages/api/hello.js': "export default (req, res) => res.json({ message: 'hi' });",
      },
    });
  });
  after(() => server.stop());

  async function open(path: string, coding: string): Promise<IncomingMessage> {
    const req = request({ port: server.port, path, ...accept(coding) });
    const [res] = await within(once(req, 'response'), 'response');
    return res;
  }

  for (const coding of codings) {
    test(`${coding}: each piece arrives before the next is written`, async () => {
      const res = await open(`/api/stream/${coding}`, coding);
      assert.equal(res.headers['content-encoding'], coding);
      const decoder = res.pipe(decoders[coding]());
      let text = '';
      const pieces = decoder.iterator();
      for (const expected of ['one ', 'one two ', 'one two three ']) {
        while (text.length < expected.length) text += (await within(pieces.next(), expected)).value;
        assert.equal(text, expected);
        await server.call(`GET /api/step/${coding}`);
      }
      for await (const piece of pieces) text += piece;
      assert.equal(text, 'one two three four');
    });
  }

  test('events are not compressed', async () => {
    const res = await open('/api/stream/events?type=text/event-stream', browser);
    assert.equal(res.headers['content-encoding'], undefined);
    res.setEncoding('utf8');
    for (const word of ['one ', 'two ', 'three ']) {
      const [piece] = await within(once(res, 'data'), word);
      assert.equal(piece, word);
      await server.call('GET /api/step/events');
    }
    await within(once(res, 'end'), 'end');
  });

  test('what a handler has compressed is left alone', async () => {
    const { headers, bytes } = await server.call('GET /api/coded', accept(browser));
    assert.equal(headers['content-encoding'], 'gzip');
    assert.equal(headers.vary, 'Accept-Encoding');
    assert.equal(undo.gzip(bytes).toString(), 'a'.repeat(5000));
  });

  test('a declared length is not that of the compressed body', async () => {
    const { headers, bytes } = await server.call('GET /api/fixed', accept('gzip'));
    assert.equal(headers['content-length'], undefined);
    assert.equal(undo.gzip(bytes).toString(), 'b'.repeat(200_000));
    const plain = await server.call('GET /api/fixed');
    assert.equal(plain.headers['content-length'], '200000');
    assert.equal(plain.text, 'b'.repeat(200_000));
  });

  test('many small writes of one turn are one flush', async () => {
    const expected = Array.from({ length: 10_000 }, (_, i) => `<li>${i}</li>`).join('');
    for (const coding of codings) {
      const { bytes } = await server.call('GET /api/many', accept(coding));
      assert.equal(undo[coding](bytes).toString(), expected);
      assert.ok(bytes.length < expected.length / 2, `${coding}: ${bytes.length} bytes`);
    }
  });

  test('fetch needs to know nothing of it', async () => {
    for (const coding of ['gzip', 'deflate', 'br', browser]) {
      const answer = await fetch(`http://localhost:${server.port}/api/long`, accept(coding));
      assert.ok(answer.headers.get('content-encoding'));
      const list = (await answer.json()) as { id: number }[];
      assert.equal(list.length, 400_000);
    }
  });

  test('others are answered while a long body is compressed', async () => {
    const slow = await Wire.open(server.port);
    await slow.send(format('GET /api/long', accept('gzip')));
    let isDone = false;
    const long = slow.answer().then((answer) => {
      isDone = true;
      return answer;
    });
    let answered = 0;
    while (!isDone) {
      const { status } = await server.call('GET /api/hello');
      assert.equal(status, 200);
      answered++;
    }
    assert.ok(answered > 3, `${answered} answers meanwhile`);
    assert.equal(JSON.parse(undo.gzip((await long).bytes).toString()).length, 400_000);
    slow.close();
  });

  test('clients that leave in the middle leave nothing behind', async () => {
    const leave = async (coding: string) => {
      const wire = await Wire.open(server.port);
      wire.pause();
      await wire.send(format('GET /api/long', accept(coding)));
      await server.call('GET /api/hello');
      wire.reset();
    };
    for (const coding of codings) await leave(coding);
    const before = residentBytes(server.worker());
    for (let i = 0; i < 25; i++) for (const coding of codings) await leave(coding);
    const { bytes } = await server.call('GET /api/text?n=5000', accept('gzip'));
    assert.equal(undo.gzip(bytes).toString(), textOf(5000));
    const grown = residentBytes(server.worker()) - before;
    assert.ok(grown < 150 << 20, `${grown} bytes more`);
  });

  test('more streams than there is memory for go out as they are', async () => {
    const opened = await Promise.all(
      Array.from({ length: 120 }, (_, i) => open(`/api/stream/br${i}`, 'br')),
    );
    const compressed = opened.filter((res) => res.headers['content-encoding'] === 'br').length;
    assert.ok(compressed > 50 && compressed < 120, `${compressed} compressed`);
    const plain = opened.find((res) => res.headers['content-encoding'] === undefined);
    const [piece] = await within(once(plain as IncomingMessage, 'data'), 'piece');
    assert.equal(String(piece), 'one ');
    for (const res of opened) res.socket.resetAndDestroy();
  });
});

describe('with parity', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({ app: { ...script, 'capra.json': '{ "parity": "next" }' } });
  });
  after(() => server.stop());

  test('gzip and deflate are all there is', async () => {
    const choices = {
      [browser]: 'gzip',
      'br, zstd': undefined,
      deflate: 'deflate',
      'gzip;q=0.5, deflate;q=0.9': 'gzip',
      'gzip;q=0, *': 'deflate',
      'identity, gzip': undefined,
    };
    for (const [value, coding] of Object.entries(choices)) {
      const { headers, bytes } = await server.call('GET /api/text?n=5000', accept(value));
      assert.equal(headers['content-encoding'], coding, value);
      const text = coding ? undo[coding](bytes) : bytes;
      assert.equal(text.toString(), textOf(5000));
    }
  });

  test('events are compressed too', async () => {
    const path = '/api/text?n=5000&type=text/event-stream';
    const { headers } = await server.call(`GET ${path}`, accept('gzip'));
    assert.equal(headers['content-encoding'], 'gzip');
  });
});

describe('with compress: false', () => {
  let server: Server;
  before(async () => {
    server = await startCapra({
      app: { ...script, 'next.config.js': 'export default { compress: false };' },
    });
  });
  after(() => server.stop());

  test('nothing is compressed, and nothing varies', async () => {
    const { headers, text } = await server.call('GET /api/text?n=5000', accept(browser));
    assert.equal(headers['content-encoding'], undefined);
    assert.equal(headers.vary, undefined);
    assert.equal(text, textOf(5000));
  });
});
