/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_CODING_H
#define CAPRA_HTTP_CODING_H

#include "base/slice.h"

#include <stdint.h>

/* The content codings that are known here (RFC 9110, 8.4.1; RFC 7932; RFC 8878). */
typedef enum http_coding {
    HTTP_IDENTITY,
    HTTP_GZIP,
    HTTP_DEFLATE,
    HTTP_BR,
    HTTP_ZSTD,
    HTTP_CODINGS
} http_coding;

/* "gzip", "br" …, as the fields write it. */
const char *http_coding_name(http_coding coding);

/* What a client says of one coding. */
typedef struct http_coding_wish {
    int16_t weight; /* in thousandths; 0: not acceptable; -1: it says nothing */
    uint16_t place; /* in its list */
} http_coding_wish;

/* What a client says in Accept-Encoding (RFC 9110, 12.5.3). */
typedef struct http_codings {
    http_coding_wish of[HTTP_CODINGS], any; /* `any`: `*` */
    uint16_t count;                         /* members of the list, unknown ones too */
    int16_t least;                          /* the smallest weight above 0; 1000 if there is none */
} http_codings;

/* Nothing is said yet. */
void http_codings_init(http_codings *c);

/* Adds what a field line says. Members with a malformed weight count as not said; of a repeated one
 * the greater weight counts. */
void http_codings_read(http_codings *c, capra_slice value);

/* A weight (RFC 9110, 12.4.2), "0.25", in thousandths; -1 if it is none. */
int http_weight_parse(capra_slice text);

#endif
