// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { makeApp } from '../support/app.ts';
import { spawnCapra } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { executable } from '../support/paths.ts';
import { type Server, startCapra } from '../support/server.ts';

// `capra top`, in a terminal that `script` makes, and without one.

let server: Server;
before(async () => {
  const app = makeApp({
    'pages/api/hello.js': 'export default (req, res) => res.end("hello")',
    'pages/api/a-route-with-a-name-that-is-long.js': 'export default (req, res) => res.end()',
  });
  server = await startCapra({ app });
});
after(() => server.stop());

const leaves = '\x1b[?25h\x1b[?1049l';

function openTerminal(folder: string, rows: number, columns: number) {
  const command = `stty rows ${rows} cols ${columns}; '${executable}' top '${folder}'; stty -a`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh' },
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (said += piece));
  return { child, said: () => said, end: once(child, 'close') };
}

/** The lines of each page that was drawn. */
function pagesOf(said: string): string[][] {
  const inside = said.slice(0, said.includes(leaves) ? said.indexOf(leaves) : undefined);
  return inside
    .split('\x1b[H\x1b[2J')
    .slice(1)
    .map((page) => page.split('\r\n'));
}

test('draws every second, and q ends it', async () => {
  const terminal = openTerminal(server.folder, 24, 120);
  await until(() => pagesOf(terminal.said()).length > 0, 'a page', { found: terminal.said });
  await server.call('GET /api/hello');
  await until(
    () => pagesOf(terminal.said()).some((page) => page.some((line) => /\/api\/hello$/.test(line))),
    'the route',
    { found: terminal.said },
  );
  terminal.child.stdin.write('q');
  await within(terminal.end, 'the end', { found: terminal.said });
  assert.ok(terminal.said().startsWith('\x1b[?1049h\x1b[?25l'));
  assert.ok(terminal.said().includes(leaves));
  // The terminal is as it was.
  assert.match(terminal.said(), / icanon .* echo /s);
});

test('fits on a small screen', async () => {
  await server.call('GET /api/hello');
  await server.call('GET /api/a-route-with-a-name-that-is-long');
  const terminal = openTerminal(server.folder, 8, 40);
  await until(() => pagesOf(terminal.said()).length > 1, 'two pages', { found: terminal.said });
  terminal.child.stdin.write('q');
  await within(terminal.end, 'the end', { found: terminal.said });
  for (const page of pagesOf(terminal.said())) {
    assert.ok(page.length <= 8, page.join('\n'));
    for (const line of page) assert.ok(line.length <= 40, line);
  }
});

test('a signal ends it, and the terminal is as it was', async () => {
  const terminal = openTerminal(server.folder, 24, 120);
  await until(() => pagesOf(terminal.said()).length > 0, 'a page', { found: terminal.said });
  terminal.child.stdin.write('\x03');
  await within(terminal.end, 'the end', { found: terminal.said });
  assert.ok(terminal.said().includes(leaves));
});

test('is plain without a terminal, and ends with the server', async () => {
  const own = await startCapra({
    app: makeApp({ 'pages/api/hello.js': 'export default (req, res) => res.end("hello")' }),
  });
  const top = spawnCapra(['top', own.folder]);
  await until(() => top.stdout().split('WORKER').length > 2, 'two tables', { found: top.stdout });
  await own.stop();
  const { code, stdout, stderr } = await within(top.finished, 'the end');
  assert.equal(code, 1);
  assert.match(stderr, /the server \(process \d+\) has ended/);
  assert.equal(stdout.includes('\x1b'), false);
});
