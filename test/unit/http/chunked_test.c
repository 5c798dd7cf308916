/* SPDX-License-Identifier: MIT */
#include "http/chunked.h"

#include "base/buffer.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- Decoding in memory that is just as large as what has arrived ---- */

typedef struct decoded {
    buffer body, trailers;
    size_t used;
    int result;
    bool is_done;
} decoded;

static void decode_segment(http_chunked *state, decoded *d, const char *text, size_t length)
{
    char *copy = malloc(length);
    memcpy(copy, text, length);
    capra_slice rest = slice_of(copy, length);
    while (d->result == 0 && !state->is_done && rest.length > 0) {
        size_t used;
        capra_slice data;
        d->result = http_chunked_decode(state, rest, &used, &data);
        assert_true(used > 0 || d->result != 0);
        buffer_append(&d->body, data.data, data.length);
        if (state->trailer.length > 0) {
            assert_true(state->trailer.data >= rest.data);
            assert_true(state->trailer.data + state->trailer.length <= rest.data + used);
            buffer_append_slice(&d->trailers, state->trailer);
        }
        d->used += used;
        rest = slice_from(rest, used);
    }
    free(copy);
    d->is_done = state->is_done;
}

static decoded decode(capra_slice text, size_t segment)
{
    http_chunked state = { 0 };
    decoded d = { 0 };
    for (size_t at = 0; at < text.length && d.result == 0 && !d.is_done; at += segment) {
        size_t const rest = text.length - at;
        decode_segment(&state, &d, text.data + at, segment < rest ? segment : rest);
    }
    return d;
}

/* In segments of every length; `rest` bytes of the text are not used. */
static void check(const char *text, int result, bool is_done, const char *body, size_t rest)
{
    size_t const length = strlen(text);
    for (size_t segment = 1; segment <= length; segment++) {
        decoded d = decode(slice_text(text), segment);
        if (d.result != result || d.is_done != is_done || d.used != length - rest)
            fail_msg("%s: %s, %d, %zu used", text, error_name(d.result), d.is_done, d.used);
        assert_true(slice_is(buffer_slice(&d.body), body));
        buffer_cleanup(&d.body);
        buffer_cleanup(&d.trailers);
    }
}

static void check_body(const char *text, const char *body)
{
    check(text, 0, true, body, 0);
}

/* An error comes with the last byte of the text. */
static void check_error(const char *text, const char *body)
{
    check(text, CAPRA_E_CHUNK, false, body, 1);
}

static void bodies(void **state)
{
    (void)state;
    check_body("0\r\n\r\n", "");
    check_body("5\r\nhello\r\n0\r\n\r\n", "hello");
    check_body("1\r\na\r\n2\r\nbc\r\n000\r\n\r\n", "abc");
    check_body("a\r\n0123456789\r\n0\r\n\r\n", "0123456789");
    check_body("A\r\n0123456789\r\n0\r\n\r\n", "0123456789");
    check_body("0000000000000001\r\na\r\n0000000000000000\r\n\r\n", "a");
    check_body("10\r\n0123456789abcdef\r\n0\r\n\r\n", "0123456789abcdef");
    check_body("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n");
}

static void what_follows_is_not_used(void **state)
{
    (void)state;
    check("0\r\n\r\nGET", 0, true, "", 3);
    http_chunked decoder = { .is_done = true };
    size_t used;
    capra_slice data;
    assert_int_equal(http_chunked_decode(&decoder, slice_text("GET"), &used, &data), 0);
    assert_int_equal(used, 0);
    assert_int_equal(data.length, 0);
}

static void bodies_that_need_more(void **state)
{
    (void)state;
    static const char text[] = "3;a=b;c=\"d\\\"\"\r\nabc\r\n0;e\r\nF: g\r\n\r\n";
    for (size_t length = 1; length < sizeof text - 1; length++) {
        decoded d = decode(slice_of(text, length), length);
        assert_int_equal(d.result, 0);
        assert_false(d.is_done);
        assert_int_equal(d.used, length);
        buffer_cleanup(&d.body);
        buffer_cleanup(&d.trailers);
    }
    check_body(text, "abc");
}

static void nothing_of_nothing(void **state)
{
    (void)state;
    http_chunked decoder = { 0 };
    size_t used = 1;
    capra_slice data;
    assert_int_equal(http_chunked_decode(&decoder, slice_of("", 0), &used, &data), 0);
    assert_int_equal(used, 0);
    assert_int_equal(data.length, 0);
}

static void data_is_a_part_of_the_input(void **state)
{
    (void)state;
    static const char text[] = "5\r\nhello\r\n";
    http_chunked decoder = { 0 };
    size_t used;
    capra_slice data;
    assert_int_equal(http_chunked_decode(&decoder, slice_text(text), &used, &data), 0);
    assert_int_equal(used, 8);
    assert_ptr_equal(data.data, text + 3);
    assert_int_equal(data.length, 5);
}

static void sizes_that_are_refused(void **state)
{
    (void)state;
    check_error("\r", "");
    check_error("\n", "");
    check_error("g", "");
    check_error("x", "");
    check_error("-", "");
    check_error("+", "");
    check_error(" ", "");
    check_error(";", "");
    check_error("0x", "");
    check_error("5 ", "");
    check_error("5\t", "");
    check_error("5h", "");
    check_error("5_", "");
    check_error("5\n", "");
    check_error("5\rh", "");
    check_error("5\r\r", "");
    check_error("00000000000000001", "");
    check_error("ffffffffffffffff0", "");
}

static void ends_of_data_that_are_refused(void **state)
{
    (void)state;
    check_error("1\r\nab", "a");
    check_error("1\r\na\n", "a");
    check_error("1\r\na\rb", "a");
    check_error("1\r\na\r\n\r", "a");
}

static void extensions(void **state)
{
    (void)state;
    check_body("1;a\r\nx\r\n0\r\n\r\n", "x");
    check_body("1;a=b\r\nx\r\n0;c;d=e\r\n\r\n", "x");
    check_body("1;0=1;!#$%&'*+-.^_`|~=2\r\nx\r\n0\r\n\r\n", "x");
    check_body("1;a=\"\"\r\nx\r\n0\r\n\r\n", "x");
    check_body("1;a=\" \t;=:0x\\\"\\\\\\;\\=\\:\\0\\x\\ \xff\\\xff\";b=\"c\"\r\nx\r\n0\r\n\r\n",
               "x");
}

static void extensions_that_are_refused(void **state)
{
    (void)state;
    check_error("1;\r", "");
    check_error("1;;", "");
    check_error("1; ", "");
    check_error("1;=", "");
    check_error("1;\"", "");
    check_error("1;a ", "");
    check_error("1;a:", "");
    check_error("1;a\n", "");
    check_error("1;a=\r", "");
    check_error("1;a=;", "");
    check_error("1;a==", "");
    check_error("1;a= ", "");
    check_error("1;a=b=", "");
    check_error("1;a=b\"", "");
    check_error("1;a=b ", "");
    check_error("1;a=\"\r", "");
    check_error("1;a=\"\n", "");
    check_error("1;a=\"\x01", "");
    check_error("1;a=\"\\\r", "");
    check_error("1;a=\"\\\n", "");
    check_error("1;a=\"\\\x7f", "");
    check_error("1;a=\"\"b", "");
    check_error("1;a=\"\"=", "");
    check_error("1;a=\"\" ", "");
    check_error("1;a=\"\"\"", "");
    check_error("1;a=\"\"\n", "");
}

static void trailers(void **state)
{
    (void)state;
    check_body("0\r\nA: b\r\n\r\n", "");
    check_body("0\r\nA:\r\nBee-2:  c \xff\t:;=\"\\x0\r\n\r\n", "");
    check_body("0\r\nContent-Type: 5\r\nX-Host: a\r\nHosts: b\r\n\r\n", "");
    check_body("0\r\nTransfer-Encoding-Of-Another-Kind: 5\r\nContent-Length_: 1\r\n\r\n", "");
}

static void trailers_that_are_refused(void **state)
{
    (void)state;
    check_error("0\r\n\n", "");
    check_error("0\r\n\r\r", "");
    check_error("0\r\n ", "");
    check_error("0\r\n:", "");
    check_error("0\r\nA ", "");
    check_error("0\r\nA\r", "");
    check_error("0\r\nA: b\n", "");
    check_error("0\r\nA: b\x01", "");
    check_error("0\r\nA: b\r\r", "");
    check_error("0\r\nA: b\r\n ", "");
    check_error("0\r\nA: b\r\n\rx", "");
    check_error("0\r\nHost:", "");
    check_error("0\r\nCONNECTION:", "");
    check_error("0\r\nContent-Length:", "");
    check_error("0\r\nTransfer-Encoding:", "");
    check_error("0\r\nexpect:", "");
    check_error("0\r\nX: :\r\nUpgrade:", "");
}

/* ---- Limits ---- */

static char *fill(const char *before, size_t count, const char *after)
{
    char *text = malloc(strlen(before) + count + strlen(after) + 1);
    strcpy(text, before);
    memset(text + strlen(before), 'a', count);
    strcpy(text + strlen(before) + count, after);
    return text;
}

static void check_filled(const char *before, size_t count, const char *after, int expected)
{
    char *text = fill(before, count, after);
    for (size_t segment = 1; segment < 5000; segment = segment * 2 + 1) {
        decoded d = decode(slice_text(text), segment);
        assert_int_equal(d.result, expected);
        assert_int_equal(d.is_done, expected == 0);
        buffer_cleanup(&d.body);
        buffer_cleanup(&d.trailers);
    }
    free(text);
}

static void long_lines(void **state)
{
    (void)state;
    check_filled("1;", HTTP_CHUNK_LINE_BYTES - 3, "\r\nx\r\n0\r\n\r\n", 0);
    check_filled("1;", HTTP_CHUNK_LINE_BYTES - 2, "\r\nx\r\n0\r\n\r\n", 0);
    check_filled("1;", HTTP_CHUNK_LINE_BYTES - 1, "\r\nx\r\n0\r\n\r\n", CAPRA_E_CHUNK_LONG);
    check_filled("1;b=\"\";", HTTP_CHUNK_LINE_BYTES - 7, "\r\nx\r\n0\r\n\r\n", 0);
    check_filled("1;b=\"\";", HTTP_CHUNK_LINE_BYTES - 6, "\r\nx\r\n0\r\n\r\n", CAPRA_E_CHUNK_LONG);
    check_filled("1;b=\"", 1000, "\"\r\nx\r\n0\r\n\r\n", CAPRA_E_CHUNK_LONG);
}

static void long_trailers(void **state)
{
    (void)state;
    /* Of the trailer section, eight bytes are not filled. */
    size_t const fits = HTTP_CHUNK_OVERHEAD_BYTES - 8;
    check_filled("0\r\nA: ", fits - 1, "b\r\n\r\n", 0);
    check_filled("0\r\nA: ", fits, "b\r\n\r\n", 0);
    check_filled("0\r\nA: ", fits + 1, "b\r\n\r\n", CAPRA_E_CHUNK_LONG);
    check_filled("0\r\n", fits, "A: \r\n\r\n", 0);
    check_filled("0\r\n", fits + 100, "A: \r\n\r\n", CAPRA_E_CHUNK_LONG);
}

/* Every line of the section, however it was cut; and nothing of what stands around them. */
static void trailers_are_seen(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        { "0\r\n\r\n", "" },
        { "1\r\nx\r\n0\r\n\r\nGET", "" },
        { "1;a=b\r\nx\r\n0\r\nX-T: 1\r\n\r\n", "X-T: 1\r\n" },
        { "0;z\r\nA:\r\nB: \xe9 \r\nA: 2\r\n\r\nGET / HTTP/1.1\r\n", "A:\r\nB: \xe9 \r\nA: 2\r\n" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        capra_slice const text = slice_text(texts[i][0]);
        for (size_t segment = 1; segment <= text.length; segment++) {
            decoded d = decode(text, segment);
            assert_true(d.is_done);
            assert_true(slice_is(buffer_slice(&d.trailers), texts[i][1]));
            buffer_cleanup(&d.body);
            buffer_cleanup(&d.trailers);
        }
    }
}

/* Sixty-four lines of 255 bytes of extensions, one of 64, and not one byte more. */
static void many_extensions(void **state)
{
    (void)state;
    http_chunked decoder = { 0 };
    decoded d = { 0 };
    char *line = fill("1;", HTTP_CHUNK_LINE_BYTES - 2, "\r\nx\r\n");
    for (int i = 0; i < 64; i++)
        decode_segment(&decoder, &d, line, strlen(line));
    assert_int_equal(decoder.overhead, 64 * (HTTP_CHUNK_LINE_BYTES - 1));
    decode_segment(&decoder, &d, line, 2 + 63);
    assert_int_equal(decoder.overhead, HTTP_CHUNK_OVERHEAD_BYTES);
    assert_int_equal(d.result, 0);
    decode_segment(&decoder, &d, "a", 1);
    assert_int_equal(d.result, CAPRA_E_CHUNK_LONG);
    assert_int_equal(buffer_length(&d.body), 64);
    buffer_cleanup(&d.body);
    buffer_cleanup(&d.trailers);
    free(line);
}

/* Announced, but not there: nothing is added up that could overflow. */
static void the_largest_chunk(void **state)
{
    (void)state;
    http_chunked decoder = { 0 };
    decoded d = { 0 };
    decode_segment(&decoder, &d, "ffffffffffffffff\r\nabc", 21);
    assert_int_equal(d.result, 0);
    assert_int_equal(decoder.left, UINT64_MAX - 3);
    assert_true(slice_is(buffer_slice(&d.body), "abc"));
    buffer_cleanup(&d.body);
    buffer_cleanup(&d.trailers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(what_follows_is_not_used),
        cmocka_unit_test(bodies_that_need_more),
        cmocka_unit_test(nothing_of_nothing),
        cmocka_unit_test(data_is_a_part_of_the_input),
        cmocka_unit_test(sizes_that_are_refused),
        cmocka_unit_test(ends_of_data_that_are_refused),
        cmocka_unit_test(extensions),
        cmocka_unit_test(extensions_that_are_refused),
        cmocka_unit_test(trailers),
        cmocka_unit_test(trailers_that_are_refused),
        cmocka_unit_test(trailers_are_seen),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(long_trailers),
        cmocka_unit_test(many_extensions),
        cmocka_unit_test(the_largest_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
