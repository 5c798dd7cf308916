// SPDX-License-Identifier: MIT
import { webApi } from '../tools/web-api.mjs';

/** Bun.serve. */
export const peer = {
  title: 'Bun.serve',
  apps: ['hello', 'edge', 'body', 'api'],
  isFromNpm: true,
  command: ({ bench, port, app }) => ({
    argv: [bench.package('@oven/bun-*/bin/bun'), import.meta.filename, String(port), app],
  }),
  version: ({ bench }) =>
    `Bun ${bench.firstLine(bench.package('@oven/bun-*/bin/bun'), '--version')}`,
};

const hello = () => Response.json({ message: 'Hello from Next.js API!' });

async function stream(request) {
  let bytes = 0;
  for await (const piece of request.body) bytes += piece.length;
  return Response.json({ bytes });
}

if (import.meta.main) {
  const [port, app] = process.argv.slice(2);
  const onBody = (request) => (request.method === 'POST' ? stream(request) : hello());
  Bun.serve({
    port: Number(port),
    hostname: '127.0.0.1',
    idleTimeout: 72,
    maxRequestBodySize: 2 ** 32,
    fetch: app === 'api' ? await webApi() : app === 'body' ? onBody : hello,
  });
}
