// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Files, makeApp } from '../support/app.ts';
import { capra } from '../support/command.ts';
import { until } from '../support/deadline.ts';
import { startDev } from '../support/server.ts';

const app: Files = {
  'lib/sum.h': 'int sum(const int *numbers, int count);\n',
  'lib/sum.c': `#include "sum.h"

int sum(const int *numbers, int count)
{
    int total = 0;
    for (int i = 0; i <= count; i++)
        total += numbers[i];
    return total;
}
`,
  'pages/api/past-the-end.c': `#include "../../lib/sum.h"
#include <capra.h>
#include <stdlib.h>

static void past_the_end(capra_request *req, capra_response *res)
{
    int *numbers = calloc(4, sizeof *numbers);
    capra_json(res, 200, "{s:i}", "sum", sum(numbers, 4));
    free(numbers);
}

CAPRA_ROUTE(past_the_end);
`,
  'pages/api/too-large.c': `#include <capra.h>

static void too_large(capra_request *req, capra_response *res)
{
    int number = 2147483647 - (int)capra_request_body(req).length;
    capra_json(res, 200, "{s:i}", "next", number + 1);
}

CAPRA_ROUTE(too_large);
`,
  'pages/api/fine.c': `#include <capra.h>

static void fine(capra_request *req, capra_response *res)
{
    capra_response_text(res, 200, "fine");
}

CAPRA_ROUTE(fine);
`,
};

const HOSTS: [string, Files][] = [
  ['alone', app],
  ['beside JavaScript', { ...app, 'pages/api/js.js': 'export default (_, res) => res.send(1);' }],
];

describe('capra dev --sanitize', () => {
  for (const [host, files] of HOSTS) {
    test(`shows what a route in C does wrong, ${host}`, async () => {
      const server = await startDev({ app: files, args: ['--sanitize'] });
      const found = () => server.stdout() + server.stderr();
      assert.equal((await server.call('GET /api/fine')).text, 'fine');

      await server.call('GET /api/too-large');
      await server.logged(/too-large\.c:6:\d+: runtime error: signed integer overflow/);

      assert.equal((await server.call('GET /api/past-the-end')).status, 500);
      await server.logged(/AddressSanitizer: heap-buffer-overflow/);
      await server.logged(/in sum .*lib\/sum\.c:7/);
      const answers = async () => (await server.call('GET /api/fine')).text === 'fine';
      await until(answers, 'worker in place of the one that has ended', { found });
      await server.stop();
    });
  }

  test('needs a compiler that can', async () => {
    const folder = makeApp(app);
    const { code, stderr } = await capra(['dev', folder, '--sanitize'], { env: { CC: 'true' } });
    assert.equal(code, 1);
    assert.match(stderr, /--sanitize: the C compiler \(true\) has no AddressSanitizer/);
  });

  test('is for dev', async () => {
    const { code, stderr } = await capra(['build', makeApp(app), '--sanitize']);
    assert.equal(code, 2);
    assert.match(stderr, /--sanitize is an option of dev/);
  });
});
