// SPDX-License-Identifier: MIT

// `capra dev`: what is saved is what is served.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { writeFiles } from '../support/app.ts';
import { until } from '../support/deadline.ts';
import { childrenOf, isAlive, type Server, startDev } from '../support/server.ts';

const says = (text: string) => `export default (req, res) => res.status(200).send('${text}');\n`;
const native = (text: string) => `
#include <capra.h>

static void fast(capra_request *req, capra_response *res)
{
    (void)req;
    capra_response_text(res, 200, "${text}");
}

CAPRA_ROUTE(fast);
`;

describe('capra dev', () => {
  let server: Server;
  before(async () => {
    server = await startDev({
      app: {
        'lib/word.ts': "export const word: string = 'one';\n",
        'pages/api/a.js': says('a1'),
        'pages/api/b.ts': `import { word } from '../../lib/word';
          export default (req: any, res: any) => res.status(200).send(word);\n`,
        'pages/api/count.js': `let count = 0;
          export default (req, res) => res.status(200).send(String(++count));\n`,
        'pages/api/env.js': 'export default (req, res) => res.send(process.env.NODE_ENV);\n',
        'pages/api/fast.c': native('c1'),
      },
    });
  });
  after(() => server.stop());

  const save = (path: string, text: string) => writeFiles(server.folder, { [path]: text });
  const found = () => server.stdout() + server.stderr();

  /** Asks until the answer is this one; nothing else tells a client that a rebuild is done. */
  const becomes = (path: string, status: number, text: string | RegExp) =>
    until(
      async () => {
        const answer = await server.call(`GET ${path}`);
        const same = typeof text === 'string' ? answer.text === text : text.test(answer.text);
        return answer.status === status && same && answer;
      },
      `${status} ${text} from ${path}`,
      { found },
    );

  test('builds what is asked for, in development mode (P447)', async () => {
    await becomes('/api/a', 200, 'a1');
    await becomes('/api/b', 200, 'one');
    await becomes('/api/fast', 200, 'c1');
    await becomes('/api/env', 200, 'development');
  });

  test('serves a changed route', async () => {
    save('pages/api/a.js', says('a2'));
    await becomes('/api/a', 200, 'a2');
  });

  test('serves every route whose module has changed', async () => {
    save('lib/word.ts', "export const word: string = 'two';\n");
    await becomes('/api/b', 200, 'two');
  });

  test('serves a changed route in C', async () => {
    save('pages/api/fast.c', native('c2'));
    await becomes('/api/fast', 200, 'c2');
  });

  test('serves new files, and deleted ones no more', async () => {
    assert.equal((await server.call('GET /api/new')).status, 404);
    save('pages/api/new.js', says('new'));
    await becomes('/api/new', 200, 'new');
    rmSync(join(server.folder, 'pages/api/new.js'));
    await becomes('/api/new', 404, /./);
  });

  test('shows a build error where it is looked for; other routes go on', async () => {
    save('pages/api/a.js', 'export default (req, res) => {\n  const = 3;\n};\n');
    const { text } = await becomes('/api/a', 500, /pages\/api\/a\.js:2/);
    assert.match(text, /const = 3;/);
    await server.logged(/pages\/api\/a\.js:2/);
    await becomes('/api/b', 200, 'two');
    save('pages/api/a.js', says('a3'));
    await becomes('/api/a', 200, 'a3');
  });

  test('shows an error in C in the same way', async () => {
    save('pages/api/fast.c', native('c3').replace('(void)req;', 'nothing'));
    await becomes('/api/fast', 500, /pages\/api\/fast\.c:\d+/);
    save('pages/api/fast.c', native('c3'));
    await becomes('/api/fast', 200, 'c3');
  });

  test('keeps the last good version when files conflict', async () => {
    save('pages/api/a/index.js', says('other'));
    await server.logged(/pages\/api\/a\/index\.js/);
    await becomes('/api/a', 200, 'a3');
    rmSync(join(server.folder, 'pages/api/a'), { recursive: true });
    save('pages/api/a.js', says('a4'));
    await becomes('/api/a', 200, 'a4');
  });

  test('shows what a handler throws, and lives', async () => {
    save('pages/api/a.js', "export default () => {\n  throw new Error('visible');\n};\n");
    await becomes('/api/a', 500, /./);
    await server.logged(/visible[\s\S]*pages\/api\/a\.js:2/);
    save('pages/api/a.js', says('a5'));
    await becomes('/api/a', 200, 'a5');
  });

  test('follows a flurry of saves to the last one', async () => {
    for (let i = 0; i < 20; i++) save('pages/api/a.js', says(`flurry ${i}`));
    await becomes('/api/a', 200, 'flurry 19');
  });
});

test('capra dev starts a worker anew when .env files change, and shows it every value', async () => {
  const server = await startDev({
    app: {
      '.env': 'WORD=one\nGONE=soon\n',
      'pages/api/word.js': `
const atLoad = process.env.WORD;
export default (req, res) => res.json([atLoad, process.env.WORD, process.env.GONE ?? null]);
`,
    },
  });
  const becomes = (value: (string | null)[]) =>
    until(
      async () => {
        const { status, text } = await server.call('GET /api/word');
        return status === 200 && text === JSON.stringify(value);
      },
      JSON.stringify(value),
      { found: () => server.stdout() + server.stderr() },
    );
  const save = (path: string, text: string) => writeFiles(server.folder, { [path]: text });
  await becomes(['one', 'one', 'soon']);
  const first = server.worker();
  save('.env', 'WORD=two\n');
  await becomes(['two', 'two', null]);
  save('.env.local', 'WORD=three\n');
  await becomes(['three', 'three', null]);
  rmSync(join(server.folder, '.env.local'));
  await becomes(['two', 'two', null]);
  await until(() => !isAlive(first), 'end of the first worker');
  assert.match(server.stdout(), /- Reload env: \.env\.local, \.env$/m);
  // What says the same is no news: the next change is only the route's.
  await until(() => server.workers().length === 1, 'end of the workers before');
  const last = server.worker();
  save('.env', '# a comment\nWORD=two\n');
  save('pages/api/word.js', 'export default (req, res) => res.json([]);\n');
  await becomes([]);
  assert.equal(server.worker(), last);
  await server.stop();
});

test('capra dev leaves no process behind, however it ends', async () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    const server = await startDev({ app: { 'pages/api/a.js': says('a') } });
    const children = childrenOf(server.pid);
    assert.ok(children.length >= 2, 'a compiler and a worker');
    const { code } = await server.stop(signal);
    if (signal !== 'SIGKILL') assert.equal(code, 0);
    await until(() => !children.some(isAlive), `end of ${children.join(', ')} after ${signal}`);
  }
});

test('capra dev starts with a broken route, and serves the others', async () => {
  const server = await startDev({
    app: { 'pages/api/bad.js': 'export default (', 'pages/api/good.js': says('good') },
  });
  assert.equal((await server.call('GET /api/good')).text, 'good');
  assert.equal((await server.call('GET /api/bad')).status, 500);
  await server.stop();
});
