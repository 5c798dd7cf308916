// SPDX-License-Identifier: MIT

import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Files, temporaryFolder, writeFiles } from '../support/app.ts';
import { root } from '../support/paths.ts';
import { cases, isBuildCase, type Mode, type RequestCase } from './case.ts';

/** A project of the contract's Appendix C. */
export interface App {
  files: Files;
  /** Symbolic links: where they stand and what they point at, relative to the project. */
  links?: Record<string, string>;
  /** Served by `capra dev`. */
  isDev?: boolean;
  /** Options of `capra start` or `capra dev`. */
  args?: string[];
}

// --- What the routes answer ---

const echo = (file: string) => `
export default function handler(req, res) {
  const { method, url, query } = req;
  res.status(200).json({ route: ${JSON.stringify(file)}, method, url, query });
}
`;

const api = (names: string[], text: (file: string) => string): Files =>
  Object.fromEntries(names.map((name) => [`pages/api/${name}`, text(`pages/api/${name}`)]));

/** Runs the handler of the case that the request names. */
const runner = (config = '') => `
import handlers from '../../lib/handlers.js';
${config}
export default function handler(req, res) {
  return handlers[req.headers['x-case']](req, res);
}
`;

const withBodyParser = (value: string) =>
  runner(`export const config = { api: { bodyParser: ${value} } };`);

/** The handlers of an app's cases, compiled as any module of a project is. */
const handlersOf = (app: string): Files => {
  const own = cases.filter((each): each is RequestCase => !isBuildCase(each) && each.app === app);
  const functions = own
    .filter(({ handler }) => handler !== undefined)
    .map(({ id, handler }) => `  ${JSON.stringify(id)}(req, res) {\n    ${handler}\n  },\n`);
  return {
    'lib/handlers.js': `const bi = process.getBuiltinModule;\nexport default {\n${functions.join('')}};\n`,
  };
};

const config = (text: string): Files => ({ 'next.config.js': `export default {\n${text}\n};\n` });

// --- The projects ---

const noParser = 'export const config = { api: { bodyParser: false } };\n';

const echoed = [
  'index.js',
  'hello.js',
  'nested/index.js',
  'nested/deep/thing.js',
  'ts.ts',
  'tsx.tsx',
  'jsx.jsx',
  'mjs.mjs',
  'mts.mts',
  '_under.js',
  '_folder/x.js',
  'dots.name.js',
  'v1.0/x.js',
  'Camel.js',
  'with space.js',
  'plus+sign.js',
  'tilde~.js',
  'at@x.js',
  'paren(x).js',
  'ünï.js',
  'data.json.js',
  'index/index.js',
  'x.test.js',
  'dyn/static.js',
  'dyn/[id].js',
  'dyn/[id]/sub.js',
  'dyn/[id]/[other].js',
  'bt/a/b.js',
  'bt/[x]/c.js',
  'ca/[...slug].js',
  'ca/fixed.js',
  'ca/[one]/two.js',
  'ca/[one]/index.js',
  'oca/[[...slug]].js',
  'oca2/[[...slug]].js',
  'oca2/known.js',
  'user-[id].js',
  'pre[mid]post.js',
  'dash/[my-param].js',
  'sp/[a b].js',
];

// Two of the limits are no sizes, and so no project of Capra's can have them but in parity.
const main = (mode: Mode): Files => ({
  ...handlersOf('main'),
  'pages/index.js': 'export default function Home() {\n  return null;\n}\n',
  ...api(echoed, echo),
  'pages/api/cjs.cjs': 'module.exports = (req, res) => res.end();\n',
  'pages/api/data.json': '{}\n',
  'pages/api/readme.md': '# Not a route\n',
  'pages/api/style.css': 'a {}\n',
  'pages/api/x.js': runner(),
  'pages/api/xraw.js': withBodyParser('false'),
  'pages/api/xl10.js': withBodyParser("{ sizeLimit: '10b' }"),
  'pages/api/xl1kb.js': withBodyParser("{ sizeLimit: '1kb' }"),
  'pages/api/xlnum.js': withBodyParser('{ sizeLimit: 500 }'),
  'pages/api/xlMB.js': withBodyParser("{ sizeLimit: '2MB' }"),
  'pages/api/xlsp.js': withBodyParser("{ sizeLimit: '1.5 kb' }"),
  'pages/api/xlzero.js': withBodyParser('{ sizeLimit: 0 }'),
  ...(mode === 'next' && {
    'pages/api/xlbad.js': withBodyParser("{ sizeLimit: 'abc' }"),
    'pages/api/xlneg.js': withBodyParser("{ sizeLimit: '-1kb' }"),
  }),
  'pages/api/cjs1.js': 'module.exports = (req, res) => res.json({ cjs: 1 });\n',
  'pages/api/cjs2.js': 'exports.default = (req, res) => res.json({ cjs: 2 });\n',
  'pages/api/cjs4.js': `
module.exports = (req, res) => res.json({ cjs: 4, len: typeof req.body });
module.exports.config = { api: { bodyParser: false } };
`,
  'pages/api/named.js': `
const h = (req, res) => res.json({ named: true });
export { h as default };
`,
  'pages/api/cls.js': 'export default class Handler {}\n',
});

const bad: Files = {
  'pages/api/nodef.js': 'export const x = 1;\n',
  'pages/api/objdef.js': 'export default {};\n',
  'pages/api/strdef.js': "export default 'text';\n",
  'pages/api/empty.js': '',
  'pages/api/undef.js': 'export default undefined;\n',
  'pages/api/imp.js': "throw new Error('import');\nexport default () => {};\n",
  'pages/api/esmod.js': `
Object.defineProperty(exports, '__esModule', { value: true });
exports.default = (req, res) => res.json({ esm: 1 });
`,
  'pages/api/tla.js': `
const tla = await Promise.resolve(1);
export default (req, res) => res.json({ tla });
`,
};

const isEdge = "export const config = { runtime: 'edge' };\n";

const edge: Files = {
  'pages/api/e.js': `${isEdge}
const encoder = new TextEncoder();
const answers = {
  text: () => new Response('hello'),
  json: () => Response.json({ a: 1 }),
  undef: () => undefined,
  str: () => 'text',
  throw: () => {
    throw new Error('edge');
  },
  status: () => new Response('teapot', { status: 418, statusText: 'Custom Text' }),
  n204: () => new Response(null, { status: 204 }),
  cookie: () => {
    const response = new Response('c');
    response.headers.append('set-cookie', 'a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT');
    response.headers.append('set-cookie', 'b=2');
    response.headers.append('x-multi', '1');
    response.headers.append('x-multi', '2');
    return response;
  },
  cl: () =>
    new Response('hello', { headers: { 'content-length': '3', 'content-encoding': 'gzip', 'x-a': 'b' } }),
  redirect: () => Response.redirect('http://example.com/x'),
  stream: () => {
    let next = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (next === 3) return controller.close();
          controller.enqueue(encoder.encode('chunk' + next++));
        },
      }),
    );
  },
  streamerr: () => {
    let isFirst = true;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (!isFirst) return controller.error(new Error('stream'));
          isFirst = false;
          controller.enqueue(encoder.encode('first'));
        },
      }),
    );
  },
  body: async (req) => new Response(JSON.stringify({ t: await req.text() })),
  etag: () => new Response('x', { headers: { etag: '"abc"' } }),
};
export default function handler(req) {
  const url = new URL(req.url);
  const answer = answers[url.searchParams.get('c')];
  if (answer) return answer(req);
  return new Response(JSON.stringify({ url: req.url, q: [...url.searchParams] }));
}
`,
  'pages/api/[id].js': `${isEdge}
export default function handler(req) {
  const { url, nextUrl } = req;
  const q = [...new URL(url).searchParams];
  return Response.json({ url, q, nu: [...nextUrl.searchParams], path: nextUrl.pathname });
}
`,
  'pages/api/ca/[...s].js': `${isEdge}
export default function handler({ url }) {
  return Response.json({ url, q: [...new URL(url).searchParams] });
}
`,
  'pages/api/noexp.js': `${isEdge}export const x = 1;\n`,
  'pages/api/nodemod.js': `${isEdge}
import fs from 'fs';
export default () => new Response(typeof fs.readFileSync);
`,
};

const edgeNext: Files = {
  'pages/api/nextrewrite.js': `${isEdge}
import { NextResponse } from 'next/server';
export default function handler(req) {
  const to = new URL('/api/zzz', req.url);
  return req.nextUrl.searchParams.get('t') === 'rd' ? NextResponse.redirect(to) : NextResponse.rewrite(to);
}
`,
};

const cfgEcho = (file: string) => `
export default function handler(req, res) {
  const { url, query, cookies } = req;
  res.json({ r: ${JSON.stringify(file)}, url, query, cookies, fc: process.env.FROM_CONFIG });
}
`;

const cfg: Files = {
  ...config(`
  env: { FROM_CONFIG: 'cfgval' },
  async headers() {
    const header = (key, value) => ({ key, value });
    return [
      {
        source: '/api/:path*',
        headers: [header('X-All-Api', 'yes'), header('Access-Control-Allow-Origin', '*')],
      },
      {
        source: '/api/h/:id',
        headers: [
          header('X-Id', 'id-:id'),
          header('Set-Cookie', 'cfg=1'),
          header('Content-Type', 'text/x-cfg'),
          header('Cache-Control', 'public, max-age=9'),
        ],
      },
      {
        source: '/api/hh',
        has: [{ type: 'header', key: 'x-want', value: '(?<w>.*)' }],
        headers: [header('X-Got', ':w')],
      },
      {
        source: '/api/hm',
        missing: [{ type: 'query', key: 'a' }],
        headers: [header('X-Missing', '1')],
      },
    ];
  },
  async redirects() {
    return [
      { source: '/api/redir/:x', destination: '/api/target/:x', permanent: true },
      { source: '/api/redir2/:x', destination: '/api/target/:x?y=1', permanent: false },
      { source: '/api/redir3', destination: 'https://example.com/z', statusCode: 302 },
    ];
  },
  async rewrites() {
    return {
      beforeFiles: [
        { source: '/api/before', destination: '/api/target/fromBefore' },
        { source: '/api/shadow', destination: '/api/target/shadowed' },
        {
          source: '/api/hasq',
          has: [{ type: 'query', key: 'v', value: '(?<vv>\\\\d+)' }],
          destination: '/api/target/:vv',
        },
        { source: '/api/hasc', has: [{ type: 'cookie', key: 'tok' }], destination: '/api/target/cookie' },
        { source: '/api/hash', has: [{ type: 'host', value: 'special.example' }], destination: '/api/target/host' },
      ],
      afterFiles: [
        { source: '/v1/:path*', destination: '/api/:path*' },
        { source: '/u/:id', destination: '/api/target/:id' },
        { source: '/uq/:id', destination: '/api/x?id=:id&k=v' },
        { source: '/un/:id', destination: '/api/x' },
      ],
      fallback: [{ source: '/api/fb/:any*', destination: '/api/x?fallback=:any*' }],
    };
  },`),
  ...api(
    [
      'x.js',
      'target/[t].js',
      'shadow.js',
      'hh.js',
      'hm.js',
      'h/[id].js',
      'hasq.js',
      'hash.js',
      'redir3.js',
    ],
    cfgEcho,
  ),
  'pages/api/h/over.js': `
export default function handler(req, res) {
  res.setHeader('X-All-Api', 'mine');
  res.setHeader('Set-Cookie', 'h=2');
  res.json({ ct: res.getHeader('content-type'), sc: res.getHeader('set-cookie') });
}
`,
  'pages/api/h/text.js': "export default (req, res) => res.send('t');\n",
  'pages/api/dynamic-env.js': `
const name = ['FROM', 'CONFIG'].join('_');
export default (req, res) => res.json({ value: process.env[name] ?? null });
`,
};

const urlEcho = (file: string) => `
export default function handler(req, res) {
  const { url, query } = req;
  res.json({ r: ${JSON.stringify(file)}, url, query });
}
`;

const configured = (name: string, text: string): App => ({
  files: {
    ...handlersOf(name),
    ...config(text),
    ...api(['index.js', 'x.js', 'd/[id].js', 'c/[[...s]].js'], urlEcho),
    'pages/api/ev.js': runner(),
  },
});

const named = (names: string[]): Files =>
  api(
    names,
    (file) =>
      `export default (req, res) => res.json({ f: ${JSON.stringify(file.slice(10))}, q: req.query });\n`,
  );

const prox: Files = {
  'proxy.js': `
import { NextResponse } from 'next/server';
export function proxy(request) {
  switch (request.nextUrl.pathname) {
    case '/api/block':
      return new Response('blocked', { status: 401 });
    case '/api/rw':
      return NextResponse.rewrite(new URL('/api/echo?from=rw', request.url));
    case '/api/rd':
      return NextResponse.redirect(new URL('/api/echo', request.url));
    case '/api/throw':
      throw new Error('proxy');
  }
  const response = NextResponse.next();
  response.headers.set('x-mw', 'yes');
  response.cookies.set('mwc', '1');
  return response;
}
`,
  'pages/api/echo.js': `
export default function handler(req, res) {
  const { url, query, headers, body } = req;
  if ('ck' in query) res.setHeader('Set-Cookie', 'h=1');
  res.json({ f: 'echo.js', url, query, h: headers, body });
}
`,
};

const form = (start: string) => `
import formidable from 'formidable';
${start}
export default async function handler(req, res) {
  const [fields, files] = await formidable().parse(req);
  const [file] = Object.values(files).flat();
  res.json({ f: fields, n: file.originalFilename, s: file.size });
}
`;

const mw: Files = {
  'pages/api/ex/[[...p]].js': `
import express from 'express';
const app = express();
app.get('/api/ex/a', (req, res) => {
  res.cookie('c', '1');
  res.status(201).json({
    q: req.query,
    ip: req.ip,
    h: req.hostname,
    p: req.path,
    url: req.url,
    ou: req.originalUrl,
    params: req.params,
    own: Object.hasOwn(res, 'json'),
  });
});
app.post('/api/ex/a', express.json(), (req, res) => res.json({ b: req.body }));
app.get('/api/ex/r', (req, res) => res.redirect('/z'));
export const config = { api: { externalResolver: true } };
export default app;
`,
  'pages/api/cors.js': `
import cors from 'cors';
const allow = cors({ methods: ['GET', 'HEAD'] });
export default async function handler(req, res) {
  await new Promise((resolve) => allow(req, res, resolve));
  res.json({ ok: 1 });
}
`,
  'pages/api/form.js': form(noParser),
  'pages/api/formbad.js': form(''),
  'pages/api/multer.js': `
import multer from 'multer';
${noParser}
const upload = multer({ storage: multer.memoryStorage() }).any();
export default async function handler(req, res) {
  await new Promise((resolve, reject) =>
    upload(req, res, (error) => (error ? reject(error) : resolve())),
  );
  res.json({ body: req.body, n: req.files.map((file) => file.originalname) });
}
`,
  'pages/api/nc.js': `
import { createRouter } from 'next-connect';
const router = createRouter();
router.post((req, res) => res.json({ m: 'post', b: req.body }));
export default router.handler({ onNoMatch: (req, res) => res.status(405).end('NM') });
`,
};

const streams: Files = {
  'pages/api/stream.js': `
${noParser}
export default async function handler(req, res) {
  let n = 0;
  for await (const chunk of req) n += chunk.length;
  res.json({ n, readable: req.readable, ended: req.readableEnded, complete: req.complete });
}
`,
  'pages/api/reread.js': `
export default async function handler(req, res) {
  let n = 0;
  for await (const chunk of req) n += chunk.length;
  const { body, readableEnded: ended, complete, destroyed } = req;
  res.json({ n, body, ended, complete, destroyed });
}
`,
  'pages/api/toweb.js': `
import { Readable } from 'node:stream';
${noParser}
export default async function handler(req, res) {
  const request = new Request('http://localhost/', {
    method: 'POST',
    body: Readable.toWeb(req),
    duplex: 'half',
  });
  const text = new Blob(['web:' + (await request.text())]).stream();
  const response = new Response(text, { headers: { 'x-w': '1' } });
  for (const [name, value] of response.headers) res.setHeader(name, value);
  Readable.fromWeb(response.body).pipe(res);
}
`,
};

const page = (props: string) => `${props}\nexport default function Page() {\n  return null;\n}\n`;

const rev: Files = {
  ...handlersOf('rev'),
  'pages/api/x.js': runner(),
  'pages/blog/[id].js': page(`
export const getStaticPaths = () => ({ paths: [], fallback: 'blocking' });
export function getStaticProps({ params }) {
  if (params.id === 'thr') throw new Error('props');
  return params.id === 'nf' ? { notFound: true } : { props: {} };
}`),
  'pages/ssr.js': page('export const getServerSideProps = () => ({ props: {} });'),
  'pages/stat.js': page(''),
};

const dev: Files = {
  ...handlersOf('dev'),
  'pages/api/x.js': runner(),
  'pages/api/nodef.js': 'export const x = 1;\n',
  'pages/api/imp.js': "throw new Error('import');\nexport default () => {};\n",
  'pages/api/[id].js': echo('pages/api/[id].js'),
  'pages/api/silent.js': 'export default () => {};\n',
  'pages/api/quiet.js':
    'export const config = { api: { externalResolver: true } };\nexport default () => {};\n',
};

/** Routes for rules that the contract tells in its text. */
const more = (mode: Mode): Files => ({
  ...handlersOf('more'),
  'lib/counter.js': `
let count = 0;
globalThis.loads = (globalThis.loads ?? 0) + 1;
export const next = () => ++count;
`,
  'lib/linked.js': echo('lib/linked.js'),
  'lib/data.json': '{ "from": "json" }\n',
  'tsconfig.json': '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./lib/*"] } } }\n',
  'pages/api/x.js': runner(),
  'pages/api/xraw.js': withBodyParser('false'),
  'pages/api/xlsp.js': withBodyParser("{ sizeLimit: '1.5 kb' }"),
  'pages/api/xl10.js': withBodyParser("{ sizeLimit: '10b' }"),
  'pages/api/xnull.js': runner('export const config = { api: null, regions: ["x"], unknown: 1 };'),
  'pages/api/xyes.js': withBodyParser("'yes'"),
  'pages/api/xempty.js': withBodyParser('{}'),
  'pages/api/xslow.js': runner('export const config = { maxDuration: 1 };'),
  'pages/api/xprops.js': runner('export const getServerSideProps = () => ({ props: {} });'),
  'pages/api/count1.js': `
import { next } from '../../lib/counter.js';
export default (req, res) => res.json([next(), globalThis.loads]);
`,
  'pages/api/count2.js': `
import { next } from '../../lib/counter.js';
export default (req, res) => res.json([next(), globalThis.loads]);
`,
  ...api(
    [
      'index.js.js',
      '.hidden.js',
      '__tests__/a.js',
      'node_modules/m.js',
      '404.js',
      '_app.js',
      '_middleware.js',
      'Camel.js',
      'star*.js',
      'c:d.js',
      'e;f.js',
      "quote'.js",
      'tilde~.js',
      'pct%41.js',
      'num/[0].js',
      'under/[_id].js',
      'text/[name].txt.js',
      'open/[id.js',
      'close/id].js',
      'half/x[.js',
      'none/[].js',
      'level/index.js',
      'level/[id].js',
      'level/[...s].js',
      'deep/[[...s]].js',
      'd/[id].js',
    ],
    echo,
  ),
  'pages/api/send.js': 'export default (req, res) => res.send(req.body.text);\n',
  'pages/api/type.js': `
export default function handler(req, res) {
  if (req.body.type !== '') res.setHeader('Content-Type', req.body.type);
  res.send('a'.repeat(2000));
}
`,
  'pages/api/events.js': `
${noParser}
const events = [];
export default function handler(req, res) {
  if (req.method === 'GET') return res.json(events.splice(0));
  events.push('called');
  for (const name of ['aborted', 'error', 'close']) req.on(name, () => events.push('req ' + name));
  res.on('close', () => events.push('res close ' + res.writableEnded));
}
`,
  'pages/api/parsed.js': `
const events = [];
export default function handler(req, res) {
  if (req.method === 'GET') return res.json(events.splice(0));
  if (req.method === 'PUT') return res.json(events.length);
  events.push('called');
  for (const name of ['aborted', 'error']) req.on(name, () => events.push('req ' + name));
  res.on('close', () => events.push('res close ' + res.writableEnded));
}
`,
  'pages/api/size.js':
    "export default (req, res) => res.send('a'.repeat(Number(req.query.bytes)));\n",
  'pages/api/size1kb.js': `
export const config = { api: { responseLimit: '1KB' } };
export default (req, res) => res.send('a'.repeat(1024));
`,
  'pages/api/sizeoff.js': `
export const config = { api: { responseLimit: false } };
export default (req, res) => res.send('a'.repeat(5000000));
`,
  'pages/api/stream-events.js': `
export default async function handler(req, res) {
  res.setHeader('Content-Type', 'text/event-stream');
  if (req.query.cache) res.setHeader('Cache-Control', req.query.cache);
  res.write('data: 1\\n\\n');
  if (req.query.flush) res.flush();
  setTimeout(() => res.end('data: 2\\n\\n'), 400);
}
`,
  'pages/api/slow.js': `
export default function handler(req, res) {
  setTimeout(() => res.json({ slow: true }), Number(req.query.ms));
}
`,
  'pages/api/preview.js': `
export default function handler(req, res) {
  if (req.method === 'POST') {
    res.setPreviewData(req.body.data, req.body.options);
    return res.end();
  }
  res.json([req.previewData, req.preview ?? null, req.draftMode ?? null]);
}
`,
  'pages/api/up.JS': echo('up'),
  'pages/api/noext': echo('noext'),
  'pages/api/map.js.map': '{}',
  'pages/api/old.ts.bak': echo('old'),
  'pages/api/async.js': 'export default async (req, res) => res.json({ async: true });\n',
  'pages/api/generator.js': 'export default function* handler(req, res) {\n  res.end();\n}\n',
  'pages/api/proxied.js':
    'export default new Proxy(function handler(req, res) {\n  res.json({ proxied: true });\n}, {});\n',
  'pages/api/async-generator.js':
    'export default async function* handler(req, res) {\n  res.end();\n}\n',
  'pages/api/cjs-object.js': 'module.exports = { default: (req, res) => res.json({ cjs: 3 }) };\n',
  'pages/api/json-import.ts': `
import type { IncomingMessage } from 'node:http';
import data from '@/data.json';
enum Kind { One = 1, Two }
type Res = { json(value: unknown): void };
export default function handler(_req: IncomingMessage, res: Res) {
  res.json({ data, kind: Kind.Two satisfies Kind, as: ('x' as unknown) as string });
}
`,
  'pages/api/where.js':
    'export default (req, res) => res.json([typeof __dirname, typeof __filename, typeof import.meta.url]);\n',
  ...(mode === 'default' && { 'pages/api/types.d.ts': 'export type A = 1;\n' }),
});

const srcPages: Files = {
  'src/pages/api/other.js': echo('src/pages/api/other.js'),
};

const bothPages: Files = {
  'pages/api/one.js': echo('pages/api/one.js'),
  'src/pages/api/other.js': echo('src/pages/api/other.js'),
};

const env: Files = {
  '.env': `PROCESS=file
ORDER=4
SHARED=env
A=1
DASH=$A-x
BRACES=\${A}-y
PREFIX=pre$A
DOUBLE="$A"
SINGLE='$A'
ESCAPED=\\$A
LATER=$LAST
LAST=last
FALLBACK=\${NOWHERE:-dflt}
MISSING=$NOWHERE
HASH=a#b
QUOTED_HASH="a#b" # c
TRIM=  trim  
TICKS=\`t\`
LINES="line1
line2"
NEWLINE="x\\ny"
export EXPORTED=1
lower=yes
K.DOT=1
EMPTY=
NEXT_PUBLIC_X=pub
`,
  '.env.production': 'ORDER=3\nSHARED=production\n',
  '.env.local': 'ORDER=2\nSHARED=local\n',
  '.env.production.local': 'ORDER=1\n',
  '.env.test': 'TEST_ONLY=1\n',
  '.env.development': 'ORDER=development\n',
  'pages/api/env.js': `
export default function handler(req, res) {
  res.json({ value: process.env[req.query.name] ?? null });
}
`,
  'pages/api/inlined.js': `
export default function handler(req, res) {
  const { NEXT_PUBLIC_X } = process.env;
  res.json([process.env.NEXT_PUBLIC_X, NEXT_PUBLIC_X ?? null, process.env.NODE_ENV]);
}
`,
};

const quiet: Files = {
  ...handlersOf('quiet'),
  ...config(
    "  poweredByHeader: false,\n  generateEtags: false,\n  experimental: { caseSensitiveRoutes: true },\n  async rewrites() {\n    return [{ source: '/v1/:path*', destination: '/api/:path*' }];\n  },",
  ),
  'pages/api/x.js': runner(),
};

const makers: Record<string, (mode: Mode) => App> = {
  main: (mode) => ({ files: main(mode) }),
  bad: () => ({ files: bad }),
  edge: () => ({ files: edge }),
  'edge-next': () => ({ files: edgeNext }),
  cfg: () => ({ files: cfg }),
  base: () => configured('base', "  basePath: '/base',"),
  slash: () => configured('slash', '  trailingSlash: true,'),
  skip: () => configured('skip', '  skipTrailingSlashRedirect: true,'),
  i18n: () => configured('i18n', "  i18n: { locales: ['en', 'fr'], defaultLocale: 'en' },"),
  nocomp: () =>
    configured('nocomp', '  compress: false,\n  generateEtags: false,\n  poweredByHeader: false,'),
  pext: () => ({
    files: {
      ...config("  pageExtensions: ['api.js', 'mjs', 'page.tsx'],"),
      ...named(['a.js', 'b.api.js', 'c.mjs', 'd.page.tsx', 'e.ts', 'f.api.api.js']),
    },
  }),
  pub: () => ({
    files: {
      'public/api/pub.txt': 'pubfile\n',
      'public/api/other.JSON': '{}',
      'pages/api/[id].js': 'export default (req, res) => res.json({ q: req.query });\n',
    },
  }),
  prox: () => ({ files: prox }),
  mw: () => ({ files: mw, links: { node_modules: join(root, 'test/packages/node_modules') } }),
  stream: () => ({ files: streams }),
  rev: () => ({ files: rev }),
  dev: () => ({ files: dev, isDev: true }),
  more: (mode) => ({
    files: more(mode),
    links: { 'pages/api/linked.js': '../../lib/linked.js' },
  }),
  'src-pages': () => ({ files: srcPages }),
  'both-pages': () => ({ files: bothPages }),
  env: () => ({ files: env }),
  quiet: () => ({ files: quiet }),
  'pages-api': () => ({
    files: {
      'pages/api.js': "export default (req, res) => res.json({ route: 'pages/api.js' });\n",
      'pages/api/hello.js': echo('pages/api/hello.js'),
    },
  }),
};

/** An app of the contract, as it is for a mode. */
export function appOf(name: string, mode: Mode): App {
  const make = makers[name];
  if (!make) throw new Error(`there is no app "${name}"`);
  return make(mode);
}

/** Writes a project into a temporary folder. */
export function write({ files, links = {} }: Pick<App, 'files' | 'links'>): string {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(target, join(folder, path));
  }
  return folder;
}
