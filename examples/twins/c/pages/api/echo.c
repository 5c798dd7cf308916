/* SPDX-License-Identifier: MIT */
#include <capra.h>

CAPRA_CONFIG({ api : { bodyParser : { sizeLimit : "2kb" } } });

/* JSON in, the same JSON out; anything else is refused. */
static void echo(capra_request *req, capra_response *res)
{
    struct json_t *value = capra_request_json(req);
    if (value == NULL)
        capra_fail(res, 422, "This is not JSON.");
    else
        capra_json_value(res, 200, value);
}

CAPRA_ROUTE(echo);
