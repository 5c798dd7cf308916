/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESPONSE_ENCODING_H
#define CAPRA_RESPONSE_ENCODING_H

#include "http/http.h"

/* Whether and how a response is compressed, and what its header says of that. Pure: the work is
 * done in compress.c. The rules are Next's, but for the codings: br and zstd are known too, and
 * events (text/event-stream) are not held back. */

/* Shorter bodies gain nothing. */
enum { ENCODING_LEAST_BYTES = 1024 };

/* What becomes of a response's header lines and body. */
typedef struct encoding {
    http_coding coding; /* of the body; HTTP_IDENTITY: as it is */
    const char *insert; /* goes between the lines at `insert_at`: a line, or the end of one */
    size_t insert_at;
    size_t drop_at, drop; /* so many bytes are left out: a line that says `identity` */
} encoding;

/* `head` is the request's and may be NULL; `length` that of the body, -1 when nobody knows.
 * `as_next`: exactly as Next does it. */
void encoding_decide(encoding *out, capra_slice lines, int status, int64_t length,
                     const http_head *head, const char *data, bool as_next);

/* Which coding the client gets: the one that it likes best; of equals the cheapest. */
http_coding encoding_choose(const http_codings *accepted, bool as_next);

/* Whether a Content-Type is worth compressing. */
bool encoding_is_compressible(capra_slice type);

/* `lines` with what is inserted and without what is dropped; the Content-Encoding is not among
 * them. Never more than ENCODING_ROOM bytes longer. */
char *encoding_put_lines(char *at, capra_slice lines, const encoding *e);
enum { ENCODING_ROOM = 32 };

#endif
