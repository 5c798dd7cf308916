// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { temporaryFolder } from '../support/app.ts';
import { spawnProgram } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { root } from '../support/paths.ts';
import { exchange } from '../support/wire.ts';

// What a person does who has installed Capra and writes a program with it: one `cc` line, and run it.

const prefix = join(temporaryFolder(), 'prefix');
const source = join(root, 'examples/embed/notes.c');

function install(): void {
  execFileSync(process.execPath, ['scripts/install.mjs', prefix], { cwd: root, stdio: 'pipe' });
}

function pkgConfig(...args: string[]): string[] {
  const env = { ...process.env, PKG_CONFIG_PATH: join(prefix, 'lib/pkgconfig') };
  return execFileSync('pkg-config', [...args, 'capra'], { env, encoding: 'utf8' })
    .trim()
    .split(/\s+/);
}

function build(name: string, flags: string[], links: string[]): string {
  const program = join(prefix, name);
  const strict = ['-std=c11', '-Wall', '-Wextra', '-Werror'];
  execFileSync('cc', [...strict, ...flags, source, '-o', program, ...links], { stdio: 'pipe' });
  return program;
}

describe('a program with Capra inside', () => {
  install();
  const programs: [how: string, program: string][] = [
    [
      'with libcapra.so',
      build('shared', pkgConfig('--cflags'), [
        ...pkgConfig('--libs'),
        `-Wl,-rpath,${join(prefix, 'lib')}`,
      ]),
    ],
    [
      'with libcapra.a',
      build('static', pkgConfig('--cflags'), [
        join(prefix, 'lib/libcapra.a'),
        ...pkgConfig('--static', '--libs').filter((flag) => flag !== '-lcapra'),
      ]),
    ],
  ];

  for (const [how, program] of programs) {
    test(`${how}: serves, and ends in order`, async () => {
      const running = spawnProgram(program, ['127.0.0.1:0']);
      after(() => running.process.kill('SIGKILL'));
      const [, port] = await until(() => running.stdout().match(/:(\d+)\//), 'port', {
        found: () => running.stdout() + running.stderr(),
      });
      const hello = await exchange(Number(port), 'GET /api/hello');
      assert.equal(hello.text, '{"message":"Hello from C!"}');
      assert.deepEqual((await exchange(Number(port), 'GET /api/users/a%20b')).json(), {
        id: 'a b',
      });
      assert.equal((await exchange(Number(port), 'GET /api/none')).status, 404);
      const refused = await exchange(Number(port), 'DELETE /api/hello');
      assert.equal(refused.status, 405);
      assert.equal(refused.headers.allow, 'GET, HEAD, OPTIONS');
      running.process.kill('SIGTERM');
      assert.equal((await within(running.finished, 'end after SIGTERM')).code, 0);
    });

    test(`${how}: serves at a Unix socket`, async () => {
      const path = join(temporaryFolder(), 'app.sock');
      const running = spawnProgram(program, [`unix:${path}`]);
      after(() => running.process.kill('SIGKILL'));
      await until(() => existsSync(path) && running.stdout(), 'socket', { found: running.stderr });
      const answer = new Promise<string>((resolve, reject) => {
        let text = '';
        const socket = connect(path);
        socket
          .setEncoding('utf8')
          .on('data', (piece) => (text += piece))
          .on('end', () => resolve(text))
          .on('error', reject);
        socket.write('GET /api/hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      });
      assert.match(await within(answer, 'answer'), /\r\n\r\n\{"message":"Hello from C!"\}$/);
      running.process.kill('SIGINT');
      assert.equal((await within(running.finished, 'end after SIGINT')).code, 0);
    });

    test(`${how}: says why it cannot listen`, async () => {
      const { code, stderr } = await within(spawnProgram(program, ['nowhere']).finished, 'end');
      assert.equal(code, 1);
      assert.match(stderr, /^cannot listen on nowhere: it is none of "127\.0\.0\.1:3000"/);
    });
  }

  test('shows nothing but the names of capra.h', () => {
    for (const library of ['libcapra.so', 'libcapra.a']) {
      const flags = library.endsWith('.so') ? ['-D'] : ['-g'];
      const names = execFileSync('nm', [...flags, '--defined-only', join(prefix, 'lib', library)], {
        encoding: 'utf8',
      });
      const shown = [...names.matchAll(/^[0-9a-f]+ [A-Z] (\w+)/gm)].map(([, name]) => name);
      assert.ok(shown.includes('capra_app_run'));
      assert.deepEqual(
        shown.filter((name) => !name.startsWith('capra_')),
        [],
      );
    }
  });
});
