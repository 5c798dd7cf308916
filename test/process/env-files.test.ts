// SPDX-License-Identifier: MIT

// What routes in C find in their environment: what the `.env` files say, read by C or by JavaScript.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readEnvFiles } from '../../compiler/env-files.ts';
import { buildApp, type Files, makeApp, writeFiles } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { LINES, REFERENCES } from '../support/env-cases.ts';
import { type Server, startDev, withCapra } from '../support/server.ts';

const native: Files = {
  // All of it: NAME=VALUE, each with a zero byte behind it.
  'pages/api/all.c': `
    #include <capra.h>
    #include <string.h>

    extern char **environ;

    static void all(capra_request *req, capra_response *res)
    {
        size_t length = 0;
        for (char **each = environ; *each != NULL; each++)
            length += strlen(*each) + 1;
        char *text = capra_alloc(req, length), *to = text;
        for (char **each = environ; *each != NULL; each++)
            to = stpcpy(to, *each) + 1;
        capra_response_bytes(res, 200, NULL, text, length);
    }

    CAPRA_ROUTE(all);`,
  // One variable, as it is now and as CAPRA_INIT has found it.
  'pages/api/one/[name].c': `
    #include <capra.h>
    #include <stdlib.h>
    #include <string.h>

    static char at_start[64];

    static const char *begin(void **state)
    {
        const char *value = getenv("A_NAME");
        strncpy(at_start, value == NULL ? "nothing" : value, sizeof at_start - 1);
        *state = at_start;
        return NULL;
    }

    CAPRA_INIT(begin);

    static void one(capra_request *req, capra_response *res)
    {
        const char *value = getenv(capra_text(req, capra_request_param(req, "name")));
        capra_json(res, 200, "{s:s*, s:s}", "now", value, "start", capra_request_state(req));
    }

    CAPRA_ROUTE(one);`,
};
const withNode: Files = { ...native, 'pages/api/script.js': 'export default () => {};' };

const variableOf = async (server: Server, name: string): Promise<{ now?: string; start: string }> =>
  (await server.call(`GET /api/one/${name}`)).json();

/** A server of this app that has these files besides, for the time of `use`. */
async function withFiles(app: Files, files: Files, use: (server: Server) => Promise<void>) {
  const folder = await buildApp(app);
  writeFiles(folder, files);
  try {
    await withCapra({ app: folder, args: ['--log', 'none'] }, use);
  } finally {
    for (const file of Object.keys(files)) rmSync(join(folder, file));
  }
}

async function environmentWith(files: Files): Promise<Record<string, string>> {
  let text = '';
  await withFiles(native, files, async (server) => {
    text = (await server.call('GET /api/all')).text;
  });
  const lines = text.split('\0').slice(0, -1);
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

describe('an app of routes in C reads them as JavaScript does', () => {
  let before: Record<string, string> | undefined;
  for (const [text, values] of [...LINES, ...REFERENCES]) {
    test(JSON.stringify(text), async () => {
      before ??= await environmentWith({});
      const added = Object.entries(await environmentWith({ '.env': text })).filter(
        ([name]) => before?.[name] === undefined,
      );
      const expected = readEnvFiles(makeApp({ '.env': text }), 'production', {}).values;
      assert.deepEqual(Object.fromEntries(added), expected);
      if (LINES.some(([line]) => line === text) && !text.includes('$'))
        assert.deepEqual(expected, values);
    });
  }
});

for (const [kind, app] of [
  ['in C', native],
  ['beside JavaScript', withNode],
] as const) {
  describe(`routes ${kind}`, () => {
    test('find the file that wins, in CAPRA_INIT too, and not what the server was started with', () => {
      const names = ['.env', '.env.local', '.env.production', '.env.production.local'];
      const files = Object.fromEntries(
        [...names, '.env.development'].map((name, i) => [
          name,
          `A_NAME=${name}\nONLY_${i}=${name}\nPATH=file\n`,
        ]),
      );
      return withFiles(app, files, async (server) => {
        const last = '.env.production.local';
        assert.deepEqual(await variableOf(server, 'A_NAME'), { now: last, start: last });
        for (const [i, name] of [...names, undefined].entries())
          assert.equal((await variableOf(server, `ONLY_${i}`)).now, name);
        assert.equal((await variableOf(server, 'PATH')).now, process.env.PATH);
      });
    });

    test('find them in development, and what they say when they have changed', async () => {
      const files = { '.env': 'A_NAME=one', '.env.development': 'ANOTHER=two' };
      const server = await startDev({ app: { ...app, ...files } });
      assert.deepEqual(await variableOf(server, 'A_NAME'), { now: 'one', start: 'one' });
      assert.equal((await variableOf(server, 'ANOTHER')).now, 'two');
      writeFiles(server.folder, { '.env': 'A_NAME=three' });
      await until(async () => (await variableOf(server, 'A_NAME')).start === 'three', 'new value', {
        found: server.stderr,
      });
      await server.stop();
    });
  });
}

test('a folder called .env is no file', async () => {
  const folder = await buildApp({ ...native, 'public/a.txt': '' });
  mkdirSync(join(folder, '.env'));
  await withCapra({ app: folder }, async (server) => {
    assert.equal((await server.call('GET /api/all')).status, 200);
  });
});

test('a file that cannot be read ends the start, and is named', async () => {
  const folder = await buildApp({ ...native, 'public/b.txt': '' });
  // A link to itself: even root cannot open it.
  symlinkSync('.env.production', join(folder, '.env.production'));
  const { code, stderr } = await capra(['start', folder, '-p', '0', '--workers', '1']);
  assert.equal(code, 1);
  assert.match(stderr, /capra: \.env\.production cannot be read: /);
});
