// SPDX-License-Identifier: MIT
import { createServer } from 'node:http';

/** Node's own http module, the same Node that runs Capra's routes. */
export const peer = {
  title: 'Node http',
  apps: ['hello', 'body'],
  command: ({ port, app }) => ({
    argv: [process.execPath, import.meta.filename, String(port), app],
  }),
  version: () => `Node ${process.version}`,
};

function hello(_req, res) {
  const body = JSON.stringify({ message: 'Hello from Next.js API!' });
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  res.end(body);
}

async function stream(req, res) {
  let bytes = 0;
  for await (const piece of req) bytes += piece.length;
  res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ bytes }));
}

if (import.meta.main) {
  const [port, app] = process.argv.slice(2);
  const onBody = (req, res) => (req.method === 'POST' ? stream(req, res) : hello(req, res));
  const server = createServer(app === 'body' ? onBody : hello);
  server.keepAliveTimeout = 72_000;
  server.listen(Number(port), '127.0.0.1');
}
