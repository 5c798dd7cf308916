/* SPDX-License-Identifier: MIT */
#include <capra.h>
#include <time.h>

CAPRA_CONFIG({ blocking : true });

/* A handler that waits, as many libraries do, and keeps nobody else waiting. */
static void wait(capra_request *req, capra_response *res)
{
    struct timespec const moment = { .tv_nsec = 2000000 };
    capra_slice const body = capra_request_body(req);
    nanosleep(&moment, NULL);
    capra_json(res, 200, "{s:s%}", "waitedWith", body.data == NULL ? "" : body.data, body.length);
}

CAPRA_ROUTE(wait);
