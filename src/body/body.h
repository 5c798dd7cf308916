/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BODY_H
#define CAPRA_BODY_H

#include "http/http.h"

/* A request's body as it comes in: its framing undone, its length watched. */
typedef struct body {
    http_framing framing;
    uint64_t left;     /* of Content-Length; else 0 */
    uint64_t received; /* so far, without framing */
    int64_t limit;     /* -1: none */
    http_chunked chunked;
    int error; /* once it has failed it stays so */
    bool is_done;
} body;

/* `limit` in bytes, -1 for none. */
void body_init(body *b, const http_head *head, int64_t limit);

/* 0, or CAPRA_E_BODY_LONG when what has come, with what Content-Length says is still to come, is
 * too long already. */
int body_check(const body *b);

/* Looks at `input` and uses `*used` bytes of it; `*piece`, a part of it, is body. To be called
 * until `used` is 0 or `is_done`. `chunked.trailer` is what it has seen of trailer lines. 0, or
 * CAPRA_E_BODY_LONG, CAPRA_E_CHUNK, CAPRA_E_CHUNK_LONG. */
int body_take(body *b, capra_slice input, size_t *used, capra_slice *piece);

#endif
