// SPDX-License-Identifier: MIT
import { webApi } from '../tools/web-api.mjs';

/** Deno.serve. */
export const peer = {
  title: 'Deno.serve',
  apps: ['hello', 'edge', 'body', 'api'],
  isFromNpm: true,
  command: ({ bench, port, app }) => ({
    argv: [
      bench.package('@deno/*/deno'),
      'run',
      '--allow-net=127.0.0.1',
      '--allow-read',
      '--allow-env',
      '--allow-sys',
      '--node-modules-dir=manual',
      '--no-remote',
      import.meta.filename,
      String(port),
      app,
    ],
    env: { DENO_DIR: bench.scratch('deno'), DENO_NO_UPDATE_CHECK: '1' },
  }),
  version: ({ bench }) => bench.firstLine(bench.package('@deno/*/deno'), '--version'),
};

const hello = () => Response.json({ message: 'Hello from Next.js API!' });

async function stream(request) {
  let bytes = 0;
  for await (const piece of request.body) bytes += piece.length;
  return Response.json({ bytes });
}

if (import.meta.main) {
  const [port, app] = Deno.args;
  const onBody = (request) => (request.method === 'POST' ? stream(request) : hello());
  const options = { port: Number(port), hostname: '127.0.0.1', onListen() {} };
  Deno.serve(options, app === 'api' ? await webApi() : app === 'body' ? onBody : hello);
}
