// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { createServer } from 'node:http';
import { EVENT, EVENT_EVERY_MS } from '../apps/api/lib/events.mjs';
import { cookiesOf } from '../tools/cookies.mjs';

/** Node's own http module, the same Node that runs Capra's routes. */
export const peer = {
  title: 'Node http',
  apps: ['hello', 'body', 'api'],
  isFromNpm: true,
  command: ({ bench, port, app }) => ({
    argv: [process.execPath, import.meta.filename, String(port), app],
    env: { BENCH_UPLOADS: bench.scratch('uploads') },
  }),
  version: () => `Node ${process.version}`,
};

function json(res, status, value) {
  const body = JSON.stringify(value);
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  res.end(body);
}

function hello(_req, res) {
  json(res, 200, { message: 'Hello from Next.js API!' });
}

async function stream(req, res) {
  let bytes = 0;
  for await (const piece of req) bytes += piece.length;
  json(res, 200, { bytes });
}

async function bodyOf(req) {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  return JSON.parse(Buffer.concat(pieces).toString());
}

/** The larger workloads' routes, as one writes them without a framework. */
async function makeApi() {
  const work = await import('../apps/api/lib/work.mjs');
  const { priced } = await import('../apps/api/lib/chain.ts');
  const { default: formidable } = await import('formidable');

  const exact = {
    '/api/hello': hello,
    '/api/echo': async (req, res) => json(res, 200, await bodyOf(req)),
    '/api/validate': async (req, res) => {
      const { status, body } = work.validate(await bodyOf(req));
      json(res, status, body);
    },
    '/api/login': async (req, res) => {
      const { status, body } = await work.login(await bodyOf(req));
      json(res, status, body);
    },
    '/api/stream': async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      for (let i = 0; i < work.PIECES; i++) if (!res.write(work.PIECE)) await once(res, 'drain');
      res.end();
    },
    '/api/events': (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
      res.write(EVENT);
      const timer = setInterval(() => res.write(EVENT), EVENT_EVERY_MS);
      res.on('close', () => clearInterval(timer));
    },
    '/api/upload': async (req, res) => {
      const form = formidable({ maxFileSize: 2 ** 31, uploadDir: process.env.BENCH_UPLOADS });
      const [, files] = await form.parse(req);
      json(res, 200, { bytes: files.file[0].size });
    },
  };
  const below = {
    '/api/users/': (id, req, res, url) => {
      const { session, theme } = cookiesOf(req.headers.cookie);
      const trace = req.headers['x-request-id'];
      res.setHeader('Cache-Control', 'private, no-store');
      res.setHeader('X-Request-Id', trace);
      const expand = url.searchParams.get('expand');
      const language = req.headers['accept-language'];
      const agent = req.headers['user-agent'];
      json(res, 200, work.user({ id, expand, session, theme, language, agent, trace }));
    },
    '/api/notes/': async (id, _req, res) => json(res, 200, await work.note(id)),
    '/api/chain/': async (id, _req, res) => json(res, 200, await priced(id)),
  };
  return async (req, res) => {
    const url = new URL(req.url, 'http://localhost');
    const handler = exact[url.pathname];
    if (handler) return handler(req, res);
    const at = url.pathname.lastIndexOf('/') + 1;
    const dynamic = below[url.pathname.slice(0, at)];
    if (!dynamic) return json(res, 404, { error: 'Not found' });
    return dynamic(decodeURIComponent(url.pathname.slice(at)), req, res, url);
  };
}

if (import.meta.main) {
  const [port, app] = process.argv.slice(2);
  const onBody = (req, res) => (req.method === 'POST' ? stream(req, res) : hello(req, res));
  const handlers = { hello: () => hello, body: () => onBody, api: makeApi };
  const server = createServer(await handlers[app]());
  server.keepAliveTimeout = 72_000;
  server.listen(Number(port), '127.0.0.1');
}
