/* SPDX-License-Identifier: MIT */
#include <capra.h>

static void text(capra_request *req, capra_response *res)
{
    capra_response_text(res, 200, "plain text, and ümlauts\n");
}

CAPRA_ROUTE(text);
