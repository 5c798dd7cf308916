// SPDX-License-Identifier: MIT

// A server whose first workers do not get ready ends, and says why; one that has served goes on trying.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { buildApp, type Files, temporaryFolder } from '../support/app.ts';
import { capra, type Environment } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { withCapra } from '../support/server.ts';

/** Its CAPRA_INIT does what the file of CAPRA_TEST_TROUBLE says, when there is one. */
const native: Files = {
  'pages/api/db.c': `
    #include <capra.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>

    static char trouble[16];

    static const char *open_database(void **state)
    {
        FILE *file = fopen(getenv("CAPRA_TEST_TROUBLE"), "r");
        if (file == NULL)
            return NULL;
        trouble[fread(trouble, 1, sizeof trouble - 1, file)] = 0;
        fclose(file);
        if (strcmp(trouble, "abort") == 0)
            abort();
        if (strcmp(trouble, "exit") == 0)
            exit(0);
        return "the database is not there";
    }

    CAPRA_INIT(open_database);

    static void db(capra_request *req, capra_response *res)
    {
        capra_json(res, 200, "{s:i}", "pid", (int)getpid());
    }

    CAPRA_ROUTE(db);`,
};

const kinds: [kind: string, app: Files][] = [
  ['a worker of its own', native],
  ['a worker that is Node', { ...native, 'pages/api/other.js': 'export default () => {};' }],
];

/** What goes wrong in CAPRA_INIT, and what the log says of it. */
const troubles: [trouble: string, says: RegExp][] = [
  ['refuse', /pages\/api\/db\.c: its CAPRA_INIT failed: the database is not there/],
  [
    'abort',
    /⨯ SIGABRT \(the process has ended itself\) in the CAPRA_INIT of pages\/api\/db\.c[\s\S]*ended by signal 6/,
  ],
  ['exit', /worker \d+ ended by itself with exit code 0/],
];

/** A file that a test writes when something is to go wrong from then on. */
function makeTrouble(): { env: Environment; begin(what: string): void; end(): void } {
  const file = join(temporaryFolder(), 'trouble');
  return {
    env: { CAPRA_TEST_TROUBLE: file },
    begin: (what) => writeFileSync(file, what),
    end: () => rmSync(file),
  };
}

for (const [kind, app] of kinds) {
  describe(`CAPRA_INIT in ${kind}`, () => {
    for (const [what, says] of troubles) {
      test(`the first start ends when it does: ${what}`, async () => {
        const trouble = makeTrouble();
        trouble.begin(what);
        const folder = await buildApp(app);
        const { code, stderr, stdout } = await capra(
          ['start', folder, '-p', '0', '--workers', '2'],
          { env: trouble.env },
        );
        assert.match(stderr, says);
        assert.match(stderr, /⨯ the server does not start/);
        assert.equal(code, 1, stderr);
        assert.doesNotMatch(stdout, /Ready/);
      });
    }

    test('when it fails at a reload, the last workers go on', () => {
      const trouble = makeTrouble();
      return withCapra({ app, env: trouble.env, args: ['--workers', '2'] }, async (server) => {
        const before = server.workers().sort();
        trouble.begin('refuse');
        process.kill(server.pid, 'SIGHUP');
        await server.logged(/the new build does not start and is not served; the old one goes on/);
        assert.match(server.stderr(), /db\.c: its CAPRA_INIT failed: the database is not there/);
        assert.ok(before.includes((await server.call('GET /api/db')).json().pid));
        await until(() => server.workers().length === 2, 'end of the new workers');
        assert.deepEqual(server.workers().sort(), before);
      });
    });

    test('when it fails for a worker that takes the place of another, it is tried again, ever later', () => {
      const trouble = makeTrouble();
      return withCapra({ app, env: trouble.env }, async (server) => {
        const first = server.worker();
        trouble.begin('refuse');
        process.kill(first, 'SIGKILL');
        await server.logged(/started in 0\.1 s[\s\S]*started in 0\.2 s[\s\S]*started in 0\.4 s/);
        trouble.end();
        const { json } = await server.call('GET /api/db');
        assert.notEqual(json().pid, first);
        assert.equal((await server.stop()).code, 0);
      });
    });
  });
}
