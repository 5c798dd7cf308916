// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Closed } from '../../runtime/core.ts';
import { App, linesOf, textOf } from './fake-core.ts';

const turn = () => new Promise<void>((done) => setImmediate(done));

function dynamic(config: object, handler: string): App {
  const app = new App();
  const source = `module.exports = ${handler}; module.exports.config = ${JSON.stringify(config)};`;
  app.routes([{ module: app.module('route.cjs', source), config: { dynamic: true } }]);
  return app;
}

async function upload(app: App, pieces: string[]): Promise<number> {
  const id = app.request({
    method: 'POST',
    body: null,
    headers: [['Content-Type', 'application/json']],
  });
  while (!app.core.calls.includes(`readBody ${id}`)) await turn();
  for (const piece of pieces) app.host.body(id, new Uint8Array(Buffer.from(piece)), undefined);
  app.host.body(id, null, undefined);
  return id;
}

const echo = '(req, res) => { res.json([req.body, "body" in req]); }';
const read =
  'async (req, res) => { let text = ""; for await (const chunk of req) text += chunk; res.json([text, "body" in req]); }';

test('a module that wants no parser gets a stream, however the body came', async () => {
  for (const body of ['12345', Buffer.from([0x31, 0xff])]) {
    using app = dynamic({ api: { bodyParser: false } }, read);
    for (let count = 0; count < 2; count++) {
      const answer = await app.fetch({ method: 'POST', body });
      assert.equal(textOf(answer), JSON.stringify([body.toString(), false]));
    }
  }
  using app = dynamic({ api: { bodyParser: false } }, read);
  assert.equal(textOf(await app.answer(await upload(app, ['12', '3']))), '["123",false]');
  assert.equal(textOf(await app.fetch()), '["",false]');
});

test('a module that says nothing of it gets its body parsed', async () => {
  using app = dynamic({}, echo);
  assert.equal(textOf(await app.answer(await upload(app, ['{"a"', ':1}']))), '[{"a":1},true]');
  const headers = [['Content-Type', 'application/json']] as const;
  assert.equal(
    textOf(await app.fetch({ method: 'POST', body: '{"a":1}', headers })),
    '[{"a":1},true]',
  );
  assert.equal((await app.fetch({ method: 'POST', body: '{', headers })).status, 400);
  assert.equal(textOf(await app.fetch()), '["",true]');
});

test('the first request to a route whose limit only its module knows has its body, too', async () => {
  using app = new App();
  const source = `module.exports = ${echo}; module.exports.config = { api: { bodyParser: { sizeLimit: '3mb' } } };`;
  const config = { dynamic: true, bodyParser: false };
  const module = app.module('route.cjs', source);
  for (let count = 0; count < 2; count++) {
    app.routes([{ module, config }]);
    assert.equal(textOf(await app.answer(await upload(app, ['{"a"', ':1}']))), '[{"a":1},true]');
    assert.equal(textOf(await app.fetch()), '["",true]');
    const long = `"${'a'.repeat(2_000_000)}"`;
    assert.equal(textOf(await app.answer(await upload(app, [long]))), `[${long},true]`);
  }
});

test('the limit of a module holds', async () => {
  using app = dynamic({ api: { bodyParser: { sizeLimit: '5b' } } }, echo);
  assert.equal(textOf(await app.answer(await upload(app, ['"123"']))), '["123",true]');
  for (const answer of [
    await app.answer(await upload(app, ['"12', '34"'])),
    await app.fetch({ method: 'POST', body: '"1234"' }),
  ]) {
    assert.deepEqual([answer.status, textOf(answer)], [413, 'Body exceeded 5b limit']);
    assert.deepEqual(linesOf(answer), ['Content-Type: text/plain; charset=utf-8']);
  }
  assert.deepEqual(app.core.strays, []);
});

test('a client that goes while its body is collected meets no handler', async () => {
  using app = dynamic({}, '() => { globalThis.capraCalled = true; }');
  const id = app.request({ method: 'POST', body: null });
  while (!app.core.calls.includes(`readBody ${id}`)) await turn();
  app.host.body(id, new Uint8Array(3), undefined);
  app.host.closed(id, Closed.gone);
  await turn();
  await turn();
  assert.equal(Reflect.get(globalThis, 'capraCalled'), undefined);
  assert.deepEqual(app.core.strays, []);
});
