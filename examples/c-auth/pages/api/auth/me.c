/* SPDX-License-Identifier: MIT */
#include "../../../lib/session.h"

#include <jansson.h>

CAPRA_CONFIG({ packages : [ "sqlite3", "libcrypto", "libcrypt" ] });

static void me(capra_request *req, capra_response *res)
{
    account found;
    if (!session_takes(req, res, "GET"))
        return;
    int64_t const id = session_of(req);
    accounts_result const result =
        id < 0 ? ACCOUNTS_NONE : accounts_get(&found, capra_request_state(req), id);
    if (result == ACCOUNTS_OK) {
        capra_response_header(res, "Cache-Control", "no-store");
        capra_json(res, 200, "{s:I, s:s}", "id", (json_int_t)found.id, "email", found.email);
    } else if (result == ACCOUNTS_NONE) {
        capra_response_header(res, "WWW-Authenticate", "Bearer");
        capra_fail(res, 401, "Log in first");
    } else {
        capra_fail(res, 500, "The accounts cannot be read");
    }
}

CAPRA_INIT(accounts_open);
CAPRA_EXIT(accounts_close);
CAPRA_ROUTE(me);
