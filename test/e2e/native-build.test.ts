// SPDX-License-Identifier: MIT

// Routes in C that are made of more than one file and one library.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Files, makeApp, writeFiles } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { type Server, startCapra, startDev } from '../support/server.ts';

const route = (statements: string, head = '') => `${head}
#include <capra.h>

static void answer(capra_request *req, capra_response *res)
{
    ${statements}
}

CAPRA_ROUTE(answer);
`;

/** A library that Node has in itself, in another version. */
const openssl = route(
  'capra_json(res, 200, "{s:s, s:s}", "meant", OPENSSL_VERSION_TEXT, "met", OpenSSL_version(OPENSSL_VERSION));',
  '#include <openssl/crypto.h>\nCAPRA_CONFIG({ packages: ["libcrypto"] });',
).replace('#include <openssl', '#include <capra.h>\n#include <openssl');

const native: Files = {
  'lib/word.h': '#ifdef __cplusplus\nextern "C"\n#endif\nconst char *word(void);\n',
  'lib/word.c': '#include "word.h"\nconst char *word(void) { return "one"; }\n',
  'pages/api/c.c': route('capra_response_text(res, 200, word());', '#include "../../lib/word.h"'),
  'pages/api/cpp.cc': route(
    `std::ostringstream text;
     text << "C++ and " << word();
     std::cerr << "said on std::cerr: " << text.str() << std::endl;
     try {
         text.str().at(100);
     } catch (const std::out_of_range &) {
         capra_response_text(res, 200, text.str().c_str());
     }`,
    '#include <iostream>\n#include <sstream>\n#include <stdexcept>\n#include "../../lib/word.h"',
  ),
  'pages/api/json.c': route(
    `json_t *list = json_array();
     json_array_append_new(list, json_integer(uv_loop_alive(capra_loop(req)) ? 1 : 0));
     capra_json_value(res, 200, list);
     json_decref(list);`,
    '#include <jansson.h>\n#include <uv.h>',
  ),
  'pages/api/openssl.c': openssl,
};

const HOSTS: [string, Files][] = [
  ['alone', native],
  [
    'beside JavaScript',
    { ...native, 'pages/api/js.js': 'export default (_, res) => res.send(1);' },
  ],
];

for (const [host, app] of HOSTS) {
  describe(`routes in C, ${host}`, () => {
    let server: Server;
    before(async () => {
      server = await startCapra({ app });
    });
    after(() => server.stop());

    test('have sources that come along with headers', async () => {
      assert.equal((await server.call('GET /api/c')).text, 'one');
    });

    test('may be in C++', async () => {
      assert.equal((await server.call('GET /api/cpp')).text, 'C++ and one');
      await server.logged(/said on std::cerr: C\+\+ and one/);
    });

    test('use jansson and the loop, which are the server’s', async () => {
      assert.deepEqual((await server.call('GET /api/json')).json(), [1]);
    });

    test('meet the library that they were compiled for, and not one that Node has in itself', async () => {
      const { meant, met } = (await server.call('GET /api/openssl')).json();
      assert.equal(met, meant);
    });
  });
}

test('a package that is not there ends the build, and says what to install', async () => {
  const app = makeApp({
    'pages/api/a.c': route(
      '',
      '#include <capra.h>\nCAPRA_CONFIG({ packages: ["no-such-thing"] });',
    ),
  });
  const { code, stderr } = await capra(['build', app]);
  assert.equal(code, 1);
  assert.match(stderr, /pages\/api\/a\.c\n {2}There is no package `no-such-thing`/);
});

describe('capra dev', () => {
  let server: Server;
  before(async () => {
    server = await startDev({ app: native });
  });
  after(() => server.stop());

  const save = (path: string, text: string) => writeFiles(server.folder, { [path]: text });
  const becomes = (path: string, status: number, text: RegExp) =>
    until(
      async () => {
        const answer = await server.call(`GET ${path}`);
        return answer.status === status && text.test(answer.text);
      },
      `${status} ${text} from ${path}`,
      { ms: 30_000, found: () => server.stdout() + server.stderr() },
    );

  test('follows a source that has come along, and one that comes', async () => {
    await becomes('/api/c', 200, /^one$/);
    save('lib/word.c', '#include "word.h"\nconst char *word(void) { return "two"; }\n');
    await becomes('/api/c', 200, /^two$/);
    await becomes('/api/cpp', 200, /^C\+\+ and two$/);
    save(
      'pages/api/c.c',
      route('capra_response_text(res, 200, more());', '#include "../../lib/more.h"'),
    );
    save('lib/more.h', 'const char *more(void);\n');
    await becomes('/api/c', 500, /`more` is used and defined nowhere/);
    save('lib/more.c', '#include "more.h"\nconst char *more(void) { return "more"; }\n');
    await becomes('/api/c', 200, /^more$/);
  });

  test('answers with what the compiler says of it', async () => {
    save('lib/more.c', '#include "more.h"\nconst char *more(void) { return wrong; }\n');
    await becomes('/api/c', 500, /lib\/more\.c:2:33[\s\S]*> 2 │ const char \*more/);
    save('lib/more.c', '#include "more.h"\nconst char *more(void) { return "mended"; }\n');
    await becomes('/api/c', 200, /^mended$/);
  });

  test('follows capra.json', async () => {
    save('pages/api/c.c', route('capra_response_text(res, 200, WORD);'));
    await becomes('/api/c', 500, /WORD/);
    save('capra.json', '{ "native": { "flags": ["-DWORD=\\"flagged\\""] } }');
    await becomes('/api/c', 200, /^flagged$/);
  });
});
