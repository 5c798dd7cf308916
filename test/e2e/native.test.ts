// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { buildApp, temporaryFolder } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { root } from '../support/paths.ts';
import { startCapra, startDev } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

const hello = (more = '', before = '') => `${before}#include <capra.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void hello(capra_request *req, capra_response *res)
{
    capra_response_text(res, 200, "hello");
}
${more}
CAPRA_ROUTE(hello);
`;

/** Starts a build that no worker can load: the server ends by itself, and says why. */
async function refusal(source: string, pattern: RegExp): Promise<void> {
  const folder = await buildApp({ 'pages/api/hello.c': source });
  const { code, stderr, stdout } = await capra(['start', folder, '-p', '0']);
  assert.match(stderr, pattern);
  assert.equal(code, 1, stderr);
  assert.doesNotMatch(stdout, /Ready/);
}

describe('a route in C that cannot be loaded', () => {
  test('compiled for another version of Capra: which file, and what to do', async () => {
    const source = hello('#undef CAPRA_ABI\n#define CAPRA_ABI 99');
    await refusal(
      source,
      /pages\/api\/hello\.c: it was compiled for another version of Capra \(its capra\.h has interface 99, this server has \d+\); run `capra build` again/,
    );
  });

  test('its CAPRA_INIT says what went wrong', async () => {
    const source = hello(`
static const char *start(void **state) { return "the database is not there"; }
CAPRA_INIT(start);`);
    await refusal(source, /pages\/api\/hello\.c: its CAPRA_INIT failed: the database is not there/);
  });

  test('a CAPRA_EXIT without a CAPRA_INIT', async () => {
    const source = hello('CAPRA_EXIT(free);');
    await refusal(
      source,
      /hello\.c: it has a CAPRA_EXIT\(function\) and no CAPRA_INIT\(function\)/,
    );
  });
});

test('CAPRA_INIT and CAPRA_EXIT run once in each worker', async () => {
  const log = join(temporaryFolder(), 'log');
  const source = hello(`
static void note(const char *what)
{
    FILE *file = fopen(getenv("CAPRA_TEST_LOG"), "a");
    fprintf(file, "%s %d\\n", what, (int)getpid());
    fclose(file);
}
static const char *start(void **state)
{
    note("init");
    *state = "state";
    return NULL;
}
static void stop(void *state) { note(state); }
CAPRA_INIT(start);
CAPRA_EXIT(stop);`);
  const server = await startCapra({
    app: { 'pages/api/hello.c': source },
    env: { CAPRA_TEST_LOG: log },
  });
  after(() => server.stop('SIGKILL'));
  const pid = server.worker();
  assert.equal((await server.call('GET /api/hello')).text, 'hello');
  assert.equal(readFileSync(log, 'utf8'), `init ${pid}\n`);
  await server.stop();
  assert.equal(readFileSync(log, 'utf8'), `init ${pid}\nstate ${pid}\n`);
});

describe('clients that leave', () => {
  const app = {
    'pages/api/later.c': `#include <capra.h>
#include <stdio.h>

static void cancelled(capra_request *req, void *data)
{
    fprintf(stderr, "cancelled %s\\n", capra_text(req, capra_request_query(req, "n")));
    capra_abandon(req);
}

static void later(capra_request *req, capra_response *res)
{
    capra_defer(req);
    capra_on_cancel(req, cancelled, NULL);
    fprintf(stderr, "waiting %s\\n", capra_text(req, capra_request_query(req, "n")));
}

CAPRA_ROUTE(later);
`,
    'pages/api/slow.c': `#include <capra.h>
#include <stdio.h>
#include <unistd.h>

CAPRA_CONFIG({ blocking: true });

static void slow(capra_request *req, capra_response *res)
{
    const char *path = capra_text(req, capra_request_body(req));
    fprintf(stderr, "holding %s\\n", capra_request_method(req));
    while (access(path, F_OK) != 0)
        usleep(1000);
    capra_response_text(res, 200, path);
    fprintf(stderr, "done\\n");
}

CAPRA_ROUTE(slow);
`,
    'pages/api/hello.c': hello(),
  };

  test('a handler that answers later is told, and others are served meanwhile', async () => {
    const server = await startCapra({ app });
    after(() => server.stop());
    const wire = await Wire.open(server.port);
    await wire.send(format('GET /api/later?n=7'));
    await server.logged(/waiting 7/);
    assert.equal((await server.call('GET /api/hello')).text, 'hello');
    wire.reset();
    await server.logged(/cancelled 7/);
    assert.equal((await server.call('GET /api/hello')).text, 'hello');
  });

  test('a handler that waits keeps its request until it returns, and keeps nobody waiting', async () => {
    const server = await startCapra({ app, args: ['--threads', '2'] });
    after(() => server.stop());
    const gate = join(temporaryFolder(), 'gate');
    const wires: Wire[] = [];
    for (let i = 0; i < 4; i++) {
      const wire = await Wire.open(server.port);
      await wire.send(
        format('POST /api/slow', { headers: { 'Content-Type': 'text/plain' }, body: gate }),
      );
      wires.push(wire);
    }
    await server.logged(/holding POST[\s\S]*holding POST/);
    assert.equal((await server.call('GET /api/hello')).text, 'hello');
    assert.equal(
      server.stderr().match(/holding/g)?.length,
      2,
      'no more run than there are threads',
    );
    wires[0].reset();
    wires[3].reset();
    writeFileSync(gate, '');
    assert.equal((await wires[1].answer()).text, gate);
    assert.equal((await wires[2].answer()).text, gate);
    assert.equal((await server.call('GET /api/hello')).text, 'hello');
    assert.equal((await server.stop()).code, 0);
  });
});

test('in a worker that is Node, they have its loop, and threads of their own', async () => {
  const twin = (name: string) =>
    readFileSync(join(root, 'examples/twins/c/pages/api', `${name}.c`), 'utf8');
  const server = await startCapra({
    app: {
      'pages/api/stream.c': twin('stream'),
      'pages/api/upload.c': twin('upload'),
      'pages/api/wait.c': twin('wait'),
      'pages/api/state.c': twin('state'),
      'pages/api/script.js': 'export default (req, res) => res.send(process.version);',
    },
  });
  after(() => server.stop());
  assert.match((await server.call('GET /api/script')).text, /^v\d+/);
  assert.equal((await server.call('GET /api/stream')).text, '3\n2\n1\n');
  assert.equal((await server.call('GET /api/state')).text, '{"words":["one","two"]}');
  const many = Array.from({ length: 20 }, (_, i) =>
    server.call('POST /api/wait', { body: `${i}` }),
  );
  const answers = (await Promise.all(many)).map(({ text }) => text);
  assert.deepEqual(
    answers,
    Array.from({ length: 20 }, (_, i) => `{"waitedWith":"${i}"}`),
  );
  const body = Buffer.alloc(300_000, 1);
  assert.deepEqual((await server.call('POST /api/upload', { body })).json(), {
    bytes: 300_000,
    sum: 300_000 % 65_536,
  });
  assert.equal((await server.stop()).code, 0);
});

test('a route that did not change keeps its state when others do', async () => {
  const log = join(temporaryFolder(), 'log');
  const keeping = hello(`
static const char *start(void **state)
{
    FILE *file = fopen(getenv("CAPRA_TEST_LOG"), "a");
    fputs("init\\n", file);
    fclose(file);
    return NULL;
}
CAPRA_INIT(start);`);
  const saying = (text: string) => hello().replace('"hello"', `"${text}"`);
  const server = await startDev({
    app: { 'pages/api/keeping.c': keeping, 'pages/api/saying.c': saying('one') },
    env: { CAPRA_TEST_LOG: log },
  });
  after(() => server.stop());
  assert.equal((await server.call('GET /api/saying')).text, 'one');
  writeFileSync(join(server.folder, 'pages/api/saying.c'), saying('two'));
  await until(async () => (await server.call('GET /api/saying')).text === 'two', 'the new route');
  assert.equal((await server.call('GET /api/keeping')).text, 'hello');
  assert.equal(readFileSync(log, 'utf8'), 'init\n');
});
