/* SPDX-License-Identifier: MIT */
#include "response/compress.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <brotli/decode.h>
#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

/* What goes in comes out of the other side's decoders: all of it at the end, and all so far after
 * each flush. */

enum { OUT_MAX = 4 * 1024 * 1024 };

static size_t undo_zlib(char *out, capra_slice in)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)in.data,
                   .avail_in = (uInt)in.length,
                   .next_out = (Bytef *)out,
                   .avail_out = OUT_MAX };
    assert_int_equal(inflateInit2(&z, 15 + 32), Z_OK);
    int const result = inflate(&z, Z_SYNC_FLUSH);
    assert_true(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
    size_t const length = z.total_out;
    inflateEnd(&z);
    return length;
}

static size_t undo_br(char *out, capra_slice in)
{
    BrotliDecoderState *d = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    size_t left = in.length, room = OUT_MAX, total = 0;
    const uint8_t *next = (const uint8_t *)in.data;
    uint8_t *to = (uint8_t *)out;
    BrotliDecoderResult const result =
        BrotliDecoderDecompressStream(d, &left, &next, &room, &to, &total);
    assert_int_not_equal(result, BROTLI_DECODER_RESULT_ERROR);
    BrotliDecoderDestroyInstance(d);
    return total;
}

static size_t undo_zstd(char *out, capra_slice in)
{
    ZSTD_DCtx *d = ZSTD_createDCtx();
    ZSTD_inBuffer from = { in.data, in.length, 0 };
    ZSTD_outBuffer to = { out, OUT_MAX, 0 };
    while (from.pos < from.size)
        assert_false(ZSTD_isError(ZSTD_decompressStream(d, &to, &from)));
    ZSTD_freeDCtx(d);
    return to.pos;
}

static void assert_undone(http_coding coding, const buffer *made, capra_slice expected)
{
    char *out = malloc(OUT_MAX);
    capra_slice const in = buffer_slice(made);
    size_t const length = coding == HTTP_BR     ? undo_br(out, in)
                          : coding == HTTP_ZSTD ? undo_zstd(out, in)
                                                : undo_zlib(out, in);
    assert_int_equal(length, expected.length);
    assert_memory_equal(out, expected.data, length);
    free(out);
}

static const http_coding codings[] = { HTTP_GZIP, HTTP_DEFLATE, HTTP_BR, HTTP_ZSTD };
enum { COUNT = sizeof codings / sizeof *codings };

/* Half of it repeats itself, half does not. */
static char *make_text(size_t length)
{
    char *text = malloc(length + 1);
    uint32_t random = 1;
    for (size_t i = 0; i < length; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = i / 100 % 2 == 0 ? (char)('a' + i % 20) : (char)(random >> 24);
    }
    return text;
}

static int set_up(void **state)
{
    *state = compressor_new();
    return 0;
}

static int tear_down(void **state)
{
    compressor_free(*state);
    return 0;
}

static void gives_back_whole_bodies(void **state)
{
    static const size_t lengths[] = { 0, 1, 1024, 16384, 65536, 300000, 2000000 };
    for (int i = 0; i < COUNT * 2; i++) {
        bool const as_next = i >= COUNT;
        http_coding const coding = codings[i % COUNT];
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            char *text = make_text(lengths[k]);
            buffer made = { 0 };
            coder *c = coder_open(*state, coding, (int64_t)lengths[k], as_next);
            coder_write(c, slice_of(text, lengths[k]), CODER_END, &made);
            coder_close(c);
            assert_undone(coding, &made, slice_of(text, lengths[k]));
            assert_true(lengths[k] < 1024 || buffer_length(&made) < lengths[k]);
            buffer_cleanup(&made);
            free(text);
        }
    }
}

static void gives_back_pieces(void **state)
{
    enum { LENGTH = 400000, PIECE = 7001 };
    char *text = make_text(LENGTH);
    for (int i = 0; i < COUNT; i++) {
        buffer made = { 0 };
        coder *c = coder_open(*state, codings[i], -1, false);
        for (size_t at = 0; at < LENGTH; at += PIECE) {
            size_t const size = LENGTH - at < PIECE ? LENGTH - at : PIECE;
            coder_write(c, slice_of(text + at, size), CODER_MORE, &made);
        }
        coder_write(c, (capra_slice){ 0 }, CODER_END, &made);
        coder_close(c);
        assert_undone(codings[i], &made, slice_of(text, LENGTH));
        buffer_cleanup(&made);
    }
    free(text);
}

static void holds_nothing_back_after_a_flush(void **state)
{
    enum { LENGTH = 200000 };
    char *text = make_text(LENGTH);
    for (int i = 0; i < COUNT; i++) {
        buffer made = { 0 };
        coder *c = coder_open(*state, codings[i], -1, false);
        size_t at = 0;
        for (size_t size = 1; at + size < LENGTH; size = size * 3 + 1) {
            coder_write(c, slice_of(text + at, size), CODER_MORE, &made);
            coder_write(c, (capra_slice){ 0 }, CODER_FLUSH, &made);
            at += size;
            assert_undone(codings[i], &made, slice_of(text, at));
            coder_write(c, (capra_slice){ 0 }, CODER_FLUSH, &made);
        }
        coder_close(c); /* before its end, as when a client goes */
        buffer_cleanup(&made);
    }
    free(text);
}

/* One that was left in the middle serves the next body as if nothing had been. */
static void begins_anew(void **state)
{
    capra_slice const text = slice_text("hello hello hello hello");
    for (int i = 0; i < COUNT * 4; i++) {
        http_coding const coding = codings[i % COUNT];
        buffer left = { 0 }, made = { 0 };
        coder *c = coder_open(*state, coding, -1, i % 2 == 0);
        coder_write(c, text, CODER_MORE, &left);
        coder_close(c);
        c = coder_open(*state, coding, (int64_t)text.length, i % 3 == 0);
        coder_write(c, text, CODER_END, &made);
        coder_close(c);
        assert_undone(coding, &made, text);
        buffer_cleanup(&left);
        buffer_cleanup(&made);
    }
}

static void takes_no_more_memory_than_it_may(void **state)
{
    enum { MOST = 1000 };
    for (int i = 0; i < COUNT; i++) {
        coder *open[MOST];
        int count = 0;
        while ((open[count] = coder_open(*state, codings[i], -1, false)) != NULL)
            assert_true(++count < MOST);
        assert_true(count > 50);
        coder_close(open[--count]);
        open[count] = coder_open(*state, codings[i], -1, false);
        assert_non_null(open[count]);
        for (count++; count > 0; count--)
            coder_close(open[count - 1]);
    }
    coder_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_back_whole_bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_back_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holds_nothing_back_after_a_flush, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begins_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_no_more_memory_than_it_may, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
