/* SPDX-License-Identifier: MIT */
#include <capra.h>

static void hello(capra_request *req, capra_response *res)
{
    (void)req;
    capra_json(res, 200, "{s:s}", "message", "Hello from Next.js API!");
}

CAPRA_ROUTE(hello);
