// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Files } from '../support/app.ts';
import { startCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

// What is too much is turned away, and nothing else is.

const app: Files = {
  'pages/api/quick.js': 'export default (req, res) => res.send("quick");',
  // Answers when the client has sent its whole body.
  'pages/api/slow.js': `
    export const config = { api: { bodyParser: false } };
    export default async (req, res) => {
      for await (const piece of req);
      res.send('slow');
    };`,
  'pages/api/length.js': 'export default (req, res) => res.send(String(req.body.length));',
};

const text = { 'Content-Type': 'text/plain' };

test('--max-in-flight: more requests are 503, and their connections go on', async () => {
  const server = await startCapra({ app, args: ['--max-in-flight', '2'] });
  const slow = async () => {
    const wire = await Wire.open(server.port);
    const headers = { ...text, Expect: '100-continue', 'Content-Length': '1' };
    await wire.send(format('POST /api/slow', { headers }));
    assert.equal((await wire.answer()).status, 100); // its handler reads
    return wire;
  };
  const wires = [await slow(), await slow()];
  const third = await Wire.open(server.port);
  await third.send(format('GET /api/quick'));
  const refused = await third.answer();
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['retry-after'], '1');
  assert.equal(refused.headers.connection, 'keep-alive');
  assert.equal((await server.call('GET /api/nowhere')).status, 503);

  await wires[0].send('x');
  assert.equal((await wires[0].answer()).text, 'slow');
  await third.send(format('GET /api/quick'));
  assert.equal((await third.answer()).text, 'quick');
  for (const wire of [...wires, third]) wire.close();
  await server.stop();
});

test('--max-in-flight counts no request twice, and each until its client has gone', async () => {
  const server = await startCapra({ app, args: ['--max-in-flight', '1'] });
  for (let i = 0; i < 5; i++) {
    const wire = await Wire.open(server.port);
    await wire.send(format('GET /api/quick').toString().repeat(3));
    for (let j = 0; j < 3; j++) assert.equal((await wire.answer()).status, 200);
    await wire.send(format('POST /api/length', { headers: { ...text, 'Content-Length': '9' } }));
    wire.reset();
    let status = 0;
    while (status !== 200) ({ status } = await server.call('GET /api/quick'));
  }
  await server.stop();
});

test('--max-buffered-bytes: bodies that are too much together are 503', async () => {
  const server = await startCapra({ app, args: ['--max-buffered-bytes', '100kb'] });
  const half = 'a'.repeat(60_000);
  const begin = async () => {
    const wire = await Wire.open(server.port);
    const headers = { ...text, 'Content-Length': '120000' };
    await wire.send(format('POST /api/length', { headers }) + half);
    return wire;
  };
  const first = await begin();
  const second = await begin();
  const outcome = await Promise.race([
    first.answer().then((answer) => ({ answer, left: second })),
    second.answer().then((answer) => ({ answer, left: first })),
  ]);
  assert.equal(outcome.answer.status, 503);
  assert.equal(outcome.answer.headers['retry-after'], '1');
  assert.equal(outcome.answer.headers.connection, 'close');

  // The other one had been let in. Small ones come with their head, and are no load.
  const body = 'a'.repeat(1000);
  assert.equal((await server.call('POST /api/length', { headers: text, body })).status, 200);
  outcome.left.close();
  let status = 0;
  while (status !== 200)
    ({ status } = await server.call('POST /api/length', { headers: text, body: half }));
  await server.stop();
});
