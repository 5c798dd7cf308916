// SPDX-License-Identifier: MIT

// Handlers that let go of their worker and do not come back in time.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Files } from '../support/app.ts';
import { withCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

const app: Files = {
  'pages/api/own.ts': `
    import type { NextApiRequest, NextApiResponse } from 'next';

    export const config = { maxDuration: 0.5 };

    export default async function handler(req: NextApiRequest, res: NextApiResponse) {
      res.on('close', () => console.error('closed, ended:', res.writableEnded));
      if (req.query.first) res.write('first');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      res.json({ late: true });
      console.error('answered late');
    }`,
  'pages/api/any.ts': `
    import type { NextApiRequest, NextApiResponse } from 'next';

    export default async function handler(req: NextApiRequest, res: NextApiResponse) {
      if (req.query.quick) return res.send('quick');
      if (!req.query.stream) return;
      res.setHeader('Content-Type', 'text/event-stream');
      for (let at = 0; at < 4; at++) {
        res.write(\`data: \${at}\\n\\n\`);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      res.end();
    }`,
};

const deferred: Files = {
  'pages/api/never.c': `
    #include <capra.h>
    #include <stdio.h>
    #include <string.h>

    static void cancelled(capra_request *req, void *data)
    {
        (void)data;
        fputs("cancelled\\n", stderr);
        capra_abandon(req);
    }

    static void never(capra_request *req, capra_response *res)
    {
        if (capra_request_query(req, "quick").length > 0) {
            capra_response_text(res, 200, "quick");
            return;
        }
        capra_defer(req);
        capra_on_cancel(req, cancelled, NULL);
    }

    CAPRA_ROUTE(never);`,
};

const LATE = 'Gateway Timeout: the route has not answered in time\n';

describe('maxDuration', () => {
  test('is kept, and the late answer is dropped', () =>
    withCapra({ app }, async (server) => {
      const worker = server.worker();
      const answer = await server.call('GET /api/own?a=1');
      assert.deepEqual([answer.status, answer.text], [504, LATE]);
      assert.equal(answer.headers.connection, 'close');
      await server.logged(
        /⨯ GET \/api\/own\?a=1 \(pages\/api\/own\.ts\) has not been answered within its maxDuration of 0\.5 s\n/,
      );
      await server.logged(/closed, ended: false/);
      await server.logged(/answered late/);
      assert.equal((await server.call('GET /api/any?quick=1')).text, 'quick');
      assert.equal(server.worker(), worker);
    }));

  test('cuts an answer that has begun', () =>
    withCapra({ app }, async (server) => {
      const wire = await Wire.open(server.port);
      await wire.send(format('GET /api/own?first=1'));
      await assert.rejects(wire.answer(), /ended before/);
    }));

  test('is no limit with --parity next, and neither is --max-duration', () =>
    withCapra(
      { app: { ...app, 'capra.json': '{"parity":"next"}' }, args: ['--max-duration', '200ms'] },
      async (server) => {
        assert.deepEqual((await server.call('GET /api/own')).json(), { late: true });
      },
    ));
});

describe('--max-duration', () => {
  const args = ['--max-duration', '300ms'];

  test('is for a route in C that has deferred its answer', () =>
    withCapra({ app: deferred, args }, async (server) => {
      const answer = await server.call('GET /api/never');
      assert.deepEqual([answer.status, answer.text], [504, LATE]);
      await server.logged(/\(pages\/api\/never\.c\) .* within --max-duration, 0\.3 s\n/);
      await server.logged(/cancelled/);
      assert.equal((await server.call('GET /api/never?quick=1')).text, 'quick');
    }));

  test('is for a route that does not say', () =>
    withCapra({ app, args }, async (server) => {
      const answer = await server.call('GET /api/any');
      assert.deepEqual([answer.status, answer.text], [504, LATE]);
      await server.logged(/\(pages\/api\/any\.ts\) .* within --max-duration, 0\.3 s\n/);
    }));

  test("is for the project's proxy", () =>
    withCapra(
      {
        app: {
          ...app,
          'proxy.ts': `
            import type { NextRequest } from 'next/server';

            export function proxy(request: NextRequest) {
              if (request.nextUrl.searchParams.has('hangs')) return new Promise(() => {});
            }`,
        },
        args,
      },
      async (server) => {
        assert.equal((await server.call('GET /api/any?quick=1')).text, 'quick');
        const answer = await server.call('GET /api/any?hangs=1');
        assert.deepEqual([answer.status, answer.text], [504, LATE]);
        await server.logged(/hangs=1 \(the proxy\) has not been answered within/);
      },
    ));

  test('lets a stream go on', () =>
    withCapra({ app, args }, async (server) => {
      const { status, text } = await server.call('GET /api/any?stream=1');
      assert.deepEqual([status, text], [200, 'data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n']);
    }));
});
