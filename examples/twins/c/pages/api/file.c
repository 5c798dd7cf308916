/* SPDX-License-Identifier: MIT */
#include <capra.h>

/* A file of the folder data/, and nothing else, whatever the client asks for. */
static void file(capra_request *req, capra_response *res)
{
    char *name = capra_text(req, capra_request_query(req, "name"));
    if (capra_response_file(res, "data", name) != 0)
        capra_fail(res, 404, "No such file.");
}

CAPRA_ROUTE(file);
