// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Hono on Node, through its own adapter. */
export const peer = {
  title: 'Hono on Node',
  apps: ['hello', 'edge', 'api'],
  isFromNpm: true,
  command: ({ port, app }) => ({
    argv: [process.execPath, import.meta.filename, String(port), app],
  }),
  version: () => {
    const require = createRequire(import.meta.url);
    const file = join(dirname(require.resolve('hono')), '../../package.json');
    return `Hono ${require(file).version}`;
  },
};

async function addApi(server) {
  const work = await import('../apps/api/lib/work.mjs');
  const { priced } = await import('../apps/api/lib/chain.ts');
  const { getCookie } = await import('hono/cookie');
  const answer = (c, { status, body }) => c.json(body, status);

  server.get('/api/users/:id', (c) => {
    const { session, theme } = getCookie(c);
    const trace = c.req.header('x-request-id');
    c.header('Cache-Control', 'private, no-store');
    c.header('X-Request-Id', trace);
    const language = c.req.header('accept-language');
    const agent = c.req.header('user-agent');
    const [id, expand] = [c.req.param('id'), c.req.query('expand')];
    return c.json(work.user({ id, expand, session, theme, language, agent, trace }));
  });
  server.post('/api/echo', async (c) => c.json(await c.req.json()));
  server.post('/api/validate', async (c) => answer(c, work.validate(await c.req.json())));
  server.post('/api/login', async (c) => answer(c, await work.login(await c.req.json())));
  server.get('/api/notes/:id', async (c) => c.json(await work.note(c.req.param('id'))));
  server.get('/api/chain/:id', async (c) => c.json(await priced(c.req.param('id'))));
  server.get('/api/stream', (c) => {
    let left = work.PIECES;
    const pull = (controller) => {
      controller.enqueue(work.PIECE);
      if (--left === 0) controller.close();
    };
    return c.body(new ReadableStream({ pull }), 200, {
      'Content-Type': 'application/octet-stream',
    });
  });
}

if (import.meta.main) {
  const [port, app] = process.argv.slice(2);
  const { Hono } = await import('hono');
  const { serve } = await import('@hono/node-server');
  const server = new Hono();
  server.get('/api/hello', (c) => c.json({ message: 'Hello from Next.js API!' }));
  if (app === 'api') await addApi(server);
  const options = { fetch: server.fetch, port: Number(port), hostname: '127.0.0.1' };
  serve(options).keepAliveTimeout = 72_000;
}
