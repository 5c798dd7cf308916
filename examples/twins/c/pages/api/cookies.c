/* SPDX-License-Identifier: MIT */
#include <capra.h>

/* Counts visits in a cookie. */
static void visit(capra_request *req, capra_response *res)
{
    capra_cookie const attributes = { .max_age_s = 3600,
                                      .http_only = true,
                                      .same_site = CAPRA_SAME_SITE_LAX };
    capra_slice const visits = capra_request_cookie(req, "visits");
    capra_slice const name = capra_request_cookie(req, "name");
    int count = 0;
    for (size_t i = 0; i < visits.length && count < 1000000; i++)
        if (visits.data[i] >= '0' && visits.data[i] <= '9')
            count = count * 10 + (visits.data[i] - '0');
    count++;
    capra_response_cookie(res, "visits", capra_printf(req, "%d", count), &attributes);
    capra_response_cookie(res, "last", "a b; c", NULL);
    capra_json(res, 200, "{s:i, s:s%}", "visits", count, "name", name.data == NULL ? "" : name.data,
               name.length);
}

CAPRA_ROUTE(visit);
