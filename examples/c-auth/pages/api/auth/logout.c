/* SPDX-License-Identifier: MIT */
#include "../../../lib/session.h"

CAPRA_CONFIG({ packages : [ "sqlite3", "libcrypto", "libcrypt" ] });

static void log_out(capra_request *req, capra_response *res)
{
    if (session_takes(req, res, "POST"))
        session_end(res);
}

CAPRA_ROUTE(log_out);
