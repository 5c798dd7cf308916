// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { capra, type Environment } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { type Answer, exchange, format, Wire } from '../support/wire.ts';
import { write } from './apps.ts';
import type { Mode } from './case.ts';
import { type Server, startApp } from './serve.ts';

/** A rule that takes more than one request to see. */
export interface ObservedCase {
  id: string;
  section: string;
  rule: string;
  /** The app whose server it shares; without one it starts what it needs. */
  app?: string;
  check(context: Context): Promise<void>;
  /** Why Capra does something else on purpose, where the check fails. */
  why?: string;
}

interface Context {
  mode: Mode;
  server: Server;
}

const json = (value: unknown) => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

async function withWire<Value>(port: number, use: (wire: Wire) => Promise<Value>): Promise<Value> {
  const wire = await Wire.open(port);
  try {
    return await use(wire);
  } finally {
    wire.close();
  }
}

/** What a route has noted since it was asked last, once it has noted something that ends with this. */
function noted(port: number, path: string, last: string): Promise<string[]> {
  const all: string[] = [];
  const ask = async () => {
    all.push(...(await exchange(port, `GET ${path}`)).json());
    return all.includes(last) && all;
  };
  return until(ask, `"${last}"`, { ms: 3000, found: () => `noted: ${all.join(', ')}` });
}

// --- Appendices A and B ---

const tags: [text: string, tag: string][] = [
  ['', '"78p3gz236i0"'],
  ['a', '"ap6mcnqid61"'],
  ['x', '"ayxe2glzap1"'],
  ['hello', '"2caikvdqo85"'],
  ['{"a":1}', '"147uiiad94i7"'],
  ['é', '"c66t4pa6oi1"'],
  ['日本語', '"cx9odr3xdk3"'],
  ['😀', '"c26v2dkjuu2"'],
  ['\u0000\uffff', '"7pwdoimjh82"'],
  ['The quick brown fox', '"bmcxx1jbg5j"'],
  ['a'.repeat(1024), '"pcnahxmeohsg"'],
  ['a'.repeat(5000), '"o9zuz7dtgb3uw"'],
];

const compressible = [
  ...['text/plain', 'text/html', 'text/x-unknown', 'TEXT/CSS', ' text/plain ; charset=utf-8'],
  ...['image/svg+xml', 'application/vnd.api+json', 'foo/bar+json', 'a/b+text'],
  ...['dart', 'ecmascript', 'javascript', 'json', 'postscript', 'raml+yaml', 'rtf', 'tar', 'toml']
    .concat(['vnd.dart', 'vnd.ms-fontobject', 'vnd.ms-opentype', 'wasm', 'x-httpd-php'])
    .concat(['x-javascript', 'x-ns-proxy-autoconfig', 'x-sh', 'x-tar', 'x-virtualbox-hdd'])
    .concat(['x-virtualbox-ova', 'x-virtualbox-ovf', 'x-virtualbox-vbox', 'x-virtualbox-vdi'])
    .concat(['x-virtualbox-vhd', 'x-virtualbox-vmdk', 'x-www-form-urlencoded', 'xml', 'xml-dtd'])
    .map((name) => `application/${name}`),
  ...['font/otf', 'font/ttf', 'image/bmp', 'image/vnd.adobe.photoshop', 'image/x-icon'],
  ...['image/x-ms-bmp', 'message/rfc822', 'model/gltf-binary', 'x-shader/x-fragment'],
  'x-shader/x-vertex',
];

const incompressible = [
  ...['image/png', 'application/octet-stream', 'application/pdf', 'application/zip'],
  ...['application/x-ndjson', 'application/grpc', 'font/woff2', 'video/mp4'],
  ...['multipart/form-data', 'garbage', ''],
];

async function encodingOf(port: number, type: string): Promise<string> {
  const { headers, body } = json({ type });
  const asked = { headers: { ...headers, 'Accept-Encoding': 'gzip' }, body };
  const answer = await exchange(port, 'POST /api/type', asked);
  return `${answer.headers['content-encoding'] ?? 'none'}, vary ${answer.headers.vary ?? 'none'}`;
}

const appendices: ObservedCase[] = [
  {
    id: 'OA-1',
    section: '4.6',
    rule: 'the ETag of a text, bit for bit',
    app: 'more',
    check: async ({ server: { port } }) => {
      for (const [text, tag] of tags) {
        const { headers } = await exchange(port, 'POST /api/send', json({ text }));
        assert.equal(headers.etag, tag, `of ${JSON.stringify(text.slice(0, 20))}`);
      }
    },
  },
  {
    id: 'OB-1',
    section: '9.4',
    rule: 'types that are compressed',
    app: 'more',
    check: async ({ server: { port } }) => {
      for (const type of compressible)
        assert.equal(await encodingOf(port, type), 'gzip, vary Accept-Encoding', type);
    },
  },
  {
    id: 'OB-2',
    section: '9.4',
    rule: 'types that are not compressed',
    app: 'more',
    check: async ({ server: { port } }) => {
      for (const type of incompressible)
        assert.equal(await encodingOf(port, type), 'none, vary none', type);
    },
  },
];

// --- Bodies and clients that go away ---

const bodies: ObservedCase[] = [
  {
    id: 'O3.6-20',
    section: '3.6',
    rule: '100 Continue comes before the body',
    app: 'more',
    check: ({ server: { port } }) =>
      withWire(port, async (wire) => {
        const headers = {
          'Content-Length': '14',
          'Content-Type': 'application/json',
          Expect: '100-continue',
        };
        await wire.send(format('POST /api/send', { headers }));
        assert.equal((await wire.answer()).status, 100);
        await wire.send('{"text":"abc"}');
        assert.equal((await wire.answer()).text, 'abc');
      }),
  },
  {
    id: 'O3.6-21',
    section: '3.6',
    rule: 'a client that leaves: with the parser on the handler runs for whole bodies, and only res tells',
    app: 'more',
    check: async ({ server: { port } }) => {
      const headers = { 'Content-Length': '100' };
      await withWire(port, (wire) => wire.send(format('POST /api/parsed', { headers })));
      await withWire(port, async (wire) => {
        await wire.send(format('POST /api/parsed', { body: '' }));
        await until(async () => {
          const { text } = await exchange(port, 'PUT /api/parsed');
          return text === '1';
        }, 'call');
      });
      assert.deepEqual(await noted(port, '/api/parsed', 'res close false'), [
        'called',
        'res close false',
      ]);
    },
  },
  {
    id: 'O3.6-22',
    section: '3.6',
    rule: 'a client that leaves in mid-body: with the parser off, req and res tell',
    app: 'more',
    check: async ({ server: { port } }) => {
      await withWire(port, async (wire) => {
        await wire.send(
          format('POST /api/events', { headers: { 'Content-Length': '100' }, body: 'abc' }),
        );
        await noted(port, '/api/events', 'called');
      });
      const events = await noted(port, '/api/events', 'res close false');
      const rest = await exchange(port, 'GET /api/events');
      assert.deepEqual([...events, ...rest.json()].sort(), [
        'req aborted',
        'req close',
        'req error',
        'res close false',
      ]);
    },
  },
  {
    id: 'O3.6-23',
    section: '3.6',
    rule: 'a body shorter than declared and then the end',
    app: 'more',
    check: ({ server: { port } }) =>
      withWire(port, async (wire) => {
        await wire.send(
          format('POST /api/send', { headers: { 'Content-Length': '100' }, body: 'abc' }),
        );
        wire.finish();
        assert.equal((await wire.answer()).status, 400);
      }),
  },
  {
    id: 'O3.6-24',
    section: '3.6',
    rule: 'a client that ends its side before the answer gets none',
    why: 'A client that has said everything may close its side and still wait for the answer.',
    app: 'more',
    check: ({ server: { port } }) =>
      withWire(port, async (wire) => {
        await wire.send(format('GET /api/slow?ms=100'));
        wire.finish();
        await wire.closed();
      }),
  },
  {
    id: 'O3.6-25',
    section: '3.6',
    rule: 'a body over the limit is refused before it is read',
    app: 'more',
    check: ({ server: { port }, mode }) =>
      withWire(port, async (wire) => {
        await wire.send(format('POST /api/xl10', { headers: { 'Content-Length': '50000000' } }));
        // Next reads first, and so a head alone is not answered by it.
        if (mode === 'next') await wire.send('a'.repeat(11));
        const { status, headers } = await wire.answer();
        assert.equal(status, 413);
        assert.equal(headers.connection, mode === 'next' ? 'keep-alive' : 'close');
      }),
  },
  {
    id: 'O9.5-20',
    section: '9.5',
    rule: 'pipelined requests are answered in their order',
    app: 'more',
    check: ({ server: { port } }) =>
      withWire(port, async (wire) => {
        const paths = ['/api/slow?ms=50', '/api/async', '/api/nope', '/api/proxied'];
        await wire.send(Buffer.concat(paths.map((path) => format(`GET ${path}`))));
        const found: string[] = [];
        for (const path of paths) {
          const { status, text } = await wire.answer();
          found.push(`${path} ${status} ${status === 200 ? text : ''}`);
        }
        assert.deepEqual(found, [
          '/api/slow?ms=50 200 {"slow":true}',
          '/api/async 200 {"async":true}',
          '/api/nope 404 ',
          '/api/proxied 200 {"proxied":true}',
        ]);
      }),
  },
];

// --- Draft and preview ---

function cookiesOf({ lines }: Answer): string {
  return lines
    .filter((line) => /^set-cookie:/i.test(line))
    .map((line) => line.slice('set-cookie: '.length).split(';', 1)[0])
    .join('; ');
}

async function previewCookies(port: number, data: unknown, options?: object): Promise<string> {
  const answer = await exchange(port, 'POST /api/preview', json({ data, options }));
  assert.equal(answer.status, 200, answer.text);
  return cookiesOf(answer);
}

async function readPreview(port: number, cookie: string): Promise<unknown> {
  return (await exchange(port, 'GET /api/preview', { headers: { Cookie: cookie } })).json();
}

function payloadOf(cookie: string): { data: string; iat: number; exp?: number } {
  const [, token] = cookie.split('__next_preview_data=');
  const [head, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  assert.equal(head, '{"alg":"HS256","typ":"JWT"}');
  return JSON.parse(payload);
}

const previews: ObservedCase[] = [
  {
    id: 'O4.9-20',
    section: '4.9',
    rule: 'preview data comes back to the server that made it',
    app: 'more',
    check: async ({ server: { port } }) => {
      const data = { a: [1, 'é'] };
      assert.deepEqual(await readPreview(port, await previewCookies(port, data)), [
        data,
        true,
        true,
      ]);
    },
  },
  {
    id: 'O4.9-21',
    section: '4.9',
    rule: 'preview data is a signed token with encrypted data and a time',
    app: 'more',
    check: async ({ server: { port } }) => {
      const { data, iat, exp } = payloadOf(await previewCookies(port, { a: 1 }, { maxAge: 60 }));
      // Salt, vector and tag before as many bytes as the JSON text has.
      assert.match(data, /^[0-9a-f]+$/);
      assert.equal(data.length / 2, 64 + 16 + 16 + '{"a":1}'.length);
      assert.equal(exp, iat + 60);
      assert.ok(Math.abs(iat - Date.now() / 1000) < 5);
    },
  },
  {
    id: 'O4.9-22',
    section: '4.9',
    rule: 'a token that was changed is none',
    app: 'more',
    check: async ({ server: { port } }) => {
      const cookie = await previewCookies(port, { a: 1 });
      const [bypass, token] = cookie.split('; ');
      const [head, payload] = token.split('.');
      const forged = createHmac('sha256', 'other').update(`${head}.${payload}`).digest('base64url');
      const found = await readPreview(port, `${bypass}; ${head}.${payload}.${forged}`);
      assert.deepEqual(found, [false, null, null]);
    },
  },
  {
    id: 'O4.9-23',
    section: '4.9',
    rule: 'a token that is over is none',
    app: 'more',
    check: async ({ server: { port } }) => {
      const found = await readPreview(port, await previewCookies(port, { a: 1 }, { maxAge: -1 }));
      assert.deepEqual(found, [false, null, null]);
    },
  },
  {
    id: 'O4.9-24',
    section: '4.9',
    rule: 'the length of a token with 600 characters, and the limit before 800',
    app: 'more',
    check: async ({ server: { port } }) => {
      const cookie = await previewCookies(port, 'a'.repeat(600));
      assert.equal(cookie.split('__next_preview_data=')[1].length, 1980);
      const over = await exchange(port, 'POST /api/preview', json({ data: 'a'.repeat(800) }));
      assert.equal(over.status, 500);
    },
  },
];

// --- Streams and logs ---

/** What a client of an event stream has read when it has read anything at all. */
async function firstOf(port: number, query = ''): Promise<string> {
  const url = `http://127.0.0.1:${port}/api/stream-events${query}`;
  const response = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(response.status, 200);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  while (!(await reader.read()).done);
  return Buffer.from(value ?? []).toString();
}

const first = 'data: 1\n\n';
const both = `${first}data: 2\n\n`;

/** A rule about what is logged once an app was asked for something. */
function logs(
  [id, section, rule]: [id: string, section: string, rule: string],
  { app, handler, path = '/api/x', says, not }: LogRule,
): ObservedCase {
  const check = async ({ mode }: Context) => {
    const server = await startApp(app, { mode });
    try {
      const headers: Record<string, string> = handler ? { 'x-case': handler } : {};
      await withWire(server.port, async (wire) => {
        await wire.send(format(`GET ${path}`, { headers }));
        const log = () => server.stdout() + server.stderr();
        if (says) await until(() => log().includes(says), says, { ms: 4000, found: log });
        if (!not) return;
        await exchange(server.port, 'GET /api/none-such');
        assert.ok(!log().includes(not), log());
      });
    } finally {
      await server.stop();
    }
  };
  return { id, section, rule, check };
}

interface LogRule {
  app: string;
  /** The case whose handler is asked. */
  handler?: string;
  path?: string;
  says?: string;
  not?: string;
}

const streamsAndLogs: ObservedCase[] = [
  {
    id: 'O4.12-1',
    section: '4.12',
    rule: 'events under gzip',
    app: 'more',
    check: async ({ server: { port }, mode }) =>
      assert.equal(await firstOf(port), mode === 'next' ? both : first),
  },
  {
    id: 'O4.12-2',
    section: '4.12',
    rule: 'events under gzip come at once after res.flush()',
    app: 'more',
    check: async ({ server: { port } }) => assert.equal(await firstOf(port, '?flush=1'), first),
  },
  {
    id: 'O4.12-3',
    section: '4.12',
    rule: 'events come at once with no-transform',
    app: 'more',
    check: async ({ server: { port } }) =>
      assert.equal(await firstOf(port, '?cache=no-transform'), first),
  },
  logs(['O4.11-1', '4.11', 'an answer of 4 MB is warned of'], {
    app: 'more',
    path: '/api/size?bytes=4194304',
    says: 'API response for /api/size?bytes=4194304 exceeds 4MB. API Routes are meant to respond quickly.',
  }),
  logs(['O4.11-2', '4.11', 'an answer of one byte less is not'], {
    app: 'more',
    path: '/api/size?bytes=4194303',
    not: 'exceeds 4MB',
  }),
  logs(['O4.11-3', '4.11', 'a limit of its own is printed as written'], {
    app: 'more',
    path: '/api/size1kb',
    says: 'API response for /api/size1kb exceeds 1KB.',
  }),
  logs(['O4.11-4', '4.11', 'responseLimit false'], {
    app: 'more',
    path: '/api/sizeoff',
    not: 'exceeds',
  }),
  logs(['O5.1-20', '5.1', 'a thrown Error is logged with its stack'], {
    app: 'main',
    handler: 'P284',
    says: 'Error: e\n    at ',
  }),
  logs(['O5.1-21', '5.1', 'a thrown text is logged'], {
    app: 'main',
    handler: 'P287',
    says: 's\n',
  }),
  logs(['O5.1-22', '5.1', 'an error in a timer is logged as uncaught'], {
    app: 'main',
    handler: 'P298',
    says: 'uncaughtException',
  }),
  logs(['O5.1-23', '5.1', 'a rejection that nobody handles is logged'], {
    app: 'main',
    handler: 'P299',
    says: 'unhandledRejection',
  }),
  logs(['O5.1-24', '5.1', 'a module without a default export is named in the log'], {
    app: 'bad',
    path: '/api/nodef',
    says: 'does not export a default function',
  }),
  logs(['O5.2-1', '5.2', 'development warns of a returned value'], {
    app: 'dev',
    handler: 'P442',
    says: 'API handler should not return a value, received string.',
  }),
  logs(['O5.2-2', '5.2', 'development warns of a handler that does not answer'], {
    app: 'dev',
    path: '/api/silent',
    says: 'API resolved without sending a response for /api/silent, this may result in stalled requests.',
  }),
  logs(['O5.2-3', '5.2', 'externalResolver stills that warning'], {
    app: 'dev',
    path: '/api/quiet',
    not: 'API resolved without sending',
  }),
  logs(['O5.2-4', '5.2', 'development warns of a body with 204'], {
    app: 'dev',
    handler: 'P444',
    says: 'A body was attempted to be set with a 204 statusCode for /api/x, this is invalid and the body was ignored.',
  }),
  logs(['O5.2-5', '5.2', 'development logs each request'], {
    app: 'dev',
    handler: 'P439',
    says: ' GET /api/x 200 in ',
  }),
];

// --- The process ---

const hello = { 'pages/api/hello.js': 'export default (req, res) => res.end();\n' };

/** A start that fails: its exit code and what it says. */
async function failingStart(
  args: string[],
  env: Environment = {},
): Promise<[number | null, string]> {
  const { code, stdout, stderr } = await capra(['start', ...args], { env });
  return [code, stdout + stderr];
}

const processes: ObservedCase[] = [
  {
    id: 'O9.1-1',
    section: '9.1',
    rule: 'a port that is taken: EADDRINUSE and exit code 1',
    why: 'Exit code 1 as well; the message says what to do instead of naming the system call.',
    app: 'more',
    check: async ({ server }) => {
      const [code, said] = await failingStart([server.folder, '-p', String(server.port)]);
      assert.equal(code, 1, said);
      assert.match(said, /EADDRINUSE/);
    },
  },
  {
    id: 'O9.1-2',
    section: '9.1',
    rule: 'a port that is no number: exit code 1',
    why: 'Wrong options are told in our own words, with exit code 2, as shells expect.',
    app: 'more',
    check: async ({ server }) => {
      const [code, said] = await failingStart([server.folder, '-p', 'abc']);
      assert.equal(code, 1, said);
      assert.match(said, /'abc' is not a non-negative number/);
    },
  },
  {
    id: 'O9.1-3',
    section: '9.1',
    rule: 'no build: exit code 1',
    why: 'Exit code 1 as well, before any banner, and in our own words.',
    check: async () => {
      const [code, said] = await failingStart([write({ files: hello }), '-p', '0']);
      assert.equal(code, 1, said);
      assert.match(said, /Could not find a production build/);
    },
  },
  {
    id: 'O9.1-4',
    section: '9.1',
    rule: 'the banner has name, Local, Network and Ready',
    app: 'more',
    check: async ({ server }) => {
      const lines = server
        .stdout()
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
      assert.match(lines[0], /^▲ /);
      assert.match(lines[1], /^- Local: +http:\/\/localhost:\d+$/);
      assert.match(lines[2], /^- Network: +http:\/\/[\d.]+:\d+$/);
      assert.match(lines[3], /^✓ Ready in \d/);
    },
  },
  ...(['SIGTERM', 'SIGINT'] as const).map(
    (signal, at): ObservedCase => ({
      id: `O9.7-${at + 1}`,
      section: '9.7',
      rule: `${signal} with nothing to do: the exit code`,
      why: 'Asked to stop, it stopped in order: that is no failure, and the exit code is 0.',
      check: async ({ mode }) => {
        const server = await startApp('src-pages', { mode });
        server.signal(signal);
        const { code } = await server.finished;
        assert.equal(code, signal === 'SIGTERM' ? 143 : 130);
      },
    }),
  ),
  {
    id: 'O9.7-3',
    section: '9.7',
    rule: 'a running request is answered after SIGTERM, new connections are refused',
    check: async ({ mode }) => {
      const server = await startApp('more', { mode });
      await withWire(server.port, async (wire) => {
        await wire.send(format('GET /api/slow?ms=400'));
        // Another request on another connection was answered, so that this one is running.
        await exchange(server.port, 'GET /api/async');
        server.signal('SIGTERM');
        await until(
          () =>
            exchange(server.port, 'GET /api/async').then(
              () => false,
              () => true,
            ),
          'refusal',
        );
        const { text, headers } = await wire.answer();
        assert.equal(text, '{"slow":true}');
        assert.equal(headers.connection, mode === 'next' ? 'keep-alive' : 'close');
      });
      await server.finished;
    },
  },
  {
    id: 'O9.7-4',
    section: '9.7',
    rule: 'a connection that never sent a byte delays the end',
    why: 'Nobody is served by waiting for it.',
    check: async ({ mode }) => {
      const server = await startApp('src-pages', { mode });
      await withWire(server.port, async () => {
        server.signal('SIGTERM');
        const start = performance.now();
        await server.finished;
        assert.ok(performance.now() - start > 3000, 'it ended at once');
      });
    },
  },
];

export const observed: ObservedCase[] = [
  ...appendices,
  ...bodies,
  ...previews,
  ...streamsAndLogs,
  ...processes,
];
