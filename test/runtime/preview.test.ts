// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { mock, test } from 'node:test';
import {
  type Answer,
  type AppOptions,
  appOf,
  type AnyHandler as Handler,
  linesOf,
  logged,
  preview,
  textOf,
} from './fake-core.ts';

const { id, signingKey, encryptionKey } = preview;
const attributes = 'HttpOnly; Secure; SameSite=None';
const gone = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT';
const cleared = (path = '/') => [
  `Set-Cookie: __prerender_bypass=; Path=${path}; ${gone}; ${attributes}`,
  `Set-Cookie: __next_preview_data=; Path=${path}; ${gone}; ${attributes}`,
];

async function run(
  handler: Handler,
  {
    cookie,
    headers = [],
    ...options
  }: AppOptions & { cookie?: string; headers?: [string, string][] } = {},
): Promise<Answer> {
  using app = appOf(handler, options);
  const cookies: [string, string][] = cookie === undefined ? [] : [['Cookie', cookie]];
  return app.fetch({ headers: [['Host', 'x'], ...headers, ...cookies] });
}

const show: Handler = (req, res) => res.json([req.previewData, req.preview, req.draftMode]);
const shown = async (cookie: string, headers: [string, string][] = []) =>
  textOf(await run(show, { cookie, headers }));

interface TokenOptions {
  exp?: number;
  key?: string;
  secret?: string;
  alg?: string;
}

/** A token as the contract tells it, made by nothing of ours. */
function tokenOf(
  data: unknown,
  { exp, key = signingKey, secret = encryptionKey, alg = 'HS256' }: TokenOptions = {},
): string {
  const iat = Math.floor(Date.now() / 1000);
  const salt = crypto.randomBytes(64);
  const vector = crypto.randomBytes(16);
  const derived = crypto.pbkdf2Sync(secret, salt, 100_000, 32, 'sha512');
  const cipher = crypto.createCipheriv('aes-256-gcm', derived, vector);
  const text = Buffer.concat([cipher.update(JSON.stringify(data)), cipher.final()]);
  const hex = Buffer.concat([salt, vector, cipher.getAuthTag(), text]).toString('hex');
  const parts = [
    { alg, typ: 'JWT' },
    { data: hex, iat, exp },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = crypto.createHmac('sha256', key).update(parts.join('.')).digest('base64url');
  return `${parts.join('.')}.${signature}`;
}

function cookiesOf(answer: Answer): string {
  return linesOf(answer)
    .map((line) => line.slice('Set-Cookie: '.length).split(';', 1)[0])
    .join('; ');
}

test('setDraftMode sets and ends the cookie, and keeps others', async () => {
  const on = `Set-Cookie: __prerender_bypass=${id}; Path=/; ${attributes}`;
  const off = `Set-Cookie: __prerender_bypass=${id}; Path=/; ${gone}; ${attributes}`;
  const table: [handler: Handler, lines: string[]][] = [
    [(_req, res) => res.setDraftMode().end(), [on]],
    [(_req, res) => res.setDraftMode({ enable: true, maxAge: 9, path: '/p' }).end(), [on]],
    [(_req, res) => res.setDraftMode({ enable: false }).end(), [off]],
    [(_req, res) => res.setDraftMode({}).end(), [off]],
  ];
  for (const [handler, lines] of table) assert.deepEqual(linesOf(await run(handler)), lines);
  const kept = await run((_req, res) => {
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    const { setDraftMode } = res;
    setDraftMode().end();
  });
  assert.deepEqual(linesOf(kept), ['Set-Cookie: a=1', 'Set-Cookie: b=2', on]);
});

test('in development the cookies go without TLS', async () => {
  const handler: Handler = (_req, res) => void res.setDraftMode().end();
  const answer = await run(handler, { mode: 'development' });
  const line = `Set-Cookie: __prerender_bypass=${id}; Path=/; HttpOnly; SameSite=Lax`;
  assert.deepEqual(linesOf(answer), [line]);
});

test('the cookie of draft mode is known again', async () => {
  assert.equal(await shown(`a=1; __prerender_bypass=${id}`), '[{},true,true]');
  assert.equal(await shown(`__prerender_bypass=${id}; __next_preview_data=`), '[{},true,true]');
  assert.equal(await shown('a=1'), '[false,null,null]');
  assert.equal(await shown('__prerender_bypass=; __next_preview_data='), '[false,null,null]');
  const revalidation: [string, string][] = [['x-prerender-revalidate', id]];
  assert.equal(await shown(`__prerender_bypass=${id}`, revalidation), '[false,null,null]');
});

test('preview data comes back', async () => {
  for (const data of [{ a: [1, 'é'] }, 'text', [], 0, null]) {
    const set = await run((_req, res) => res.setPreviewData(data).end());
    const found = JSON.parse(await shown(cookiesOf(set)));
    assert.deepEqual(found, [data, true, true]);
  }
});

test('its token is as Next makes and reads it', async () => {
  const made = tokenOf({ a: 1 });
  const both = `__prerender_bypass=${id}; __next_preview_data=`;
  assert.equal(await shown(both + made), '[{"a":1},true,true]');

  const options = { maxAge: 60, path: '/p' };
  const set = await run((_req, res) => res.setPreviewData({ a: 1 }, options).end());
  const [first, second] = linesOf(set);
  assert.equal(first, `Set-Cookie: __prerender_bypass=${id}; Max-Age=60; Path=/p; ${attributes}`);
  const [, token, rest] = /^Set-Cookie: __next_preview_data=([^;]+); (.*)$/.exec(
    second as string,
  ) as unknown as [string, string, string];
  assert.equal(rest, `Max-Age=60; Path=/p; ${attributes}`);
  const [head, payload, signature] = token.split('.') as [string, string, string];
  assert.equal(Buffer.from(head, 'base64url').toString(), '{"alg":"HS256","typ":"JWT"}');
  const expected = crypto.createHmac('sha256', signingKey).update(`${head}.${payload}`);
  assert.equal(signature, expected.digest('base64url'));
  const { data, iat, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  assert.equal(exp, iat + 60);
  const bytes = Buffer.from(data, 'hex');
  const derived = crypto.pbkdf2Sync(encryptionKey, bytes.subarray(0, 64), 100_000, 32, 'sha512');
  const decipher = crypto.createDecipheriv('aes-256-gcm', derived, bytes.subarray(64, 80));
  decipher.setAuthTag(bytes.subarray(80, 96));
  assert.equal(
    decipher.update(bytes.subarray(96), undefined, 'utf8') + decipher.final(),
    '{"a":1}',
  );
});

test('cookies that say nothing any more are taken away, once', async () => {
  const token = tokenOf({ a: 1 });
  const now = Math.floor(Date.now() / 1000);
  const stale = [
    '__prerender_bypass=wrong',
    `__prerender_bypass=${id.replace('0', '1')}`,
    `__next_preview_data=${token}`,
    `__prerender_bypass=wrong; __next_preview_data=${token}`,
    `__prerender_bypass=${id}; __next_preview_data=x`,
    `__prerender_bypass=${id}; __next_preview_data=a.b.c`,
    `__prerender_bypass=${id}; __next_preview_data=${token}.d`,
    `__prerender_bypass=${id}; __next_preview_data=${token.slice(0, -2)}`,
    `__prerender_bypass=${id}; __next_preview_data=${tokenOf(1, { key: 'other' })}`,
    `__prerender_bypass=${id}; __next_preview_data=${tokenOf(1, { alg: 'none' })}`,
    `__prerender_bypass=${id}; __next_preview_data=${tokenOf(1, { exp: now - 1 })}`,
  ];
  for (const cookie of stale) {
    const answer = await run(show, { cookie });
    assert.equal(textOf(answer), '[false,null,null]', cookie);
    assert.deepEqual(linesOf(answer).slice(0, 2), cleared());
    const unseen = await run((_req, res) => res.end('x'), { cookie });
    assert.deepEqual(linesOf(unseen), cleared());
    const own = await run((_req, res) => res.clearPreviewData({ path: '/p' }).end(), { cookie });
    assert.deepEqual(linesOf(own), cleared());
    const later = await run((_req, res) => res.setHeader('Set-Cookie', 'a=1').end(), { cookie });
    assert.deepEqual(linesOf(later), ['Set-Cookie: a=1']);
  }
});

test('clearPreviewData acts once', async () => {
  const handler: Handler = (_req, res) =>
    res.clearPreviewData({ path: '/p' }).clearPreviewData().end();
  assert.deepEqual(linesOf(await run(handler)), cleared('/p'));
});

test('after the head all this is ignored', async () => {
  const answer = await run((_req, res) => {
    res.write('a');
    res.setDraftMode().clearPreviewData().setPreviewData({}).end('b');
  });
  assert.deepEqual(linesOf(answer), []);
  assert.equal(textOf(answer), 'ab');
});

test('data that is too much or none throws', async () => {
  const long = await run((_req, res) => res.setPreviewData('a'.repeat(600)).end());
  assert.equal(cookiesOf(long).split('data=')[1]?.length, 1980);
  const bad: [data: unknown, options: object | undefined, says: RegExp][] = [
    ['a'.repeat(800), undefined, /^Error: Preview data is limited to 2KB currently, reduce/],
    [undefined, undefined, /JSON has no text/],
    [{}, { maxAge: 1.5 }, /maxAge/],
    [{}, { path: '/; Domain=x' }, /path/],
  ];
  for (const [data, options, says] of bad) {
    const log = await logged(async () => {
      const answer = await run((_req, res) => res.setPreviewData(data, options));
      assert.equal(answer.status, 500);
    });
    assert.match(log.slice(log.indexOf('): ') + 3), says);
  }
});

test('data that was encrypted with another key is none', async () => {
  const cookie = `__prerender_bypass=${id}; __next_preview_data=${tokenOf(1, { secret: 'x' })}`;
  assert.equal(await shown(cookie), '[false,null,null]');
});

test('a key is derived once', async () => {
  const derive = mock.method(crypto, 'pbkdf2Sync');
  try {
    const set = await run((_req, res) => res.setPreviewData({ a: 1 }).end());
    await run((_req, res) => res.setPreviewData({ a: 2 }).end());
    for (let at = 0; at < 3; at++) await shown(cookiesOf(set));
    assert.ok(derive.mock.callCount() <= 1);
    // Nor is one when nobody asks, or when the token is not ours.
    const token = tokenOf({ a: 1 });
    const before = derive.mock.callCount();
    await run((_req, res) => res.end(), {
      cookie: `__prerender_bypass=${id}; __next_preview_data=${token}`,
    });
    await shown(`__prerender_bypass=${id}; __next_preview_data=${tokenOf(1, { key: 'x' })}`);
    assert.equal(derive.mock.callCount() - before, 1, 'the one of the test');
  } finally {
    derive.mock.restore();
  }
});
