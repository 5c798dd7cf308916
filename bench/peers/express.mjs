// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { cookiesOf } from '../tools/cookies.mjs';

/** Express 5. */
export const peer = {
  title: 'Express',
  apps: ['hello', 'api'],
  isFromNpm: true,
  command: ({ port, app }) => ({
    argv: [process.execPath, import.meta.filename, String(port), app],
  }),
  version: () => `Express ${createRequire(import.meta.url)('express/package.json').version}`,
};

async function addApi(server, express) {
  const work = await import('../apps/api/lib/work.mjs');
  const { priced } = await import('../apps/api/lib/chain.ts');
  const answer = (res, { status, body }) => res.status(status).json(body);
  const json = express.json({ limit: '1mb' });

  server.get('/api/users/:id', (req, res) => {
    const { session, theme } = cookiesOf(req.headers.cookie);
    const trace = req.headers['x-request-id'];
    res.set('Cache-Control', 'private, no-store').set('X-Request-Id', trace);
    const language = req.headers['accept-language'];
    const agent = req.headers['user-agent'];
    const { expand } = req.query;
    res.json(work.user({ id: req.params.id, expand, session, theme, language, agent, trace }));
  });
  server.post('/api/echo', json, (req, res) => res.json(req.body));
  server.post('/api/validate', json, (req, res) => answer(res, work.validate(req.body)));
  server.post('/api/login', json, async (req, res) => answer(res, await work.login(req.body)));
  server.get('/api/notes/:id', async (req, res) => res.json(await work.note(req.params.id)));
  server.get('/api/chain/:id', async (req, res) => res.json(await priced(req.params.id)));
  server.get('/api/stream', async (_req, res) => {
    res.type('application/octet-stream');
    for (let i = 0; i < work.PIECES; i++) if (!res.write(work.PIECE)) await once(res, 'drain');
    res.end();
  });
}

if (import.meta.main) {
  const [port, app] = process.argv.slice(2);
  const { default: express } = await import('express');
  const server = express();
  server.get('/api/hello', (_req, res) => res.json({ message: 'Hello from Next.js API!' }));
  if (app === 'api') await addApi(server, express);
  const listening = server.listen(Number(port), '127.0.0.1');
  listening.keepAliveTimeout = 72_000;
}
