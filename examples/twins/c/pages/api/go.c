/* SPDX-License-Identifier: MIT */
#include <capra.h>

static void go(capra_request *req, capra_response *res)
{
    bool const is_for_good = capra_slice_is(capra_request_query(req, "for"), "good");
    capra_response_redirect(res, is_for_good ? 308 : 307, "/api/hello?from=go");
}

CAPRA_ROUTE(go);
