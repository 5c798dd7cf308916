// SPDX-License-Identifier: MIT

import type { Files } from './app.ts';

/** The same routes twice: what HTTP asks of a server does not depend on a route's language. */
export const script: Files = {
  'pages/api/hello.js': `
    export default function handler(req, res) {
      res.status(200).json({ message: 'hi' });
    }`,
  'pages/api/echo.js': `
    export default function handler(req, res) {
      const { a = '' } = req.query;
      res.status(200).json({ method: req.method, a, agent: req.headers['user-agent'] ?? '', body: req.body });
    }`,
  'pages/api/length.js': `
    export default function handler(req, res) {
      res.status(200).json({ length: req.body.length });
    }`,
  'pages/api/empty.js': `
    export default function handler(req, res) {
      res.status(204).end();
    }`,
  'pages/api/items/[id].js': `
    export default function handler(req, res) {
      res.status(200).json({ id: req.query.id });
    }`,
  'pages/api/fail.js': `
    export default function handler(req, res) {
      throw new Error('the secret reason');
    }`,
  'pages/api/big.js': `
    const text = 'a'.repeat(1 << 20);
    export default function handler(req, res) {
      res.setHeader('Content-Type', 'text/plain; charset=utf-8');
      res.status(200).send(text);
    }`,
};

export const native: Files = {
  'pages/api/hello.c': `
    #include <capra.h>

    static void hello(capra_request *req, capra_response *res)
    {
        (void)req;
        capra_json(res, 200, "{s:s}", "message", "hi");
    }

    CAPRA_ROUTE(hello);`,
  'pages/api/echo.c': `
    #include <capra.h>

    static capra_slice text(capra_slice slice)
    {
        return slice.data != NULL ? slice : (capra_slice){ "", 0 };
    }

    static void echo(capra_request *req, capra_response *res)
    {
        capra_slice a = text(capra_request_query(req, "a"));
        capra_slice agent = text(capra_request_header(req, "User-Agent"));
        capra_slice body = text(capra_request_body(req));

        capra_json(res, 200, "{s:s, s:s%, s:s%, s:s%}", "method", capra_request_method(req), "a",
                   a.data, a.length, "agent", agent.data, agent.length, "body", body.data,
                   body.length);
    }

    CAPRA_ROUTE(echo);`,
  'pages/api/length.c': `
    #include <capra.h>

    static void length(capra_request *req, capra_response *res)
    {
        capra_json(res, 200, "{s:i}", "length", (int)capra_request_body(req).length);
    }

    CAPRA_ROUTE(length);`,
  'pages/api/empty.c': `
    #include <capra.h>

    static void empty(capra_request *req, capra_response *res)
    {
        (void)req;
        capra_response_bytes(res, 204, NULL, NULL, 0);
    }

    CAPRA_ROUTE(empty);`,
  'pages/api/items/[id].c': `
    #include <capra.h>

    static void item(capra_request *req, capra_response *res)
    {
        capra_slice id = capra_request_param(req, "id");

        capra_json(res, 200, "{s:s%}", "id", id.data, id.length);
    }

    CAPRA_ROUTE(item);`,
  'pages/api/fail.c': `
    #include <capra.h>

    static void fail(capra_request *req, capra_response *res)
    {
        (void)req;
        (void)res;
    }

    CAPRA_ROUTE(fail);`,
  'pages/api/big.c': `
    #include <capra.h>

    #include <string.h>

    static char data[1 << 20];

    static void big(capra_request *req, capra_response *res)
    {
        (void)req;
        memset(data, 'a', sizeof(data));
        capra_response_bytes(res, 200, "text/plain; charset=utf-8", data, sizeof(data));
    }

    CAPRA_ROUTE(big);`,
};

export const twins: [name: string, app: Files][] = [
  ['JavaScript', script],
  ['C', native],
];
