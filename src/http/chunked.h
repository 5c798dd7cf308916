/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_CHUNKED_H
#define CAPRA_HTTP_CHUNKED_H

#include "base/slice.h"

#include <stdint.h>

enum {
    HTTP_CHUNK_LINE_BYTES = 256, /* a size line with its extensions, without CR LF */
    HTTP_CHUNK_OVERHEAD_BYTES =
        16384, /* of a message: all extensions, all of the trailer section */
};

/* Undoes the chunked coding (RFC 9112, 7.1), piece by piece. All zero is the start. */
typedef struct http_chunked {
    uint64_t left;     /* data bytes of the current chunk still to come */
    uint32_t line;     /* bytes of the current size line so far */
    uint32_t overhead; /* bytes of all extensions and of the trailer section so far */
    uint8_t phase;
    bool is_done;        /* the last CR LF has been used */
    uint8_t name_length; /* of a trailer field's name so far, as much of it as there is room for */
    char name[18];       /* more than any known one has */
    capra_slice trailer; /* what the last call saw of the trailer lines, a part of its input */
} http_chunked;

/* Looks at `input` and uses a part of it: `*used` bytes, at least one if there is one and the end
 * has not been reached. Of these, `*data` (a part of `input`; may be empty) is body. To be called
 * again with the rest until nothing is left or `is_done`. Returns 0, or a negative code:
 * CAPRA_E_CHUNK, CAPRA_E_CHUNK_LONG (see the limits above); it comes with the first byte that makes
 * it certain, and after all data before it. Whatever was used is never needed again.
 *
 * Strict: hexadecimal digits only, at most 16; only CR LF; extensions without white space. Trailers
 * must be valid fields, and none that says how to read or route a message (Content-Length, Host,
 * Connection, ...: RFC 9110, 6.5.1), for a proxy might merge them into the head. Who wants them
 * puts together what `trailer` is after each call: whole lines with their CR LF.
 */
int http_chunked_decode(http_chunked *state, capra_slice input, size_t *used, capra_slice *data);

#endif
