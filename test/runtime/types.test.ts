// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** What the type checker says of a route, in a project that has only Capra's types. */
async function check(source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'capra-types-'));
  try {
    const options = {
      target: 'es2024',
      module: 'preserve',
      moduleResolution: 'bundler',
      strict: true,
      noEmit: true,
      types: ['node', join(root, 'types/next.d.ts')],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: { capra: [join(root, 'types/index.d.ts')] },
    };
    writeFileSync(join(folder, 'route.ts'), source);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['route.ts'] }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]);
    return stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a typed route compiles, from capra and from next', async () => {
  for (const from of ['capra', 'next']) {
    const source = `
      import type { NextApiHandler, NextApiRequest, NextApiResponse, PageConfig } from '${from}';
      type Data = { message: string };
      export const config = { api: { bodyParser: { sizeLimit: '4mb' }, responseLimit: false } } satisfies PageConfig;
      export const off: PageConfig = { api: { bodyParser: false, externalResolver: true }, maxDuration: 5 };
      export const other: NextApiHandler<Data> = async (req, res) => { res.redirect(307, '/x'); };
      export default function handler(req: NextApiRequest, res: NextApiResponse<Data>) {
        const name: string | string[] | undefined = req.query.name;
        const cookie: string | undefined = req.cookies.session;
        req.on('close', () => {});
        res.setHeader('X-A', cookie ?? '');
        res.status(200).json({ message: \`\${name} \${req.body.any.thing} \${req.headers.host}\` });
      }`;
    assert.equal(await check(source), '', from);
  }
});

test('a wrong answer does not compile', async () => {
  const source = `
    import type { NextApiRequest, NextApiResponse } from 'capra';
    export default (req: NextApiRequest, res: NextApiResponse<{ a: number }>) => res.json({ a: 'x' });`;
  assert.match(
    await check(source),
    /error TS2322: Type 'string' is not assignable to type 'number'/,
  );
});

test('what only Capra has is in its own types', async () => {
  const source = `
    import type { CapraHandler } from 'capra';
    const handler: CapraHandler = (req, res) => res.send(req.rawBody.length);
    export default handler;`;
  assert.equal(await check(source), '');
});

test('an edge route compiles, with what next/server exports', async () => {
  const source = `
    import { type NextFetchEvent, NextRequest, NextResponse, URLPattern, userAgent } from 'next/server';
    export const config = { runtime: 'edge' };
    export default async function handler(request: NextRequest, event: NextFetchEvent): Promise<Response> {
      event.waitUntil(fetch('http://localhost/'));
      const { pathname, searchParams, basePath } = request.nextUrl;
      const session: string | undefined = request.cookies.get('session')?.value;
      if (userAgent(request).isBot || new URLPattern({ pathname: '/api/*' }).test(request.url)) {
        return NextResponse.redirect(new URL('/login', request.url), 303);
      }
      const copy: Request = new NextRequest(request, { headers: { a: 'b' } });
      const response = NextResponse.json({ pathname, basePath, q: searchParams.get('q'), session, copy: copy.url });
      response.cookies.set('seen', '1', { httpOnly: true, maxAge: 60 });
      return response;
    }`;
  assert.equal(await check(source), '');
});

test('a cookie that is none does not compile', async () => {
  const source = `
    import { NextResponse } from 'next/server';
    export default () => new NextResponse('x').cookies.set('a', 5);`;
  assert.match(await check(source), /error TS2345/);
});
