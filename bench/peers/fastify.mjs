// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { cookiesOf } from '../tools/cookies.mjs';

/** Fastify, with a schema for the answers that it can then write faster. */
export const peer = {
  title: 'Fastify',
  apps: ['hello', 'api'],
  isFromNpm: true,
  command: ({ port, app }) => ({
    argv: [process.execPath, import.meta.filename, String(port), app],
  }),
  version: () => `Fastify ${createRequire(import.meta.url)('fastify/package.json').version}`,
};

const text = { type: 'string' };
const textsOf = (...names) => ({
  schema: {
    response: {
      200: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, text])) },
    },
  },
});

async function addApi(server) {
  const work = await import('../apps/api/lib/work.mjs');
  const { priced } = await import('../apps/api/lib/chain.ts');
  const answer = (reply, { status, body }) => reply.code(status).send(body);

  const fields = ['id', 'expand', 'session', 'theme', 'language', 'agent', 'trace'];
  server.get('/api/users/:id', textsOf(...fields), (req, reply) => {
    const { session, theme } = cookiesOf(req.headers.cookie);
    const trace = req.headers['x-request-id'];
    reply.header('Cache-Control', 'private, no-store').header('X-Request-Id', trace);
    const language = req.headers['accept-language'];
    const agent = req.headers['user-agent'];
    const { expand } = req.query;
    reply.send(work.user({ id: req.params.id, expand, session, theme, language, agent, trace }));
  });
  server.post('/api/echo', (req, reply) => reply.send(req.body));
  server.post('/api/validate', (req, reply) => answer(reply, work.validate(req.body)));
  server.post('/api/login', async (req, reply) => answer(reply, await work.login(req.body)));
  server.get('/api/notes/:id', (req) => work.note(req.params.id));
  server.get('/api/chain/:id', (req) => priced(req.params.id));
  server.get('/api/stream', (_req, reply) => {
    const pieces = function* () {
      for (let i = 0; i < work.PIECES; i++) yield work.PIECE;
    };
    return reply.type('application/octet-stream').send(Readable.from(pieces()));
  });
}

if (import.meta.main) {
  const [port, app] = process.argv.slice(2);
  const { default: fastify } = await import('fastify');
  const server = fastify({ keepAliveTimeout: 72_000, bodyLimit: 2 ** 20 });
  server.get('/api/hello', textsOf('message'), (_req, reply) =>
    reply.send({ message: 'Hello from Next.js API!' }),
  );
  if (app === 'api') await addApi(server);
  await server.listen({ port: Number(port), host: '127.0.0.1' });
}
