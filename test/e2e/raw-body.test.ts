// SPDX-License-Identifier: MIT

// `req.rawBody`: the bytes that a webhook's sender has signed, whatever became of them in `req.body`.

import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { type Server, startCapra } from '../support/server.ts';

const secret = 'whsec_0123456789';

const app = {
  'pages/api/hook.ts': `
    import { createHmac } from 'node:crypto';
    import type { CapraRequest, CapraResponse } from 'capra';

    export const config = { api: { bodyParser: { sizeLimit: '4mb' } } };

    export default function handler(req: CapraRequest, res: CapraResponse) {
      const signature = createHmac('sha256', '${secret}').update(req.rawBody).digest('hex');
      if (req.query.change) req.body = null;
      res.json({
        signature,
        length: req.rawBody.length,
        isBuffer: Buffer.isBuffer(req.rawBody),
        isSame: req.rawBody === req.rawBody,
        type: typeof req.body,
      });
    }`,
};

let server: Server;
before(async () => {
  server = await startCapra({ app });
});
after(() => server.stop());

const bodies: [name: string, type: string, bytes: Buffer][] = [
  ['none', 'text/plain', Buffer.alloc(0)],
  ['JSON with its own spaces and order', 'application/json', Buffer.from('{ "b": 1,\n"a": 1.0 }')],
  ['text beyond ASCII', 'text/plain', Buffer.from('é日本語😀\u0000')],
  ['a byte order mark', 'application/json', Buffer.from('\ufeff{"a":1}')],
  ['binary', 'application/octet-stream', Buffer.from([...Array(256).keys()])],
  [
    'UTF-8 that is cut and overlong',
    'text/plain',
    Buffer.from('61c3f09f9880f09f98c0afeda080ff', 'hex'),
  ],
  ['another charset', 'text/plain; charset=utf-16le', Buffer.from('\ufeffhé', 'utf16le')],
  ['a form', 'application/x-www-form-urlencoded', Buffer.from('a=%zz&b=+&a=%E9')],
  ['a megabyte of anything', 'application/octet-stream', randomBytes(1_000_003)],
];

function chunked(bytes: Buffer, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)};x=y\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\nX-Trailer: 1\r\n\r\n')]);
}

suite('rawBody', () => {
  for (const [name, type, bytes] of bodies) {
    for (const size of [0, 1 + Math.ceil(bytes.length / 7)]) {
      test(`${name}${size === 0 ? '' : ', in chunks'}`, async () => {
        const coding = size === 0 ? undefined : { 'Transfer-Encoding': 'chunked' };
        const headers = { 'Content-Type': type, ...coding };
        const body = size === 0 ? bytes : chunked(bytes, size);
        const answer = await server.call('POST /api/hook', { headers, body });
        assert.equal(answer.status, 200);
        const found = answer.json();
        assert.equal(found.length, bytes.length);
        assert.equal(found.signature, createHmac('sha256', secret).update(bytes).digest('hex'));
        assert.deepEqual([found.isBuffer, found.isSame], [true, true]);
      });
    }
  }

  test('it stays when the body is replaced', async () => {
    const body = '{"a":1}';
    const headers = { 'Content-Type': 'application/json' };
    const { status, json } = await server.call('POST /api/hook?change=1', { headers, body });
    assert.equal(status, 200);
    assert.deepEqual([json().length, json().type], [7, 'object']);
  });
});
