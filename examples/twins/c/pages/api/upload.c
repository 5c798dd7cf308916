/* SPDX-License-Identifier: MIT */
#include <capra.h>

CAPRA_CONFIG({ api : { bodyParser : false } });

/* Takes a body of any length, a piece at a time, and says what came. */
typedef struct upload {
    capra_response *res;
    size_t bytes, sum;
} upload;

static void on_piece(capra_request *req, capra_slice piece, bool is_last, void *data)
{
    upload *u = data;
    u->bytes += piece.length;
    for (size_t i = 0; i < piece.length; i++)
        u->sum = (u->sum + (unsigned char)piece.data[i]) % 65536;
    if (is_last)
        capra_json(u->res, 200, "{s:i, s:i}", "bytes", (int)u->bytes, "sum", (int)u->sum);
}

static void give_up(capra_request *req, void *data)
{
    capra_abandon(req);
}

static void receive(capra_request *req, capra_response *res)
{
    upload *u = capra_alloc(req, sizeof *u);
    *u = (upload){ res, 0, 0 };
    capra_request_on_body(req, on_piece, u);
    capra_on_cancel(req, give_up, NULL);
}

CAPRA_ROUTE(receive);
