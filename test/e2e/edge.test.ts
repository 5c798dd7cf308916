// SPDX-License-Identifier: MIT

// Routes with `runtime: 'edge'`, in a project that does not have Next installed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { type Server, startCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

const config = "export const config = { runtime: 'edge' };\n";
const MIB = 1024 * 1024;

const app = {
  'pages/api/hello.ts': `${config}
import { type NextRequest, NextResponse } from 'next/server';
export default async function handler(request: NextRequest) {
  const { pathname, searchParams } = request.nextUrl;
  const response = NextResponse.json({ pathname, name: searchParams.get('name'), url: request.url });
  response.cookies.set('seen', request.cookies.get('id')?.value ?? 'no');
  return response;
}`,
  'pages/api/users/[id].ts': `${config}
export default (request: Request) => new Response(new URL(request.url).searchParams.get('id'));`,
  'pages/api/echo.ts': `${config}
export default async (request: Request) => {
  const form = request.headers.get('content-type')?.startsWith('multipart/');
  return form ? Response.json([...(await request.formData())]) : new Response(await request.bytes());
};`,
  'pages/api/count.ts': `${config}
export default async (request: Request) => {
  let length = 0;
  for await (const chunk of request.body ?? []) length += chunk.length;
  return new Response(String(length));
};`,
  'pages/api/pipe.ts': `${config}
export default (request: Request) => new Response(request.body);`,
  'pages/api/events.ts': `${config}
const encoder = new TextEncoder();
export default () => {
  let next = 0;
  const stream = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (next === 3) controller.close();
      else controller.enqueue(encoder.encode(\`data: \${next++}\\n\\n\`));
    },
  });
  return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
};`,
  'pages/api/endless.ts': `${config}
export default () => {
  const state = { pulled: 0, cancelled: 0 };
  (globalThis as any).endless = state;
  const chunk = new Uint8Array(65_536);
  const stream = new ReadableStream({
    pull(controller) { state.pulled += chunk.length; controller.enqueue(chunk); },
    cancel() { state.cancelled++; },
  });
  return new Response(stream);
};`,
  'pages/api/state.ts':
    'export default (_req: unknown, res: any) => res.json((globalThis as any).endless ?? null);',
  'pages/api/signal.ts': `${config}
export default (request: Request) => new Promise(() => {
  console.log('waiting');
  request.signal.addEventListener('abort', () => console.log('gone'));
});`,
  'pages/api/later.ts': `${config}
export default (_request: Request, event: any) => {
  event.waitUntil(new Promise<void>((resolve) => setTimeout(() => { console.log('done later'); resolve(); }, 400)));
  return new Response('now');
};`,
  'pages/api/forever.ts': `${config}
export default (_request: Request, event: any) => {
  event.waitUntil(new Promise(() => {}));
  return new Response('now');
};`,
  'pages/api/throws.ts': `${config}
export default () => { throw new Error('on the edge'); };`,
  'pages/api/nothing.ts': `${config}
export default () => {};`,
  'pages/api/fails.ts': `${config}
export default () => new Response(new ReadableStream({
  start(controller) { controller.enqueue(new TextEncoder().encode('first')); },
  pull(controller) { controller.error(new Error('half way')); },
}));`,
  'pages/api/common.js': `
exports.config = { runtime: 'edge' };
exports.default = async (request) => new Response(request.method + (await request.text()));`,
  'lib/answer.ts': `
import { NextResponse } from 'next/server';
export const answer = () => NextResponse.json({ shared: true });`,
  'pages/api/shared.ts': `${config}
import { answer } from '../../lib/answer';
export default answer;`,
  'pages/api/node.ts': `
import { userAgent } from 'next/server';
export default (req: any, res: any) =>
  res.json(userAgent({ headers: new Headers(req.headers) }).isBot);`,
};

let server: Server;
before(async () => {
  server = await startCapra({ app });
});
after(() => server.stop('SIGKILL'));

describe('an answer', () => {
  test('by NextResponse, to a NextRequest', async () => {
    const headers = { Host: 'example.org', Cookie: 'id=7' };
    const { status, headers: sent, text } = await server.call('GET /api/hello?name=x', { headers });
    assert.equal(status, 200);
    assert.equal(sent['content-type'], 'application/json');
    assert.equal(sent['set-cookie'], 'seen=7; Path=/');
    assert.equal(sent['content-length'], String(text.length));
    assert.deepEqual(JSON.parse(text), {
      pathname: '/api/hello',
      name: 'x',
      url: 'http://example.org/api/hello?name=x',
    });
  });

  test("a parameter of the route stands in the URL's query", async () => {
    assert.equal((await server.call('GET /api/users/a%20b?id=c')).text, 'a b');
  });

  test('a module that edge routes share is found, and a CommonJS route', async () => {
    assert.deepEqual((await server.call('GET /api/shared')).json(), { shared: true });
    assert.equal((await server.call('POST /api/common', { body: 'x' })).text, 'POSTx');
  });

  test('HEAD has the length, and no body', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(format('HEAD /api/users/abc'));
    const { headers, bytes } = await wire.answer('HEAD');
    assert.equal(headers['content-length'], '3');
    assert.equal(bytes.length, 0);
    wire.close();
  });

  test('a route of (req, res) is beside it what it was', async () => {
    const headers = { 'User-Agent': 'Googlebot/2.1' };
    assert.equal((await server.call('GET /api/node', { headers })).json(), true);
  });
});

describe('a body', () => {
  for (const size of [0, 1, 5_000, 300_000, 3 * MIB]) {
    test(`of ${size} bytes comes whole, and is streamed back`, async () => {
      const body = Buffer.alloc(size, 'abcdefghij');
      assert.deepEqual((await server.call('POST /api/echo', { body })).bytes, body);
      assert.deepEqual((await server.call('POST /api/pipe', { body })).bytes, body);
      assert.equal((await server.call('POST /api/count', { body })).text, String(size));
    });
  }

  test('in chunks', async () => {
    const wire = await Wire.open(server.port);
    await wire.send('POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (const piece of ['3\r\nabc\r\n', '2\r\nde\r\n', '0\r\n\r\n']) await wire.send(piece);
    assert.equal((await wire.answer()).text, 'abcde');
    wire.close();
  });

  test('a form with a file', async () => {
    const part = (name: string, value: string) =>
      `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = `${part('a', '1')}${part('b', 'é')}--B--\r\n`;
    const headers = { 'Content-Type': 'multipart/form-data; boundary=B' };
    assert.deepEqual((await server.call('POST /api/echo', { headers, body })).json(), [
      ['a', '1'],
      ['b', 'é'],
    ]);
  });

  test('one that nobody reads does not hurt the next request', async () => {
    const wire = await Wire.open(server.port);
    const body = Buffer.alloc(5_000, 'x');
    await wire.send(
      Buffer.concat([format('POST /api/users/a', { body }), format('GET /api/users/b')]),
    );
    assert.equal((await wire.answer()).text, 'a');
    assert.equal((await wire.answer()).text, 'b');
    wire.close();
  });
});

describe('a stream', () => {
  test('arrives piece by piece', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(format('GET /api/events', { headers: { 'Accept-Encoding': 'gzip' } }));
    const { headers, text } = await wire.answer();
    assert.equal(headers['transfer-encoding'], 'chunked');
    assert.equal(text, 'data: 0\n\ndata: 1\n\ndata: 2\n\n');
    wire.close();
  });

  test('waits for a client that does not read, and is cancelled when it goes', async () => {
    const wire = await Wire.open(server.port);
    wire.pause();
    await wire.send(format('GET /api/endless'));
    const state = async () => (await server.call('GET /api/state')).json();
    let last = -1;
    await until(
      async () => {
        const pulled = (await state())?.pulled ?? 0;
        const isStill = pulled > 0 && pulled === last;
        last = pulled;
        return isStill;
      },
      'end of the pulling',
      { ms: 10_000 },
    );
    assert.ok(last < 64 * MIB, `${last} bytes were pulled`);
    wire.reset();
    await until(async () => (await state()).cancelled === 1, 'cancel', { ms: 10_000 });
  });

  test('that fails is cut off', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(format('GET /api/fails'));
    const rest = (await wire.rest()).toString();
    assert.match(rest, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(rest, /5\r\nfirst\r\n$/);
    await server.logged(/half way/);
  });
});

describe('faults', () => {
  test('what is thrown is 500, with the lines of the source in the log', async () => {
    const { status, text } = await server.call('GET /api/throws');
    assert.deepEqual([status, text], [500, 'Internal Server Error']);
    await server.logged(/on the edge[\s\S]*pages\/api\/throws\.ts:3/);
  });

  test('a handler that returns nothing is told how to answer', async () => {
    assert.equal((await server.call('GET /api/nothing')).status, 500);
    await server.logged(/the handler returned undefined.*return new Response/);
  });

  test('the signal aborts when the client goes', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(format('GET /api/signal'));
    await until(() => server.stdout().includes('waiting'), 'handler');
    wire.reset();
    await until(() => server.stdout().includes('gone'), 'abort');
  });
});

describe('waitUntil', () => {
  test('a worker that is to stop waits for it', async () => {
    const own = await startCapra({ app });
    assert.equal((await own.call('GET /api/later')).text, 'now');
    const { code } = await own.stop('SIGTERM');
    assert.equal(code, 0);
    assert.match(own.stdout(), /done later/);
  });

  test('but not for ever', async () => {
    const own = await startCapra({ app, args: ['--shutdown-timeout', '1'] });
    assert.equal((await own.call('GET /api/forever')).text, 'now');
    await own.stop('SIGTERM');
    assert.match(own.stderr(), /waitUntil/);
  });
});

test('an app without edge routes loads nothing for them', async () => {
  const own = await startCapra({
    app: { 'pages/api/a.js': 'export default (q, s) => s.end("a")' },
  });
  try {
    await own.call('GET /api/a');
    assert.doesNotMatch(readFileSync(`/proc/${own.worker()}/maps`, 'utf8'), /edge\.cjs/);
  } finally {
    await own.stop();
  }
});
