/* SPDX-License-Identifier: MIT */
#include <capra.h>

/* Returns without an answer, which is a fault: the client gets a 500, the log the reason. */
static void fails(capra_request *req, capra_response *res)
{
    (void)req;
    (void)res;
}

CAPRA_ROUTE(fails);
