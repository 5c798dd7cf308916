/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESPONSE_COMPRESS_H
#define CAPRA_RESPONSE_COMPRESS_H

#include "base/buffer.h"
#include "http/http.h"

/* Bytes in, compressed bytes out; and where the memory for that is kept. A worker has one
 * compressor, and a response that is compressed borrows a coder from it. */
typedef struct compressor compressor;
typedef struct coder coder;

/* To be freed. Fails an assertion when the libraries of the codings are not those it was compiled
 * with. */
compressor *compressor_new(void);

/* After the last of its coders is closed. Takes NULL. */
void compressor_free(compressor *c);

/* `bytes`: of the body, -1 when nobody knows; a body that is known and small needs less memory.
 * `as_next`: at zlib's default level. NULL when the open coders hold as much memory as they may:
 * then the body goes out as it is. */
coder *coder_open(compressor *c, http_coding coding, int64_t bytes, bool as_next);

/* Back to its compressor, finished or not. Takes NULL. */
void coder_close(coder *coder);

typedef enum coder_step {
    CODER_MORE,  /* what comes out, and when, is up to the coding */
    CODER_FLUSH, /* the client can read all that went in */
    CODER_END,   /* and that was all */
} coder_step;

/* Appends what comes out to `out`. */
void coder_write(coder *coder, capra_slice piece, coder_step step, buffer *out);

/* A buffer for what comes out, empty, for the next moment only. */
buffer *coder_scratch(coder *coder);

#endif
