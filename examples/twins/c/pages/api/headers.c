/* SPDX-License-Identifier: MIT */
#include <capra.h>

static const char *or_empty(capra_slice slice)
{
    return slice.data == NULL ? "" : slice.data;
}

/* Headers of the request, and some for the answer. */
static void headers(capra_request *req, capra_response *res)
{
    capra_slice const agent = capra_request_header(req, "User-Agent");
    capra_slice const accept = capra_request_header_list(req, "Accept");
    capra_response_header(res, "X-Powered-By", "C or TypeScript");
    capra_response_header(res, "Cache-Control", "no-store");
    capra_response_header(res, "Vary", "Accept");
    capra_json(res, 200, "{s:s%, s:s%}", "agent", or_empty(agent), agent.length, "accept",
               or_empty(accept), accept.length);
}

CAPRA_ROUTE(headers);
