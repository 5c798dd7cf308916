/* SPDX-License-Identifier: MIT */
#include <capra.h>

/* An answer in pieces, the next one a moment after the one before. */
typedef struct countdown {
    capra_response *res;
    int left;
} countdown;

static void next_piece(capra_request *req, void *data)
{
    countdown *c = data;
    if (c->left == 0) {
        capra_response_end(c->res);
        return;
    }
    char *line = capra_printf(req, "%d\n", c->left--);
    capra_response_write(c->res, line, 2);
    capra_after(req, 1, next_piece, c);
}

static void stream(capra_request *req, capra_response *res)
{
    countdown *c = capra_alloc(req, sizeof *c);
    *c = (countdown){ res, 3 };
    capra_defer(req);
    capra_response_begin(res, 200, "text/plain; charset=utf-8", -1);
    capra_after(req, 1, next_piece, c);
}

CAPRA_ROUTE(stream);
