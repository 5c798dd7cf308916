// SPDX-License-Identifier: MIT

// The command line: what a person types, sees, and gets as an exit code.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { buildApp, makeApp } from '../support/app.ts';
import { capra, type Finished } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { root } from '../support/paths.ts';
import { startCapra } from '../support/server.ts';

const hello = { 'pages/api/hello.js': "export default (req, res) => res.end('hello');" };

/** Exit code 2, nothing on stdout, and one line that names what is wrong. */
function isUsageError({ code, stdout, stderr }: Finished, what: RegExp) {
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, what);
}

describe('capra', () => {
  test('--help tells every command and option', async () => {
    const { code, stdout, stderr } = await capra(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const word of [
      'dev',
      'build',
      'start',
      'routes',
      'check',
      '--port',
      '--hostname',
      '--help',
    ])
      assert.match(stdout, new RegExp(word));
    assert.deepEqual(await capra(['-h']), await capra(['--help']));
  });

  const own: Record<string, string[]> = {
    dev: ['parity', 'sanitize', 'port', 'workers'],
    build: ['parity'],
    start: ['parity', 'port', 'workers'],
    reload: [],
    stop: [],
    status: ['json'],
    top: [],
    routes: ['parity'],
    check: ['parity', 'json'],
  };
  const all = [...new Set(Object.values(own).flat())];
  for (const [command, options] of Object.entries(own)) {
    test(`${command} --help tells its own options only`, async () => {
      const { code, stdout } = await capra([command, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: capra ${command} `, 'm'));
      for (const option of all)
        assert.equal(new RegExp(`--${option}\\b`).test(stdout), options.includes(option), option);
      assert.equal((await capra(['help', command])).stdout, stdout);
      assert.equal((await capra([command, '-h'])).stdout, stdout);
    });

    for (const option of all.filter((each) => !options.includes(each)))
      test(`${command} has no --${option}`, async () => {
        const value = { json: [], sanitize: [], parity: ['next'] }[option] ?? ['1'];
        const owners = Object.entries(own).flatMap(([name, its]) =>
          its.includes(option) ? [name] : [],
        );
        const { code, stderr } = await capra([command, `--${option}`, ...value]);
        assert.equal(code, 2);
        const said = stderr.match(/--[a-z-]+ is an option of (.*)/)?.[1].split(/, | and /);
        assert.deepEqual(said?.toSorted(), owners.toSorted());
      });
  }

  test('--version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { code, stdout } = await capra(['--version']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^(capra )?v?${version.replaceAll('.', '\\.')}\n$`));
  });

  test('refuses what it does not know with exit code 2', async () => {
    isUsageError(await capra(['strat']), /strat/);
    isUsageError(await capra(['start', '--prot', '1']), /--prot/);
    isUsageError(await capra(['start', '.', 'second']), /second/);
    isUsageError(await capra(['start', '--port']), /--port/);
    isUsageError(await capra(['check', '--json=1']), /--json takes no value/);
  });

  test('guesses what was meant', async () => {
    isUsageError(await capra(['strat']), /did you mean `start`\?\n.*capra --help/);
    isUsageError(
      await capra(['start', '--prot', '1']),
      /did you mean --port\?\n.*capra start --help/,
    );
    isUsageError(await capra(['start', '--max-head-byte=1']), /did you mean --max-head-bytes\?/);
    const { stderr } = await capra(['serve']);
    assert.match(stderr, /there are dev, build, .*routes and check\n/);
    assert.doesNotMatch((await capra(['start', '--nonsense'])).stderr, /did you mean/);
  });

  for (const port of ['abc', '-1', '70000', '3000x', '']) {
    test(`refuses ${JSON.stringify(port)} as a port with exit code 2`, async () => {
      isUsageError(await capra(['start', '-p', port]), /port/i);
    });
  }

  for (const [option, value] of [
    ['--head-timeout', 'soon'],
    ['--head-timeout', '10 s'],
    ['--max-head-bytes', '16kib'],
    ['--max-head-bytes', '1'],
    ['--max-connections', '0'],
    ['--max-connections', '1.5'],
  ]) {
    test(`refuses ${value} for ${option} and says what would be right`, async () => {
      isUsageError(await capra(['start', option, value]), new RegExp(`${option}.*${value}`));
    });
  }
});

describe('capra build', () => {
  test('in a folder of the project says where the project is', async () => {
    const folder = makeApp(hello);
    const { code, stderr } = await capra(['build', join(folder, 'pages/api')]);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`The project seems to be ${folder}`), stderr);
  });

  test('of an app router says that it is none of its routes', async () => {
    const { stderr } = await capra(['build', makeApp({ 'app/api/x/route.ts': '' })]);
    assert.match(stderr, /app router .* not served/);
  });

  test('where it may not write says so, without a stack', async () => {
    const folder = makeApp(hello);
    // Not even root makes files there.
    symlinkSync('/sys/kernel', join(folder, '.capra'));
    const { code, stderr } = await capra(['build', folder]);
    assert.equal(code, 1);
    assert.match(stderr, /\.capra\S* cannot be used: [a-z -]+\.\n\n {2}Whoever builds must/);
    assert.doesNotMatch(stderr, /^ +at /m);
  });

  test('warns of keys of config that have no effect, and goes on', async () => {
    const { code, stderr } = await capra([
      'build',
      makeApp({
        'pages/api/a.js': 'export const config = { bodyParser: false };\nexport default () => {};',
      }),
    ]);
    assert.equal(code, 0);
    assert.match(stderr, /pages\/api\/a\.js:1:\d+\n {2}`config\.bodyParser` has no effect here/);
  });
});

describe('capra start', () => {
  test('--parity next wants a build that was made with it', async () => {
    const args = ['--parity', 'next'];
    const folder = await buildApp(hello);
    const { code, stderr } = await capra(['start', folder, '-p', '0', ...args]);
    assert.equal(code, 1);
    assert.match(stderr, /made without it; run `capra build --parity next`/);
    const server = await startCapra({ app: { ...hello, 'capra.json': '{"parity":"next"}' }, args });
    assert.equal((await server.call('GET /nothing')).headers['x-powered-by'], 'Next.js');
    await server.stop();
  });

  test('without a build says so, and never that it is ready', async () => {
    const { code, stdout, stderr } = await capra(['start', makeApp(hello), '-p', '0']);
    assert.equal(code, 1);
    assert.match(stderr, /capra build/);
    assert.doesNotMatch(stdout, /Ready|Local/);
  });

  test('in a folder that does not exist is a usage error', async () => {
    const folder = join(makeApp(hello), 'missing');
    const { code, stderr } = await capra(['start', folder, '-p', '0']);
    assert.equal(code, 2);
    assert.match(stderr, /^capra: .*missing/);
  });

  test('on a taken port is one clear line and exit code 1', async () => {
    const taken = createServer().listen(0);
    const { port } = taken.address() as { port: number };
    const folder = await buildApp(hello);
    const { code, stdout, stderr } = await capra(['start', folder, '-p', String(port)]);
    taken.close();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`\\b${port}\\b`));
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    assert.doesNotMatch(stdout, /Ready/);
  });

  test('prints where it is, and that it is ready', async () => {
    const server = await startCapra({ app: hello });
    assert.match(server.stdout(), new RegExp(`^ *- Local: +http://localhost:${server.port}$`, 'm'));
    assert.match(server.stdout(), /^ *✓ Ready in \d+ ms, 1 route$/m);
    await server.stop();
  });

  test('listens on the host of -H only', async () => {
    const server = await startCapra({ app: hello, args: ['-H', '127.0.0.1'] });
    assert.match(server.stdout(), /^ *- Local: +http:\/\/127\.0\.0\.1:\d+$/m);
    assert.equal((await server.call('GET /api/hello')).text, 'hello');
    await server.stop();
  });

  test('takes the port from PORT, and -p before it', async () => {
    const free = createServer().listen(0);
    const { port } = free.address() as { port: number };
    const env = { PORT: String(port) };
    const folder = await buildApp(hello);
    // Still taken, so that the message shows which port was tried.
    const { stderr } = await capra(['start', folder], { env });
    assert.match(stderr, new RegExp(`\\b${port}\\b`));
    const server = await startCapra({ app: hello, env });
    assert.notEqual(server.port, port);
    await server.stop();
    free.close();
  });

  test('takes the folder from where it is run', async () => {
    const folder = await buildApp(hello);
    const { code, stdout } = await capra(['routes'], { cwd: folder });
    assert.equal(code, 0);
    assert.match(stdout, /\/api\/hello/);
  });

  test('runs handlers with NODE_ENV=production in the project folder', async () => {
    const server = await startCapra({
      app: {
        'pages/api/where.js': `
          export default (req, res) => res.json([process.env.NODE_ENV, process.cwd()]);`,
      },
    });
    const answer = await server.call('GET /api/where');
    assert.deepEqual(answer.json(), ['production', server.folder]);
    await server.stop();
  });

  test('gives handlers the variables of .env files, and the process its own first', async () => {
    const server = await startCapra({
      app: {
        '.env': 'A=env\nB=env\nC=env\nD=env\n',
        '.env.production': 'B=production\nC=production\nD=production\n',
        '.env.local': 'C=local\nD=local\n',
        '.env.development': 'A=development\n',
        'pages/api/env.js': `
          const { A, B, C, D } = process.env;
          export default (req, res) => res.json([A, B, C, D]);`,
      },
      env: { D: 'process' },
    });
    const answer = await server.call('GET /api/env');
    assert.deepEqual(answer.json(), ['env', 'production', 'local', 'process']);
    await server.stop();
  });

  test('shows what handlers print', async () => {
    const server = await startCapra({
      app: {
        'pages/api/talk.js': `
          export default (req, res) => {
            console.log('said aloud');
            console.error('complained');
            res.end();
          };`,
      },
    });
    await server.call('GET /api/talk');
    await server.logged(/^complained$/m);
    await until(() => /^said aloud$/m.test(server.stdout()), 'line on stdout');
    await server.stop();
  });

  test('serves an app of C routes without any Node', async () => {
    const server = await startCapra({
      app: {
        'pages/api/hello.c': `
          #include <capra.h>

          static void hello(capra_request *req, capra_response *res)
          {
              (void)req;
              capra_response_text(res, 200, "hello");
          }

          CAPRA_ROUTE(hello);`,
      },
    });
    assert.equal((await server.call('GET /api/hello')).text, 'hello');
    const name = readFileSync(`/proc/${server.worker()}/comm`, 'utf8');
    assert.match(name, /capra/);
    await server.stop();
  });
});

describe('capra build', () => {
  const app = {
    ...hello,
    'pages/api/users/[id].ts': "export default (req: any, res: any) => res.end('user');",
    'pages/api/fast.c': `
      #include <capra.h>

      static void fast(capra_request *req, capra_response *res)
      {
          (void)req;
          capra_response_text(res, 200, "fast");
      }

      CAPRA_ROUTE(fast);`,
  };

  test('prints each route with its kind and size, and writes .capra', async () => {
    const folder = makeApp(app);
    const { code, stdout, stderr } = await capra(['build', folder]);
    assert.equal(code, 0, stderr);
    for (const route of ['/api/hello', '/api/users/\\[id\\]', '/api/fast'])
      assert.match(stdout, new RegExp(`${route} .*\\d+(\\.\\d+)? ?[kM]?i?B`));
    assert.match(stdout, /\bC \/api\/fast /);
    assert.match(stdout, /ƒ \/api\/hello /);
    const manifest = JSON.parse(readFileSync(join(folder, '.capra/manifest.json'), 'utf8'));
    assert.equal(manifest.routes.length, 3);
  });

  test('names file, line and column of an error, and shows the line', async () => {
    const folder = makeApp({ 'pages/api/bad.ts': 'export default () => {\n  const = 1;\n}\n' });
    const { code, stderr } = await capra(['build', folder]);
    assert.equal(code, 1);
    assert.match(stderr, /pages\/api\/bad\.ts:2:\d+/);
    assert.match(stderr, /const = 1;/);
  });

  test('names the line of an error in C', async () => {
    const folder = makeApp({
      'pages/api/bad.c': '#include <capra.h>\nint x = "text";;\nnothing\n',
    });
    const { code, stderr } = await capra(['build', folder]);
    assert.equal(code, 1);
    assert.match(stderr, /pages\/api\/bad\.c:3/);
  });

  test('refuses two files for one route and names both', async () => {
    const folder = makeApp({ 'pages/api/a.js': 'export default 1', 'pages/api/a/index.ts': '' });
    const { code, stderr } = await capra(['build', folder]);
    assert.equal(code, 1);
    assert.match(stderr, /pages\/api\/a\.js/);
    assert.match(stderr, /pages\/api\/a\/index\.ts/);
  });

  test('leaves the last build alone when it fails', async () => {
    const folder = makeApp(hello);
    await capra(['build', folder]);
    const manifest = join(folder, '.capra/manifest.json');
    const before = readFileSync(manifest, 'utf8');
    const bad = join(folder, 'pages/api/bad.js');
    writeFileSync(bad, 'export default (');
    assert.equal((await capra(['build', folder])).code, 1);
    assert.equal(readFileSync(manifest, 'utf8'), before);
  });

  test('needs a pages folder', async () => {
    const { code, stderr } = await capra(['build', makeApp({ 'package.json': '{}' })]);
    assert.equal(code, 1);
    assert.match(stderr, /pages/);
  });
});

describe('capra routes', () => {
  test('prints the table, and writes nothing', async () => {
    const routes = ['/api/[...all]', '/api/[id]', '/api/known'];
    const folder = makeApp(Object.fromEntries(routes.map((route) => [`pages${route}.js`, ''])));
    const { code, stdout } = await capra(['routes', folder]);
    assert.equal(code, 0);
    for (const route of routes) assert.ok(stdout.includes(`ƒ ${route} `), route);
    assert.equal(existsSync(join(folder, '.capra')), false);
  });
});
