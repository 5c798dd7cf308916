// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { BuildMessage } from '../../compiler/channel.ts';
import type { Manifest, ManifestRoute } from '../../compiler/manifest.ts';
import { type Files, makeApp, writeFiles } from '../support/app.ts';
import { until, within } from '../support/deadline.ts';
import { main } from './support.ts';

/** A compiler that runs in development, and the test as its supervisor. */
class Dev {
  readonly root: string;
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #messages: BuildMessage[] = [];
  #onMessage: (() => void) | undefined;

  constructor(t: TestContext, app: Files | string, environment: Record<string, string> = {}) {
    this.root = typeof app === 'string' ? app : makeApp(app);
    const env = { PATH: process.env.PATH, NO_COLOR: '1', ...environment };
    this.child = spawn(process.execPath, [main, 'dev', this.root], {
      env,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    const lines = createInterface({ input: this.channel });
    lines.on('line', (line) => {
      this.#messages.push(JSON.parse(line));
      this.#onMessage?.();
    });
    const closed = once(this.child, 'close');
    t.after(async () => {
      this.child.kill('SIGTERM');
      const found = () => this.stdout + this.stderr;
      await within(closed, 'end of the compiler', { found }).finally(() =>
        this.child.kill('SIGKILL'),
      );
    });
  }

  get channel(): Readable {
    return this.child.stdio[3] as Readable;
  }

  /** Puts files in place at once, as editors do: nobody sees the half of one. */
  write(files: Files): void {
    for (const [path, text] of Object.entries(files)) {
      writeFiles(this.root, { [`${path}~`]: text });
      renameSync(join(this.root, `${path}~`), join(this.root, path));
    }
  }

  /** The next message that the supervisor gets. */
  async message(): Promise<BuildMessage> {
    const arrived = new Promise<void>((resolve) => {
      this.#onMessage = resolve;
    });
    if (this.#messages.length === 0) {
      await within(arrived, 'message', { found: () => this.stdout + this.stderr });
    }
    return this.#messages.shift() as BuildMessage;
  }

  /** The manifest that the next message announces. */
  async built(): Promise<Manifest> {
    const message = await this.message();
    assert.ok('built' in message, JSON.stringify(message));
    assert.equal(message.built, '.capra/dev/manifest.json');
    assert.ok(Number.isInteger(message.ms));
    return JSON.parse(readFileSync(join(this.root, message.built), 'utf8'));
  }

  /** What it prints takes another way than its messages. */
  async said(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this[stream]), String(pattern), { found: () => this[stream] });
  }

  async failed(): Promise<string> {
    const message = await this.message();
    assert.ok('failed' in message, JSON.stringify(message));
    return message.failed;
  }

  /** What a route answers now. */
  async call(manifest: Manifest, route: string): Promise<unknown> {
    const entry = find(manifest, route);
    assert.ok(entry.kind === 'script', entry.kind === 'error' ? entry.message : entry.kind);
    return (await import(pathToFileURL(join(this.root, entry.module)).href)).default();
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null) await within(once(this.child, 'exit'), 'exit');
    return this.child.exitCode;
  }
}

function find(manifest: Manifest, route: string): ManifestRoute {
  const found = manifest.routes.find((entry) => entry.route === route);
  assert.ok(found, `no route ${route}`);
  return found;
}

const names = (manifest: Manifest) => manifest.routes.map(({ route, kind }) => `${route} ${kind}`);

const APP = {
  'lib/x.ts': 'export const x = 1;',
  'pages/api/a.ts': "import { x } from '../../lib/x'; export default () => x;",
  'pages/api/b.ts': "export default () => 'b';",
};

describe('a change', () => {
  test('of a route, and of what it imports', async (t) => {
    const dev = new Dev(t, APP);
    const first = await dev.built();
    assert.equal(first.mode, 'development');
    assert.deepEqual(names(first), ['/api/a script', '/api/b script']);
    assert.equal(await dev.call(first, '/api/a'), 1);
    dev.write({ 'pages/api/b.ts': "export default () => 'B';" });
    const second = await dev.built();
    assert.equal(await dev.call(second, '/api/b'), 'B');
    assert.deepEqual(
      find(second, '/api/a'),
      find(first, '/api/a'),
      'the other route is the same module',
    );
    dev.write({ 'lib/x.ts': 'export const x = 2;' });
    assert.equal(await dev.call(await dev.built(), '/api/a'), 2);
    assert.equal(await dev.call(first, '/api/a'), 1, 'the old module is still there');
    await dev.said(
      'stdout',
      /^ {2}✓ Compiled 2 routes in \d+ ms\n {2}✓ Compiled in \d+ ms\n {2}✓ Compiled in \d+ ms\n$/,
    );
    assert.equal(dev.stderr, '');
  });

  test('by writing into the file', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    for (const x of [2, 3]) {
      writeFiles(dev.root, { 'lib/x.ts': `export const x = ${x};` });
      // A slow writer may be seen in between.
      let answer: unknown;
      do
        answer = await dev
          .built()
          .then((manifest) => dev.call(manifest, '/api/a').catch(() => undefined));
      while (answer !== x);
    }
  });

  test('of nothing that counts is no news', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    dev.write({
      'pages/api/b.ts': APP['pages/api/b.ts'],
      'pages/api/.#b.ts': 'lock',
      'notes.txt': 'x',
      'data/upload.bin': 'x',
      'node_modules/x/index.js': 'x',
      '.git/index': 'x',
    });
    // What comes next is the answer to this, and to nothing before.
    dev.write({ 'lib/x.ts': 'export const x = 5;' });
    assert.equal(await dev.call(await dev.built(), '/api/a'), 5);
    await dev.said('stdout', /^ {2}✓ Compiled 2 routes in \d+ ms\n {2}✓ Compiled in \d+ ms\n$/);
  });

  test('of many files at once is not as many builds', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    const files = Array.from({ length: 20 }, (_, i) => [
      `pages/api/n/${i}.ts`,
      `export default () => ${i};`,
    ]);
    writeFiles(dev.root, Object.fromEntries(files));
    let builds = 1;
    while ((await dev.built()).routes.length < 22) builds++;
    assert.ok(builds < 10, `${builds} builds for 20 files`);
  });
});

describe('routes come and go', () => {
  test('files, folders, and a folder that is moved in', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    dev.write({ 'pages/api/c.ts': 'export default () => 3;' });
    assert.deepEqual(names(await dev.built()), ['/api/a script', '/api/b script', '/api/c script']);
    rmSync(join(dev.root, 'pages/api/c.ts'));
    assert.deepEqual(names(await dev.built()), ['/api/a script', '/api/b script']);

    dev.write({ 'elsewhere/deep/[id].ts': "export default () => 'deep';" });
    renameSync(join(dev.root, 'elsewhere'), join(dev.root, 'pages/api/moved'));
    const moved = await dev.built();
    assert.equal(await dev.call(moved, '/api/moved/deep/[id]'), 'deep');
    dev.write({ 'pages/api/moved/deep/[id].ts': "export default () => 'edited';" });
    assert.equal(await dev.call(await dev.built(), '/api/moved/deep/[id]'), 'edited');
    rmSync(join(dev.root, 'pages/api/moved'), { recursive: true });
    assert.deepEqual(names(await dev.built()), ['/api/a script', '/api/b script']);
  });

  test('until there is none, and again', async (t) => {
    const dev = new Dev(t, { 'pages/api/a.ts': 'export default () => 1;' });
    await dev.built();
    rmSync(join(dev.root, 'pages/api'), { recursive: true });
    assert.deepEqual(names(await dev.built()), []);
    dev.write({ 'pages/api/new/b.ts': 'export default () => 2;' });
    assert.deepEqual(names(await dev.built()), ['/api/new/b script']);
  });

  test('a linked folder is watched too', async (t) => {
    const root = makeApp({ ...APP, 'shared/s.ts': 'export default () => 1;' });
    symlinkSync('../../shared', join(root, 'pages/api/link'));
    const dev = new Dev(t, root);
    assert.equal(await dev.call(await dev.built(), '/api/link/s'), 1);
    dev.write({ 'shared/s.ts': 'export default () => 2;' });
    assert.equal(await dev.call(await dev.built(), '/api/link/s'), 2);
  });

  test('C routes as well', async (t) => {
    const source = (text: string) =>
      `#include <capra.h>\n#include "../../lib/word.h"\nstatic void f(capra_request *q, capra_response *s) { (void)q; capra_response_text(s, 200, WORD); }\n${text}\n`;
    const dev = new Dev(t, { ...APP, 'lib/word.h': '#define WORD "one"\n' });
    await dev.built();
    dev.write({ 'pages/api/n.c': source('CAPRA_ROUTE(f);') });
    const first = find(await dev.built(), '/api/n');
    assert.equal(first.kind, 'native');
    dev.write({ 'lib/word.h': '#define WORD "two"\n' });
    const second = find(await dev.built(), '/api/n');
    assert.ok('module' in first && 'module' in second && first.module !== second.module);
    dev.write({ 'pages/api/n.c': source('CAPRA_ROUTE(g);') });
    const third = find(await dev.built(), '/api/n');
    assert.match(third.kind === 'error' ? third.message : '', /pages\/api\/n\.c:4:13.*undeclared/s);
  });
});

describe('a mistake', () => {
  test('in a route breaks that route alone, until it is mended', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    dev.write({ 'pages/api/b.ts': 'export default () => { const = 1 };' });
    const broken = await dev.built();
    assert.deepEqual(names(broken), ['/api/a script', '/api/b error']);
    const entry = find(broken, '/api/b');
    assert.ok(entry.kind === 'error');
    assert.match(entry.message, /^⨯ pages\/api\/b\.ts:1:30\n/);
    assert.match(entry.message, /> 1 │ export default/);
    assert.ok(!entry.message.includes('\x1b'));
    await dev.said('stderr', /⨯ pages\/api\/b\.ts:1:30.*⨯ Compiled in \d+ ms, 1 route broken\n$/s);
    dev.write({ 'pages/api/b.ts': APP['pages/api/b.ts'] });
    assert.deepEqual(names(await dev.built()), ['/api/a script', '/api/b script']);
  });

  test('in a shared file breaks those that import it; others go on being rebuilt', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    dev.write({ 'lib/x.ts': 'export const x = ;' });
    assert.deepEqual(names(await dev.built()), ['/api/a error', '/api/b script']);
    dev.write({ 'pages/api/b.ts': "export default () => 'meanwhile';" });
    const manifest = await dev.built();
    assert.equal(await dev.call(manifest, '/api/b'), 'meanwhile');
    await dev.said('stderr', /broken\n.*broken\n$/s);
    assert.equal(dev.stderr.match(/lib\/x\.ts:1:18/g)?.length, 1, 'it is said once');
    dev.write({ 'lib/x.ts': 'export const x = 9;' });
    assert.equal(await dev.call(await dev.built(), '/api/a'), 9);
  });

  test('from the start', async (t) => {
    const dev = new Dev(t, { ...APP, 'lib/x.ts': 'export const x = ;' });
    assert.deepEqual(names(await dev.built()), ['/api/a error', '/api/b script']);
    dev.write({ 'lib/x.ts': 'export const x = 9;' });
    assert.equal(await dev.call(await dev.built(), '/api/a'), 9);
  });

  test('is gone when the missing file is there, or the missing package', async (t) => {
    const dev = new Dev(t, {
      'pages/api/file.ts': "import { y } from '../../lib/new/y'; export default () => y;",
      'pages/api/package.ts': "import p from 'late'; export default () => p;",
    });
    assert.deepEqual(names(await dev.built()), ['/api/file error', '/api/package error']);
    dev.write({ 'lib/new/y.ts': 'export const y = 1;' });
    assert.equal(await dev.call(await dev.built(), '/api/file'), 1);
    dev.write({
      'node_modules/late/package.json': '{ "name": "late" }',
      'node_modules/late/index.js': 'module.exports = 2;',
    });
    dev.write({ 'package.json': '{ "dependencies": { "late": "1.0.0" } }' });
    assert.equal(await dev.call(await dev.built(), '/api/package'), 2);
  });

  test('in config', async (t) => {
    const source = (size: string) =>
      `export const config = { api: { bodyParser: { sizeLimit: '${size}' } } };\nexport default () => 1;`;
    const dev = new Dev(t, { 'pages/api/a.ts': source('1kb') });
    await dev.built();
    dev.write({ 'pages/api/a.ts': source('abc') });
    const broken = find(await dev.built(), '/api/a');
    assert.match(broken.kind === 'error' ? broken.message : '', /which is no size/);
    dev.write({ 'pages/api/a.ts': source('2kb') });
    const mended = find(await dev.built(), '/api/a');
    assert.equal('config' in mended && mended.config.bodyLimit, 2048);
  });

  test('that leaves nothing to serve keeps the last manifest', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    const before = readFileSync(join(dev.root, '.capra/dev/manifest.json'), 'utf8');
    dev.write({ 'pages/api/a/index.ts': 'export default () => 1;' });
    assert.match(
      await dev.failed(),
      /^⨯ Duplicate page detected\. pages\/api\/a\.ts and pages\/api\/a\/index\.ts/,
    );
    assert.equal(readFileSync(join(dev.root, '.capra/dev/manifest.json'), 'utf8'), before);
    rmSync(join(dev.root, 'pages/api/a'), { recursive: true });
    assert.deepEqual(names(await dev.built()), ['/api/a script', '/api/b script']);
  });

  test('of that kind from the start', async (t) => {
    const dev = new Dev(t, {
      'pages/api/[a].ts': APP['pages/api/b.ts'],
      'pages/api/[b].ts': APP['pages/api/b.ts'],
    });
    assert.match(await dev.failed(), /different slug names/);
    assert.ok(!existsSync(join(dev.root, '.capra/dev/manifest.json')));
    rmSync(join(dev.root, 'pages/api/[b].ts'));
    assert.deepEqual(names(await dev.built()), ['/api/[a] script']);
  });
});

describe('settings', () => {
  const ROUTE = {
    'pages/api/a.ts': 'export default () => [process.env.NEXT_PUBLIC_A, process.env.FROM_CONFIG];',
  };

  test('.env files and next.config are read again', async (t) => {
    const dev = new Dev(t, {
      ...ROUTE,
      '.env': 'NEXT_PUBLIC_A=one',
      '.env.production': 'NEXT_PUBLIC_A=no',
    });
    assert.deepEqual(await dev.call(await dev.built(), '/api/a'), ['one', undefined]);
    await dev.said('stdout', /^ {2}- Environments: \.env\n/);
    dev.write({ '.env.local': 'NEXT_PUBLIC_A=two' });
    assert.deepEqual(await dev.call(await dev.built(), '/api/a'), ['two', undefined]);
    dev.write({ 'next.config.mjs': "export default { env: { FROM_CONFIG: 'x' } };" });
    assert.deepEqual(await dev.call(await dev.built(), '/api/a'), ['two', 'x']);
    dev.write({ 'next.config.mjs': "export default { env: { FROM_CONFIG: 'y' } };" });
    assert.deepEqual(await dev.call(await dev.built(), '/api/a'), ['two', 'y']);
    rmSync(join(dev.root, 'next.config.mjs'));
    assert.deepEqual(await dev.call(await dev.built(), '/api/a'), ['two', undefined]);
  });

  test('tsconfig.json is too', async (t) => {
    const paths = (folder: string) =>
      JSON.stringify({ compilerOptions: { paths: { '@/*': [`./${folder}/*`] } } });
    const dev = new Dev(t, {
      'tsconfig.json': paths('one'),
      'one/x.ts': 'export const x = 1;',
      'two/x.ts': 'export const x = 2;',
      'pages/api/a.ts': "import { x } from '@/x'; export default () => x;",
    });
    assert.equal(await dev.call(await dev.built(), '/api/a'), 1);
    dev.write({ 'tsconfig.json': paths('two') });
    assert.equal(await dev.call(await dev.built(), '/api/a'), 2);
  });
});

describe('the folder of the development build', () => {
  test('is emptied of what is old at the start, and is not the one of build', async (t) => {
    const dev = new Dev(t, {
      ...APP,
      '.capra/manifest.json': 'of build',
      '.capra/server/of-build.mjs': '',
      '.capra/dev/server/old-AAAAAAAA.mjs': '',
      '.capra/dev/native/old-AAAAAAAA.so': '',
    });
    await dev.built();
    const has = (path: string) => existsSync(join(dev.root, '.capra', path));
    assert.deepEqual(
      ['dev/server/old-AAAAAAAA.mjs', 'dev/native/old-AAAAAAAA.so', 'server/of-build.mjs'].map(has),
      [false, false, true],
    );
    assert.equal(readFileSync(join(dev.root, '.capra/manifest.json'), 'utf8'), 'of build');
  });

  test('may be removed under the running compiler', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    rmSync(join(dev.root, '.capra'), { recursive: true });
    dev.write({ 'lib/x.ts': 'export const x = 7;' });
    const manifest = await dev.built();
    assert.deepEqual(
      [await dev.call(manifest, '/api/a'), await dev.call(manifest, '/api/b')],
      [7, 'b'],
    );
  });
});

describe('the compiler ends', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`by ${signal}`, async (t) => {
      const dev = new Dev(t, APP);
      await dev.built();
      dev.child.kill(signal);
      assert.equal(await dev.exit(), 0);
    });
  }

  test('while it compiles', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    dev.write({ 'pages/api/c.ts': 'export default () => 1;' });
    setImmediate(() => dev.child.kill('SIGTERM'));
    assert.equal(await dev.exit(), 0);
  });

  test('when the supervisor closes its end', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    dev.channel.destroy();
    assert.equal(await dev.exit(), 0);
  });

  test('when standard input is closed', async (t) => {
    const dev = new Dev(t, APP);
    await dev.built();
    dev.child.stdin?.end();
    assert.equal(await dev.exit(), 0);
  });

  test('when its parent has died, although nothing was closed', async (t) => {
    const root = makeApp({ ...APP, 'log/out': '' });
    const log = join(root, 'log/out');
    // It starts the compiler, writes its process id and stays until standard input is closed.
    const script = `
      const { spawn } = require('node:child_process');
      const out = require('node:fs').openSync(${JSON.stringify(log)}, 'a');
      const child = spawn(process.execPath, ${JSON.stringify([main, 'dev', root])}, { stdio: ['ignore', out, out] });
      child.unref();
      process.stdout.write(String(child.pid));
      process.stdin.resume();`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    let pid = '';
    parent.stdout.setEncoding('utf8').on('data', (text) => {
      pid += text;
    });
    t.after(() => isAlive(Number(pid)) && process.kill(Number(pid), 'SIGKILL'));
    const found = () => readFileSync(log, 'utf8');
    await until(() => found().includes('Compiled'), 'first build', { found });
    parent.kill('SIGKILL');
    await until(() => !isAlive(Number(pid)), 'end of the compiler', { found });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
