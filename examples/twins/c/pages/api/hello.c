/* SPDX-License-Identifier: MIT */
#include <capra.h>

static void hello(capra_request *req, capra_response *res)
{
    capra_json(res, 200, "{s:s}", "message", "Hello, twin!");
}

CAPRA_ROUTE(hello);
