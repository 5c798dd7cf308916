/* SPDX-License-Identifier: MIT */
#include "../../../lib/session.h"

/* bcrypt takes its time, so the handler gets a thread for it. */
CAPRA_CONFIG({
    blocking : true,
    packages : [ "sqlite3", "libcrypto", "libcrypt" ],
    api : { bodyParser : { sizeLimit : "4kb" } },
});

static void sign_up(capra_request *req, capra_response *res)
{
    accounts *a = capra_request_state(req);
    credentials given;
    password_hash hash;
    if (!session_takes(req, res, "POST"))
        return;
    const char *wrong = session_read(&given, req);
    if (wrong != NULL) {
        capra_fail(res, 400, wrong);
        return;
    }
    if (!password_make(&hash, given.password, accounts_cost(a))) {
        capra_fail(res, 500, "The password could not be hashed");
        return;
    }
    accounts_result const result = accounts_add(a, given.email, &hash);
    if (result == ACCOUNTS_OK)
        capra_json(res, 201, "{s:s}", "email", given.email);
    else if (result == ACCOUNTS_TAKEN)
        capra_fail(res, 409, "This address has an account already");
    else
        capra_fail(res, 500, "The account could not be kept");
}

CAPRA_INIT(accounts_open);
CAPRA_EXIT(accounts_close);
CAPRA_ROUTE(sign_up);
