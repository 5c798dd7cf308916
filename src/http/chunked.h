/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_CHUNKED_H
#define CAPRA_HTTP_CHUNKED_H

#include "base/slice.h"

#include <stdint.h>

/* Undoes the chunked coding (RFC 9112, 7.1), piece by piece. All zero is the start. */
typedef struct http_chunked {
    uint64_t left;     /* data bytes of the current chunk still to come */
    uint32_t line;     /* bytes of the current size line or trailer line so far */
    uint32_t overhead; /* bytes of all extensions and of the trailer section so far */
    uint8_t phase;
    bool is_done; /* the last CR LF has been used */
} http_chunked;

/* Looks at `input` and uses a part of it: `*used` bytes. Of these, `*data` (a part of
 * `input`; may be empty) is body. To be called again with the rest until `used` is less than the
 * input or `is_done`. Returns 0, or a negative code: CAPRA_E_CHUNK, CAPRA_E_CHUNK_LONG (a size line
 * of more than 256 bytes, or more than 16 KiB of extensions and trailers in all). Whatever was used
 * is never needed again. Strict: hexadecimal digits only, at most 16; only CR LF; trailers must be
 * valid fields and are dropped. */
int http_chunked_decode(http_chunked *state, capra_slice input, size_t *used, capra_slice *data);

#endif
