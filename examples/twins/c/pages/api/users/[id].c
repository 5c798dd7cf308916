/* SPDX-License-Identifier: MIT */
#include <capra.h>
#include <string.h>

/* A path parameter, and one branch for each thing that can be done. */
static void user(capra_request *req, capra_response *res)
{
    capra_slice const id = capra_request_param(req, "id");
    const char *method = capra_request_method(req);
    if (strcmp(method, "GET") == 0) {
        capra_json(res, 200, "{s:s%}", "id", id.data, id.length);
    } else if (strcmp(method, "DELETE") == 0) {
        capra_response_bytes(res, 204, NULL, NULL, 0);
    } else {
        capra_response_header(res, "Allow", "GET, DELETE");
        capra_fail(res, 405, "Method Not Allowed");
    }
}

CAPRA_ROUTE(user);
