// SPDX-License-Identifier: MIT

// `--native-isolation process`: whatever is asked, and however it is cut, the answers are the same bytes as without it.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askAdmin } from '../support/admin.ts';
import { type Files, makeApp, temporaryFolder, writeFiles } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { ISOLATED, mixed, nativesOf, statusOf } from '../support/isolated.ts';
import { root } from '../support/paths.ts';
import { type Server, startCapra, withCapra } from '../support/server.ts';
import { exchange, rawExchange, Wire } from '../support/wire.ts';

const host = 'Host: localhost\r\n';
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;
const last = get('/api/js', 'Connection: close\r\n');
const sized = (path: string, body: string, more = '') =>
  `POST ${path} HTTP/1.1\r\n${host}Content-Type: text/plain\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (path: string, pieces: string[], trailers = '') =>
  `POST ${path} HTTP/1.1\r\n${host}Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${pieces
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    .join('')}0\r\n${trailers}\r\n`;

/** The twins in one project: what `c/` has in C, `ts/` has in TypeScript. */
function makeTwins(): string {
  const folder = temporaryFolder();
  for (const twin of ['c', 'ts'])
    cpSync(join(root, 'examples/twins', twin, 'pages/api'), join(folder, 'pages/api', twin), {
      recursive: true,
    });
  cpSync(join(root, 'examples/twins/c/data'), join(folder, 'data'), { recursive: true });
  writeFiles(folder, { ...mixed, 'public/note.txt': 'a public file\n' });
  return folder;
}

const BIG = 'capra'.repeat(60_000);
const PART = 'x'.repeat(900);

/** Each is all that one client sends on one connection. */
const conversations: Record<string, string> = {
  'in turns': [1, 2, 3, 4].map((i) => get(`/api/js?q=${i}`) + get(`/api/c?q=${i}`)).join('') + last,
  'one kind after the other':
    get('/api/c').repeat(5) + get('/api/js').repeat(5) + get('/api/c') + last,
  'HEAD and others':
    `HEAD /api/c HTTP/1.1\r\n${host}\r\nHEAD /api/js HTTP/1.1\r\n${host}\r\n` +
    `OPTIONS * HTTP/1.1\r\n${host}\r\n` +
    get('/api/c') +
    `OPTIONS * HTTP/1.1\r\n${host}\r\n${last}`,
  'no route, a redirect, a file':
    get('/api/c') +
    get('/api/none') +
    get('/api/c/') +
    get('/api/c') +
    get('//api//c') +
    get('/note.txt') +
    get('/api/c') +
    get('/api/c/users/%zz') +
    last,
  'small bodies': sized('/api/c', 'abc') + sized('/api/js', 'abc') + sized('/api/c', '') + last,
  'bodies in chunks':
    chunked('/api/c', ['abc', 'de']) + chunked('/api/js', ['x']) + chunked('/api/c', []) + last,
  'big bodies': sized('/api/c', BIG) + sized('/api/js', BIG) + sized('/api/c/upload', BIG) + last,
  'big bodies in chunks':
    get('/api/js') +
    chunked('/api/c', Array(300).fill(PART)) +
    chunked('/api/c/upload', Array(300).fill(PART), 'X-Sum: 1\r\n') +
    chunked('/api/js', Array(300).fill(PART)) +
    last,
  'a body that is too long, of either kind':
    sized('/api/c/echo', 'x'.repeat(2049)) + get('/api/js') + last,
  'pieces, and an answer that comes later':
    get('/api/c/stream') +
    get('/api/ts/stream') +
    sized('/api/c/wait', 'a') +
    get('/api/c?does=later&ms=50') +
    last,
  'another protocol':
    get('/api/js') + get('/api/c', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
  'another protocol, behind a route in C':
    get('/api/c') + get('/api/c', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
  'the connection ends with a route in C': get('/api/js') + get('/api/c', 'Connection: close\r\n'),
  'HTTP/1.0': `GET /api/c HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\nGET /api/c HTTP/1.0\r\n\r\n`,
  'what is no HTTP, behind a route in C': `${get('/api/c')}nonsense\r\n\r\n`,
  'what is cut, behind a route in C': `${get('/api/c')}GET /api/js HTTP/1.1\r\n${host}`,
  'a large head': get('/api/c', `X-Large: ${'a'.repeat(14_000)}\r\n`) + last,
};

/**
 * All that comes, until the server ends the connection; the client has ended its side. Whether it is asked for a body
 * that is on its way already is a matter of moments.
 */
async function converse(port: number, sent: string, split: 'bytes' | number[]): Promise<string> {
  const wire = await Wire.open(port);
  await wire.send(sent, { split });
  wire.finish();
  const got = (await wire.rest()).toString('latin1');
  return got.replaceAll('HTTP/1.1 100 Continue\r\n\r\n', '').replace(/^Date: .*$/gm, 'Date: -');
}

const splits = (sent: string): (number[] | 'bytes')[] => {
  const third = Math.floor(sent.length / 3);
  const head = sent.indexOf('\r\n\r\n') + 4;
  const cuts: (number[] | 'bytes')[] = [[], [third, 2 * third], [head], [head + 1], [head - 1]];
  return sent.length < 2000 ? [...cuts, 'bytes'] : cuts;
};

describe('the same bytes as without isolation', () => {
  let isolated: Server;
  let usual: Server;

  before(async () => {
    const folder = makeTwins();
    usual = await startCapra({ app: folder });
    isolated = await startCapra({ app: folder, args: ISOLATED });
  });
  after(async () => {
    await usual?.stop();
    await isolated?.stop();
  });

  for (const [name, sent] of Object.entries(conversations))
    test(name, async () => {
      const expected = await converse(usual.port, sent, []);
      assert.match(expected, /^HTTP\/1\.1 \d/);
      for (const split of splits(sent))
        assert.equal(await converse(isolated.port, sent, split), expected, `split at ${split}`);
    });

  test('who waits for the word to send its body gets it', async () => {
    for (const paths of [
      ['c', 'js', 'c'],
      ['js', 'c', 'js'],
    ]) {
      const wire = await Wire.open(isolated.port);
      for (const path of paths) {
        await wire.send(sized(`/api/${path}`, 'abc', 'Expect: 100-continue\r\n').slice(0, -3));
        assert.equal((await wire.answer()).status, 100);
        await wire.send('abc');
        const { by, body } = (await wire.answer()).json();
        assert.deepEqual([by, body], [path, 3]);
      }
      wire.close();
    }
  });

  test('routes in C are not in the process with V8', async () => {
    const answers = await rawExchange(
      isolated.port,
      get('/api/js?pid=1') + get('/api/c?pid=1') + get('/api/js?pid=1') + last,
    );
    const [first, second, third] = answers.map((answer) => answer.json().pid);
    assert.equal(first, third);
    assert.deepEqual(await nativesOf(isolated), [second]);
    assert.notEqual(first, second);
  });

  test('a connection stays where it is, until a request belongs to the other kind', async () => {
    const count = async () => (await statusOf(isolated)).connections_handed_over ?? 0;
    const before = await count();
    const wire = await Wire.open(isolated.port);
    for (const path of ['c', 'c', 'c', 'js', 'js', 'c', 'c']) {
      await wire.send(get(`/api/${path}`));
      assert.equal((await wire.answer()).json().by, path);
    }
    wire.close();
    assert.equal((await count()) - before, 3);
  });
});

describe('what is decided before a route is found, once for each request', () => {
  const app: Files = {
    ...mixed,
    'next.config.js': `module.exports = {
      redirects: () => [{ source: '/old', destination: '/api/c', permanent: true }],
      rewrites: () => [{ source: '/api/c/:id', destination: '/api/c?q=:id' }, { source: '/in/:id', destination: '/api/js?q=:id' }],
      headers: () => [{ source: '/api/:all*', headers: [{ key: 'X-Configured', value: 'yes' }] }],
    };`,
    'proxy.js': `
      import { NextResponse } from 'next/server';

      let asked = 0;

      export async function proxy(request) {
        const { pathname, searchParams } = request.nextUrl;
        if (pathname === '/api/asked') return NextResponse.json({ asked });
        asked++;
        if (searchParams.has('no')) return NextResponse.json({ no: true }, { status: 403 });
        const headers = new Headers(request.headers);
        headers.set('host', 'changed');
        if (searchParams.has('read')) headers.set('x-length', String((await request.text()).length));
        const url = new URL('/api/c?q=rewritten', request.url);
        const response = searchParams.has('to')
          ? NextResponse.rewrite(url, { request: { headers } })
          : NextResponse.next({ request: { headers } });
        response.headers.set('X-Proxied', 'yes');
        response.cookies.set('seen', '1');
        return response;
      }

      export const config = { matcher: '/api/:path*' };`,
  };
  const asks = [
    get('/old'),
    get('/api/c/7'),
    get('/in/7'),
    get('/api/c'),
    get('/api/js'),
    get('/api/c?no=1'),
    get('/api/js?to=c'),
    sized('/api/c', 'abc'),
    sized('/api/c?read=1', 'abcdef'),
    chunked('/api/c?read=1', ['abc', 'def', 'ghi']),
    sized('/api/c?read=1', BIG),
    sized('/api/js?read=1&to=c', 'abc', 'Expect: 100-continue\r\n'),
  ];
  let isolated: Server;
  let usual: Server;

  before(async () => {
    const folder = makeApp(app);
    usual = await startCapra({ app: folder });
    isolated = await startCapra({ app: folder, args: ISOLATED });
  });
  after(async () => {
    await usual?.stop();
    await isolated?.stop();
  });

  const askedOf = async (server: Server) =>
    (await exchange(server.port, 'GET /api/asked')).json().asked;

  test('the same bytes, one after the other on one connection', async () => {
    const sent = asks.join('') + last;
    const expected = await converse(usual.port, sent, []);
    assert.match(expected, /X-Proxied: yes[\s\S]*"q":"rewritten","from":"changed"/i);
    assert.equal(await converse(isolated.port, sent, []), expected);
    assert.equal(await askedOf(isolated), await askedOf(usual));
  });

  test('the same bytes, each on a connection of its own', async () => {
    for (const ask of asks) {
      const sent = ask.replace(host, `${host}Connection: close\r\n`);
      const cut = sent.indexOf('\r\n\r\n') + 4;
      const expected = await converse(usual.port, sent, []);
      assert.equal(await converse(isolated.port, sent, []), expected);
      assert.equal(await converse(isolated.port, sent, [cut]), expected);
    }
  });
});

test('who listens to all requests, and who takes connections for another protocol, is found', async () => {
  const app: Files = {
    ...mixed,
    'pages/api/listen.js': `
      export default function handler(req, res) {
        const { server } = res.socket;
        const others = server.listeners('request');
        server.removeAllListeners('request');
        server.on('request', (req, res) => {
          if (req.url.startsWith('/own')) return res.end('own');
          res.setHeader('X-Listener', 'heard');
          for (const other of others) other.call(server, req, res);
        });
        server.on('upgrade', (request, socket, head) => {
          socket.on('error', () => {});
          socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
          socket.write(head);
          socket.on('data', (piece) => socket.write(piece));
        });
        res.json({});
      }`,
  };
  await withCapra({ app, args: ISOLATED }, async (server) => {
    await server.call('GET /api/listen');
    const wire = await Wire.open(server.port);
    const ask = async (path: string) => {
      await wire.send(get(path));
      return wire.answer();
    };
    const first = await ask('/api/c');
    assert.equal(first.json().by, 'c');
    assert.equal(first.headers['x-listener'], 'heard');
    assert.equal((await ask('/own/')).text, 'own');
    assert.equal((await ask('/api/c')).json().by, 'c');
    assert.equal((await ask('/api/c')).json().by, 'c');
    assert.equal((await ask('/own')).text, 'own');
    assert.equal((await ask('/api/c')).json().by, 'c');
    await wire.send(
      `${get('/any', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')}right behind it, `,
    );
    assert.equal((await wire.answer()).status, 101);
    await wire.send('and later');
    const echoed = 'right behind it, and later';
    await until(() => wire.waiting === echoed.length, 'what was sent');
    wire.close();
  });
});

test('the client stays who it is', async () => {
  const app: Files = {
    'pages/api/js.js': `
      export default (req, res) => res.json({ from: req.socket.remoteAddress, port: req.socket.remotePort, forwarded: req.headers['x-forwarded-for'] ?? '' })`,
    'pages/api/c.c': `
      #include <capra.h>

      static void c(capra_request *req, capra_response *res)
      {
          capra_json(res, 200, "{s:s}", "from", capra_text(req, capra_request_address(req)));
      }

      CAPRA_ROUTE(c);`,
  };
  const args = [...ISOLATED, '--trust-proxy', 'loopback', '--proxy-protocol', 'on'];
  await withCapra({ app, args: [...args, '--log', 'json'] }, async (server) => {
    const wire = await Wire.open(server.port);
    await wire.send('PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n');
    for (let i = 0; i < 3; i++) {
      await wire.send(get('/api/c') + get('/api/js'));
      assert.deepEqual((await wire.answer()).json(), { from: '192.0.2.7' });
      const { from, port } = (await wire.answer()).json();
      assert.deepEqual({ from, port }, { from: '192.0.2.7', port: 40000 });
    }
    // A proxy's word is taken as before, and what a client says of itself is not.
    await wire.send(get('/api/c', 'X-Forwarded-For: 203.0.113.9\r\n'));
    assert.deepEqual((await wire.answer()).json(), { from: '192.0.2.7' });
    wire.close();
    const own = await Wire.open(server.port);
    await own.send('PROXY UNKNOWN\r\n');
    const told = 'X-Forwarded-For: 198.51.100.1, 203.0.113.9, 127.0.0.1\r\n';
    await own.send(get('/api/c', told) + get('/api/js', told) + get('/api/c', told));
    assert.deepEqual((await own.answer()).json(), { from: '203.0.113.9' });
    assert.equal((await own.answer()).json().forwarded, '203.0.113.9');
    assert.deepEqual((await own.answer()).json(), { from: '203.0.113.9' });
    own.close();
    await server.stop();
    // Each request once, with the time from its arrival on.
    const lines = server
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    assert.equal(lines.length, 10);
    assert.equal(lines.filter(({ client }) => client === '192.0.2.7').length, 7);
    for (const { status, duration_ms } of lines) {
      assert.equal(status, 200);
      assert.ok(duration_ms >= 0 && duration_ms < 60_000, `${duration_ms} ms`);
    }
  });
});

test('through a Unix socket as well', async () => {
  const path = join(temporaryFolder(), 'app.sock');
  await withCapra({ app: mixed, args: [...ISOLATED, '--listen', `unix:${path}`] }, async () => {
    const socket = connect({ path });
    let got = '';
    const ended = new Promise((resolve) => socket.on('end', resolve));
    socket.on('data', (piece) => (got += piece));
    socket.write(get('/api/c') + get('/api/js') + get('/api/c') + last);
    await within(ended, 'end of the connection', { found: () => got });
    assert.deepEqual(
      [...got.matchAll(/"by":"(\w+)"/g)].map(([, by]) => by),
      ['c', 'js', 'c', 'js'],
    );
  });
});

describe('the option', () => {
  const scripts = { 'pages/api/js.js': mixed['pages/api/js.js'] };
  const natives = { 'pages/api/c.c': mixed['pages/api/c.c'] };

  test('is as without it where there is nothing to set apart', async () => {
    for (const [app, by] of [
      [scripts, 'js'],
      [natives, 'c'],
    ] as const)
      await withCapra({ app, args: [...ISOLATED, '--native-workers', '3'] }, async (server) => {
        assert.equal((await server.call(`GET /api/${by}`)).json().by, by);
        assert.equal((await server.call('GET /api/none')).status, 404);
        const { workers, workers_wanted } = await statusOf(server);
        assert.deepEqual(
          workers.map(({ group }) => group),
          [undefined],
        );
        assert.equal(workers_wanted, 1);
      });
  });

  test('says how many, and status and metrics tell which worker is of which kind', async () => {
    const args = ['--workers', '2', ...ISOLATED, '--native-workers', '3'];
    await withCapra({ app: mixed, args }, async (server) => {
      const { workers } = await statusOf(server);
      const groups = workers.map(({ group }) => group).sort();
      assert.deepEqual(groups, ['natives', 'natives', 'natives', 'scripts', 'scripts']);
      const { stdout } = await capra(['status', server.folder]);
      assert.match(stdout, /GROUP\n/);
      assert.equal(stdout.match(/ natives$/gm)?.length, 3);
      await server.call('GET /api/c');
      const { text } = await askAdmin(server, '/metrics');
      assert.equal(
        text.match(/^capra_worker_connections\{worker="\d",group="natives"\} /gm)?.length,
        3,
      );
      assert.match(text, /^capra_connections_handed_over_total 1$/m);
    });
    await withCapra({ app: mixed, args: ['--workers', '2', ...ISOLATED] }, async (server) => {
      assert.equal((await nativesOf(server)).length, 2);
    });
  });

  test('refuses what makes no sense', async () => {
    const cases: [string[], RegExp][] = [
      [['start', '--native-workers', '2'], /--native-workers wants --native-isolation process/],
      [['start', '--native-isolation', 'thread'], /found `thread`, expected one of: off process/],
      [['start', ...ISOLATED, '--native-workers', '0'], /expected a number from 1 to 64/],
      [['dev', ...ISOLATED], /--native-isolation is an option of start/],
    ];
    for (const [args, said] of cases) {
      const { code, stderr } = await capra(args);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });
});

test('an app that sends and reads on at the same time loses nothing', async () => {
  await withCapra({ app: mixed, args: ISOLATED }, async (server) => {
    const wire = await Wire.open(server.port);
    const rounds = 150;
    const sending = (async () => {
      for (let i = 0; i < rounds; i++)
        await wire.send(get(`/api/c?q=${i}`) + get(`/api/js?q=${i}`));
    })();
    for (let i = 0; i < rounds; i++) {
      const { by, q } = (await wire.answer()).json();
      assert.deepEqual([by, q], ['c', String(i)]);
      const second = (await wire.answer()).json();
      assert.deepEqual([second.by, second.q], ['js', String(i)]);
    }
    await sending;
    wire.close();
  });
});
