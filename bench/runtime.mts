// SPDX-License-Identifier: MIT

// What the JavaScript side of a worker costs per request, with a core that does nothing:
//     node bench/runtime.mts [NAME...]
// Best of several rounds, in nanoseconds. Compare on a quiet machine, and only with itself.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Core } from '../runtime/core.ts';
import * as edge from '../runtime/edge/edge.ts';
import { createHost } from '../runtime/host.ts';

interface Case {
  source: string;
  target?: string;
  params?: string;
  body?: string;
  route?: string;
  fields?: string[];
  /** The handler takes a Request and returns a Response. */
  isEdge?: boolean;
}

const hello = 'export default (req, res) => { res.status(200).json({ message: "hello" }); };';
const browser = [
  'Host: localhost:3000',
  'Connection: keep-alive',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)',
  'Accept: */*',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-GB,en;q=0.9',
  'Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789',
  'Cookie: session=0123456789abcdef; theme=dark',
];

const cases: Record<string, Case> = {
  hello: { source: hello },
  async: {
    source: 'export default async (req, res) => { res.status(200).json({ message: "hello" }); };',
  },
  header: {
    source:
      'export default (req, res) => { res.setHeader("Cache-Control", "no-store"); res.json({ message: "hello" }); };',
  },
  end: { source: 'export default (req, res) => { res.end("hello"); };' },
  url: {
    source: 'export default (req, res) => { res.send(req.url); };',
    target: '/api/x?name=world',
  },
  query: {
    source: 'export default (req, res) => { res.send(req.query.name); };',
    target: '/api/x?name=world',
  },
  param: {
    source: 'export default (req, res) => { res.send(req.query.id); };',
    target: '/api/x/123',
    params: '123',
    route: '/api/x/[id]',
  },
  headers: {
    source: 'export default (req, res) => { res.send(req.headers.authorization); };',
    fields: browser,
  },
  cookies: {
    source: 'export default (req, res) => { res.send(req.cookies.theme); };',
    fields: browser,
  },
  json: {
    source: 'export default (req, res) => { res.json({ name: req.body.name }); };',
    body: '{"name":"world","age":42}',
    fields: ['Host: localhost:3000', 'Content-Type: application/json', 'Content-Length: 25'],
  },
  finish: {
    source:
      'export default (req, res) => { res.on("finish", () => {}); res.json({ message: "hello" }); };',
  },
  stream: {
    source:
      'export default (req, res) => { req.on("data", () => {}); res.json({ message: "hello" }); };',
  },
  edge: { isEdge: true, source: 'export default () => Response.json({ message: "hello" });' },
  'edge-async': {
    isEdge: true,
    source: 'export default async () => Response.json({ message: "hello" });',
  },
  'edge-text': { isEdge: true, source: 'export default () => new Response("hello");' },
  'edge-header': {
    isEdge: true,
    source: `export default () =>
      new Response('{"message":"hello"}', {
        status: 200,
        headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
      });`,
  },
  'edge-url': {
    isEdge: true,
    source: 'export default (req) => new Response(req.url);',
    target: '/api/x?name=world',
  },
  'edge-headers': {
    isEdge: true,
    source: 'export default (req) => new Response(req.headers.get("authorization"));',
    fields: browser,
  },
  'edge-cookies': {
    isEdge: true,
    source: 'export default (req) => new Response(req.cookies.get("theme").value);',
    fields: browser,
  },
};

let bytes = 0;
const core: Core = {
  start() {},
  respond(_id, status, _reason, head, body) {
    bytes += status + head.length + (body?.length ?? 0);
    return undefined;
  },
  respondJson(_id, status, text) {
    bytes += status + text.length;
    return undefined;
  },
  writeHead() {},
  write: () => 0,
  finish() {},
  writeInterim() {},
  abort() {},
  readBody() {},
  pauseBody() {},
  hold() {},
  page() {},
  peer: () => '127.0.0.1 40000 IPv4 127.0.0.1 3000',
};

const folder = mkdtempSync(join(tmpdir(), 'capra-bench-'));
try {
  for (const [
    name,
    { source, target = '/api/x', params, body, route, fields, isEdge },
  ] of Object.entries(cases)) {
    if (process.argv.length > 2 && !process.argv.includes(name)) continue;
    const module = `${name}.mjs`;
    writeFileSync(join(folder, module), source);
    const host = createHost(core, { folder, loadEdge: () => edge });
    const config = isEdge ? { runtime: 'edge', bodyParser: false } : {};
    const entry = { route: route ?? '/api/x', file: 'x.ts', kind: 'script', module, config };
    host.routes(JSON.stringify({ mode: 'production', routes: [entry] }));
    const method = body === undefined ? 0 : 2;
    const verb = body === undefined ? 'GET' : 'POST';
    const head = [`${verb} ${target} HTTP/1.1`, ...(fields ?? browser.slice(0, 2))].join('\r\n');
    const at = verb.length + 1;

    // As C does: some requests a turn of the loop.
    const round = async (count: number) => {
      const start = process.hrtime.bigint();
      for (let done = 0; done < count; done += 64) {
        for (let id = 0; id < 64; id++) {
          host.request(id, 0, method, at, target.length, head, undefined, params, body);
        }
        await turn();
      }
      return Number(process.hrtime.bigint() - start) / count;
    };

    host.request(0, 0, method, at, target.length, head, undefined, params, body);
    while (bytes === 0) await turn();
    await round(200_000);
    let best = Number.POSITIVE_INFINITY;
    for (let at = 0; at < 10; at++) {
      best = Math.min(best, await round(200_000));
      await turn();
    }
    console.log(`${name.padEnd(12)} ${best.toFixed(0).padStart(6)} ns`);
    bytes = 0;
  }
} finally {
  rmSync(folder, { recursive: true });
}
