/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_RANGE_H
#define CAPRA_HTTP_RANGE_H

#include "base/slice.h"

#include <stdint.h>

/* What a Range field (RFC 9110, 14.2) asks for of `size` bytes. */
typedef enum http_range_kind {
    HTTP_RANGE_WHOLE,   /* everything: not a range of bytes, malformed, or several of them */
    HTTP_RANGE_PART,    /* bytes `first` to `last`, both included */
    HTTP_RANGE_OUTSIDE, /* nothing that exists: 416 */
} http_range_kind;

typedef struct http_range {
    uint64_t first, last;
} http_range;

/* `*out` is set for HTTP_RANGE_PART only, and lies within `size`. */
http_range_kind http_range_parse(http_range *out, capra_slice value, uint64_t size);

#endif
