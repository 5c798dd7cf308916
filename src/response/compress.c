/* SPDX-License-Identifier: MIT */
#include "compress.h"

#include "base/arena.h"

#include <assert.h>
#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* Three libraries, one face.
 *
 * In build/capra they are the system's. In capra.node they are not linked: as with libuv, the node
 * executable carries its own and exports them, and a library beside it would be shadowed by those
 * symbols anyway. The headers are the system's in both, so that compressor_new asks whether what
 * it meets has the same major version. All three promise that nothing else matters. */

enum {
    GZIP_LEVEL = 4, /* see by_cost in encoding.c */
    BR_LEVEL = 3,
    ZSTD_LEVEL = 3,
    BR_WINDOW_BITS = 16,
    ZSTD_WINDOW_BITS = 17,
    /* A stream may be open for hours, and most write little. */
    ZSTD_STREAM_WINDOW_BITS = 15,
    ZSTD_STREAM_TABLE_BITS = 13,

    SPARE_CODERS = 4, /* of each coding */
    SCRATCH_BYTES = 256 * 1024,
    BUDGET_BYTES = 64 * 1024 * 1024, /* for all coders that are open */
};

struct coder {
    compressor *owner;
    http_coding coding;
    int level;
    size_t cost; /* bytes of memory, about */
    coder *next; /* spare */
    z_stream zlib;
    BrotliEncoderState *brotli;
    ZSTD_CCtx *zstd;
};

struct compressor {
    coder *spare[HTTP_CODINGS];
    int spare_count[HTTP_CODINGS];
    size_t open_bytes;
    buffer scratch;
};

/* A call to a library that can fail only because of us, or for want of memory. */
static void must(bool is_well)
{
    if (!is_well)
        abort();
}

/* ---- gzip and deflate ---- */

static void zlib_open(coder *c, int64_t bytes, int level)
{
    enum { WINDOW_BITS = 15, WITH_GZIP_HEADER = 16, MEMORY_LEVEL = 8 };
    (void)bytes;
    if (c->level == level) {
        must(deflateReset(&c->zlib) == Z_OK);
        return;
    }
    if (c->level != 0)
        deflateEnd(&c->zlib);
    int const bits = c->coding == HTTP_GZIP ? WINDOW_BITS + WITH_GZIP_HEADER : WINDOW_BITS;
    c->zlib = (z_stream){ 0 };
    c->level = level;
    must(deflateInit2(&c->zlib, level, Z_DEFLATED, bits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
}

static void zlib_write(coder *c, capra_slice piece, coder_step step, buffer *out)
{
    static const int flushes[] = {
        [CODER_MORE] = Z_NO_FLUSH, [CODER_FLUSH] = Z_SYNC_FLUSH, [CODER_END] = Z_FINISH
    };
    enum { ROOM = 16 * 1024, MOST = 1 << 30 };
    z_stream *z = &c->zlib;
    do {
        size_t const part = piece.length < MOST ? piece.length : MOST;
        z->next_in = (Bytef *)(uintptr_t)piece.data;
        z->avail_in = (uInt)part;
        piece = slice_from(piece, part);
        int const flush = piece.length > 0 ? Z_NO_FLUSH : flushes[step];
        int result;
        do {
            z->next_out = (Bytef *)buffer_room(out, ROOM);
            z->avail_out = ROOM;
            result = deflate(z, flush);
            must(result != Z_STREAM_ERROR);
            buffer_added(out, ROOM - z->avail_out);
        } while (z->avail_out == 0 && result != Z_STREAM_END);
    } while (piece.length > 0);
}

static void zlib_cleanup(coder *c)
{
    deflateEnd(&c->zlib);
}

/* ---- br ---- */

/* An encoder serves once. */
static void br_open(coder *c, int64_t bytes, int level)
{
    c->brotli = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    must(c->brotli != NULL);
    BrotliEncoderSetParameter(c->brotli, BROTLI_PARAM_QUALITY, (uint32_t)level);
    BrotliEncoderSetParameter(c->brotli, BROTLI_PARAM_LGWIN, BR_WINDOW_BITS);
    if (bytes >= 0 && bytes <= UINT32_MAX)
        BrotliEncoderSetParameter(c->brotli, BROTLI_PARAM_SIZE_HINT, (uint32_t)bytes);
}

static void br_write(coder *c, capra_slice piece, coder_step step, buffer *out)
{
    static const BrotliEncoderOperation operations[] = { [CODER_MORE] = BROTLI_OPERATION_PROCESS,
                                                         [CODER_FLUSH] = BROTLI_OPERATION_FLUSH,
                                                         [CODER_END] = BROTLI_OPERATION_FINISH };
    const uint8_t *next = (const uint8_t *)piece.data;
    size_t left = piece.length, no_room = 0;
    do {
        must(BrotliEncoderCompressStream(c->brotli, operations[step], &left, &next, &no_room, NULL,
                                         NULL));
        size_t size = 0;
        const uint8_t *made = BrotliEncoderTakeOutput(c->brotli, &size);
        buffer_append(out, made, size);
    } while (left > 0 || BrotliEncoderHasMoreOutput(c->brotli) ||
             (step == CODER_END && !BrotliEncoderIsFinished(c->brotli)));
}

static void br_close(coder *c)
{
    BrotliEncoderDestroyInstance(c->brotli);
    c->brotli = NULL;
}

/* ---- zstd ---- */

static void zstd_set(coder *c, ZSTD_cParameter parameter, int value)
{
    must(!ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, parameter, value)));
}

static void zstd_open(coder *c, int64_t bytes, int level)
{
    if (c->zstd == NULL)
        c->zstd = ZSTD_createCCtx();
    must(c->zstd != NULL);
    ZSTD_CCtx_reset(c->zstd, ZSTD_reset_session_and_parameters);
    zstd_set(c, ZSTD_c_compressionLevel, level);
    if (bytes >= 0) {
        zstd_set(c, ZSTD_c_windowLog, ZSTD_WINDOW_BITS);
        must(!ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(c->zstd, (unsigned long long)bytes)));
    } else {
        zstd_set(c, ZSTD_c_windowLog, ZSTD_STREAM_WINDOW_BITS);
        zstd_set(c, ZSTD_c_hashLog, ZSTD_STREAM_TABLE_BITS);
        zstd_set(c, ZSTD_c_chainLog, ZSTD_STREAM_TABLE_BITS);
    }
}

static void zstd_write(coder *c, capra_slice piece, coder_step step, buffer *out)
{
    static const ZSTD_EndDirective directives[] = {
        [CODER_MORE] = ZSTD_e_continue, [CODER_FLUSH] = ZSTD_e_flush, [CODER_END] = ZSTD_e_end
    };
    enum { ROOM = 16 * 1024 };
    ZSTD_inBuffer in = { piece.data, piece.length, 0 };
    size_t left;
    do {
        ZSTD_outBuffer room = { buffer_room(out, ROOM), ROOM, 0 };
        left = ZSTD_compressStream2(c->zstd, &room, &in, directives[step]);
        must(!ZSTD_isError(left));
        buffer_added(out, room.pos);
    } while (step == CODER_MORE ? in.pos < in.size : left > 0);
}

static void zstd_cleanup(coder *c)
{
    ZSTD_freeCCtx(c->zstd);
}

/* ---- All of them ---- */

/* `cost`, `stream_cost`: bytes of an open coder, for a body of known length and for one of unknown;
 * measured, rounded up. */
typedef struct library {
    int level, next_level;
    size_t cost, stream_cost;
    void (*open)(coder *c, int64_t bytes, int level);
    void (*write)(coder *c, capra_slice piece, coder_step step, buffer *out);
    void (*close)(coder *c);   /* it goes among the spare ones; NULL: nothing to do */
    void (*cleanup)(coder *c); /* NULL: nothing to do */
} library;

enum { KB = 1024 };

static const library libraries[HTTP_CODINGS] = {
    [HTTP_GZIP] = { GZIP_LEVEL, 6, 272 * KB, 272 * KB, zlib_open, zlib_write, NULL, zlib_cleanup },
    [HTTP_DEFLATE] = { GZIP_LEVEL, 6, 272 * KB, 272 * KB, zlib_open, zlib_write, NULL,
                       zlib_cleanup },
    [HTTP_BR] = { BR_LEVEL, BR_LEVEL, 704 * KB, 704 * KB, br_open, br_write, br_close, NULL },
    [HTTP_ZSTD] = { ZSTD_LEVEL, ZSTD_LEVEL, 1792 * KB, 320 * KB, zstd_open, zstd_write, NULL,
                    zstd_cleanup },
};

compressor *compressor_new(void)
{
    assert(zlibVersion()[0] == ZLIB_VERSION[0]);
    assert(BrotliEncoderVersion() >> 24 == 1);
    assert(ZSTD_versionNumber() / 10000 == ZSTD_VERSION_MAJOR);
    compressor *c = memory_take(sizeof *c);
    *c = (compressor){ .open_bytes = 0 };
    return c;
}

static void coder_free(coder *c)
{
    if (libraries[c->coding].cleanup != NULL)
        libraries[c->coding].cleanup(c);
    free(c);
}

void compressor_free(compressor *c)
{
    if (c == NULL)
        return;
    for (int i = 0; i < HTTP_CODINGS; i++) {
        while (c->spare[i] != NULL) {
            coder *next = c->spare[i]->next;
            coder_free(c->spare[i]);
            c->spare[i] = next;
        }
    }
    buffer_cleanup(&c->scratch);
    free(c);
}

static coder *take_coder(compressor *owner, http_coding coding)
{
    coder *c = owner->spare[coding];
    if (c != NULL) {
        owner->spare[coding] = c->next;
        owner->spare_count[coding]--;
        return c;
    }
    c = memory_take(sizeof *c);
    *c = (coder){ .owner = owner, .coding = coding };
    return c;
}

coder *coder_open(compressor *owner, http_coding coding, int64_t bytes, bool as_next)
{
    const library *l = &libraries[coding];
    size_t const cost = bytes < 0 ? l->stream_cost : l->cost;
    if (owner->open_bytes + cost > BUDGET_BYTES)
        return NULL;
    coder *c = take_coder(owner, coding);
    owner->open_bytes += cost;
    c->cost = cost;
    l->open(c, bytes, as_next ? l->next_level : l->level);
    return c;
}

void coder_close(coder *c)
{
    if (c == NULL)
        return;
    compressor *owner = c->owner;
    owner->open_bytes -= c->cost;
    if (libraries[c->coding].close != NULL)
        libraries[c->coding].close(c);
    if (owner->spare_count[c->coding] == SPARE_CODERS) {
        coder_free(c);
        return;
    }
    c->next = owner->spare[c->coding];
    owner->spare[c->coding] = c;
    owner->spare_count[c->coding]++;
}

void coder_write(coder *c, capra_slice piece, coder_step step, buffer *out)
{
    libraries[c->coding].write(c, piece, step, out);
}

/* A large piece was here once; the next one may be small for ever. */
buffer *coder_scratch(coder *c)
{
    buffer *scratch = &c->owner->scratch;
    scratch->start = scratch->end = 0;
    if (scratch->capacity > SCRATCH_BYTES)
        buffer_cleanup(scratch);
    return scratch;
}
