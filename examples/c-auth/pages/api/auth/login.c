/* SPDX-License-Identifier: MIT */
#include "../../../lib/session.h"

CAPRA_CONFIG({
    blocking : true,
    packages : [ "sqlite3", "libcrypto", "libcrypt" ],
    api : { bodyParser : { sizeLimit : "4kb" } },
});

/* Whoever is wrong gets the same answer after the same work, be it the address or the password. */
static void log_in(capra_request *req, capra_response *res)
{
    accounts *a = capra_request_state(req);
    credentials given;
    account found = { .hash = password_decoy(accounts_cost(a)) };
    if (!session_takes(req, res, "POST"))
        return;
    const char *wrong = session_read(&given, req);
    if (wrong != NULL) {
        capra_fail(res, 400, wrong);
        return;
    }
    accounts_result const result = accounts_find(&found, a, given.email);
    if (result == ACCOUNTS_FAILED) {
        capra_fail(res, 500, "The accounts cannot be read");
        return;
    }
    bool const matches = password_matches(given.password, &found.hash);
    if (result == ACCOUNTS_OK && matches)
        session_begin(req, res, found.id);
    else
        capra_fail(res, 401, "Wrong address or password");
}

CAPRA_INIT(accounts_open);
CAPRA_EXIT(accounts_close);
CAPRA_ROUTE(log_in);
