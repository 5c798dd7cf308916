// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, appOf, linesOf, textOf } from './fake-core.ts';

/** What C hands over: text that is valid UTF-8 without a byte order mark as a string. */
function asHandedOver(bytes: Buffer): string | Uint8Array {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) && !text.startsWith('\ufeff') ? text : bytes;
}

const kind = (value: unknown) =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

async function post(
  type: string | undefined,
  body: string | Buffer | undefined,
  method = 'POST',
): Promise<Answer> {
  using app = appOf((req, res) => res.json({ t: kind(req.body), v: req.body }));
  const headers: [string, string][] = [['Host', 'h']];
  if (type !== undefined) headers.push(['content-TYPE', type]);
  const raw = body === undefined ? undefined : asHandedOver(Buffer.from(body));
  return await app.fetch({ method, headers, body: raw });
}

const hex = (digits: string) => Buffer.from(digits, 'hex');
const json = 'application/json';
const form = 'application/x-www-form-urlencoded';

test('a body is what its content type says', async () => {
  const table: [type: string | undefined, body: string | Buffer | undefined, expected: string][] = [
    [json, '{"a":1}', '{"t":"object","v":{"a":1}}'],
    ['Application/JSON', '{"a":1}', '{"t":"object","v":{"a":1}}'],
    [`${json}; charset=utf-8`, '{"a":"é"}', '{"t":"object","v":{"a":"é"}}'],
    [`${json}; charset="UTF-8"`, '{"a":"é"}', '{"t":"object","v":{"a":"é"}}'],
    [
      `${json} ; x="a;b\\"c" ; charset=iso-8859-1`,
      hex('7b2261223a22e9227d'),
      '{"t":"object","v":{"a":"é"}}',
    ],
    [`${json}; charset=utf-16le`, Buffer.from('{"a":1}', 'utf16le'), '{"t":"object","v":{"a":1}}'],
    ['text/plain; charset=latin1', hex('80e9'), '{"t":"string","v":"\u0080é"}'],
    ['text/plain; charset=latin1', 'é', '{"t":"string","v":"Ã©"}'],
    ['text/plain; charset=windows-1252', hex('80'), '{"t":"string","v":"€"}'],
    ['application/ld+json', '{"a":1}', '{"t":"object","v":{"a":1}}'],
    ['application/vnd.api+json', '{"a":1}', '{"t":"string","v":"{\\"a\\":1}"}'],
    ['text/json', '{"a":1}', '{"t":"string","v":"{\\"a\\":1}"}'],
    [`${json};`, '{"a":1}', '{"t":"string","v":"{\\"a\\":1}"}'],
    [`${json}; charset`, '{}', '{"t":"string","v":"{}"}'],
    [`${json}, text/plain`, '{}', '{"t":"string","v":"{}"}'],
    [json, '', '{"t":"object","v":{}}'],
    [json, undefined, '{"t":"object","v":{}}'],
    [json, 'null', '{"t":"null","v":null}'],
    [json, '0', '{"t":"number","v":0}'],
    [json, '"hi"', '{"t":"string","v":"hi"}'],
    [json, 'true', '{"t":"boolean","v":true}'],
    [json, '[1]', '{"t":"array","v":[1]}'],
    [json, hex('efbbbf7b7d'), '{"t":"object","v":{}}'],
    [json, '{"__proto__":1}', '{"t":"object","v":{"__proto__":1}}'],
    [form, 'a=1&b=2&a=3&c=&d', '{"t":"object","v":{"a":["1","3"],"b":"2","c":"","d":""}}'],
    [form, 'a=%20+%2B&x=%zz', '{"t":"object","v":{"a":"  +","x":"%zz"}}'],
    [form, 'a[b]=1', '{"t":"object","v":{"a[b]":"1"}}'],
    [form, '', '{"t":"object","v":{}}'],
    [form, undefined, '{"t":"object","v":{}}'],
    ['text/plain', 'hello', '{"t":"string","v":"hello"}'],
    [undefined, '{"a":1}', '{"t":"string","v":"{\\"a\\":1}"}'],
    [undefined, undefined, '{"t":"string","v":""}'],
    ['garbage', 'x', '{"t":"string","v":"x"}'],
    ['application/octet-stream', hex('00ff41'), '{"t":"string","v":"\\u0000\ufffdA"}'],
    ['multipart/form-data; boundary=x', '--x--', '{"t":"string","v":"--x--"}'],
  ];
  for (const [type, body, expected] of table) {
    assert.equal(textOf(await post(type, body)), expected, `${type}: ${body}`);
  }
});

test('every method may have a body', async () => {
  for (const method of ['GET', 'DELETE', 'QUERY']) {
    assert.equal(textOf(await post(json, '{"a":1}', method)), '{"t":"object","v":{"a":1}}');
  }
});

test('a form has at most 1000 pairs and no prototype', async () => {
  using app = appOf((req, res) =>
    res.json([Object.keys(req.body).length, Object.getPrototypeOf(req.body)]),
  );
  const body = Array.from({ length: 1500 }, (_, at) => `k${at}=1`).join('&');
  const answer = await app.fetch({ method: 'POST', headers: [['Content-Type', form]], body });
  assert.equal(textOf(answer), '[1000,null]');
});

test('a malformed body is refused before the handler runs', async () => {
  const table: [type: string, body: string | Buffer, message: string][] = [
    [json, '  ', 'Invalid JSON'],
    [json, '{"a":', 'Invalid JSON'],
    [json, hex('1f8b0800'), 'Invalid JSON'],
    ['application/ld+json', '{', 'Invalid JSON'],
    [`${json}; charset=bogus`, '{}', 'Invalid body'],
    ['text/plain; charset=bogus', 'x', 'Invalid body'],
  ];
  for (const [type, body, message] of table) {
    const answer = await post(type, body);
    assert.equal(answer.status, 400);
    assert.equal(answer.reason, undefined);
    assert.equal(textOf(answer), message);
    assert.deepEqual(linesOf(answer), ['Content-Type: text/plain; charset=utf-8']);
    assert.equal(answer.flags, 0);
  }
});

test('rawBody has the bytes as they were sent', async () => {
  for (const bytes of [
    Buffer.from('{"a": "é"}'),
    hex('00ff41'),
    hex('efbbbf7b7d'),
    Buffer.alloc(0),
  ]) {
    using app = appOf((req, res) =>
      res.json([Buffer.isBuffer(req.rawBody), req.rawBody.toString('hex')]),
    );
    const answer = await app.fetch({ method: 'POST', body: asHandedOver(bytes) });
    assert.equal(textOf(answer), JSON.stringify([true, bytes.toString('hex')]));
  }
});

test('body can be assigned, also to undefined', async () => {
  using app = appOf((req, res) => {
    const before = req.body;
    req.body = undefined;
    const none = String(req.body);
    req.body = { b: 1 };
    res.json([before, none, req.body, 'body' in req]);
  });
  assert.equal(
    textOf(await app.fetch({ method: 'POST', body: 'x' })),
    '["x","undefined",{"b":1},true]',
  );
});

test('without the parser there is no body member', async () => {
  using app = appOf(
    (req, res) => {
      const before = 'body' in req;
      req.body = 5;
      res.json([before, 'rawBody' in req, req.body, req.constructor.name]);
    },
    { routes: [{ config: { bodyParser: false } }] },
  );
  assert.equal(textOf(await app.fetch()), '[false,false,5,"IncomingMessage"]');
});
