/* SPDX-License-Identifier: MIT */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Accept-Encoding. The text ends where its memory ends, so that the sanitizer sees a byte read
 * behind it. */
static http_codings read_text(const char *text)
{
    http_codings c;
    size_t const length = strlen(text);
    char *exact = malloc(length + 1);
    memcpy(exact + 1, text, length);
    http_codings_init(&c);
    http_codings_read(&c, slice_of(exact + 1, length));
    free(exact);
    return c;
}

static void test_weights(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int weight;
    } cases[] = {
        { "0", 0 },        { "1", 1000 },  { "0.5", 500 },  { "0.25", 250 },  { "0.125", 125 },
        { "1.000", 1000 }, { "0.", 0 },    { "1.", 1000 },  { "0.001", 1 },   { "1.001", -1 },
        { "", -1 },        { "2", -1 },    { ".5", -1 },    { "0.1234", -1 }, { "0,5", -1 },
        { "-1", -1 },      { "0.5 ", -1 }, { "1e3", -1 },   { "00", -1 },     { "0x1", -1 },
        { "NaN", -1 },     { "0.-1", -1 }, { "1\xff", -1 }, { "+1", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (http_weight_parse(slice_text(cases[i].text)) != cases[i].weight)
            fail_msg("\"%s\" is not %d", cases[i].text, cases[i].weight);
}

static void test_reads_what_browsers_send(void **state)
{
    (void)state;
    http_codings const c = read_text("gzip, deflate, br, zstd");
    assert_int_equal(c.of[HTTP_GZIP].weight, 1000);
    assert_int_equal(c.of[HTTP_DEFLATE].weight, 1000);
    assert_int_equal(c.of[HTTP_BR].weight, 1000);
    assert_int_equal(c.of[HTTP_ZSTD].weight, 1000);
    assert_int_equal(c.of[HTTP_IDENTITY].weight, -1);
    assert_int_equal(c.any.weight, -1);
    assert_int_equal(c.of[HTTP_BR].place, 2);
    assert_int_equal(c.count, 4);
    assert_int_equal(c.least, 1000);
}

static void test_takes_white_space_and_case(void **state)
{
    (void)state;
    http_codings const c = read_text(" , GZip\t;\tQ=0.5 ,,*;q=0,br ; q=0.25,");
    assert_int_equal(c.of[HTTP_GZIP].weight, 500);
    assert_int_equal(c.of[HTTP_BR].weight, 250);
    assert_int_equal(c.any.weight, 0);
    assert_int_equal(c.least, 250);
    assert_int_equal(c.count, 3);
}

static void test_leaves_out_what_is_malformed(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "gzip;q=2", "gzip;q=",           "gzip;",     "gzip;x=1", "gzip;q=0.5;x=1",
        ";q=1",     "gzip q=1",          "gzip;q=-1", "x-gzip",   "gzipp",
        "gzi",      "\"gzip\"",          "gzip;q=.5", "gzip;q 1", "gzip;q=0.5 x",
        "gzip\x01", "gzip;q=0.00000000",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        http_codings const c = read_text(malformed[i]);
        if (c.of[HTTP_GZIP].weight != -1)
            fail_msg("%s: %d", malformed[i], c.of[HTTP_GZIP].weight);
        assert_int_equal(c.any.weight, -1);
    }
}

static void test_takes_the_greater_of_two(void **state)
{
    (void)state;
    http_codings c = read_text("gzip;q=0, br, gzip;q=0.5");
    assert_int_equal(c.of[HTTP_GZIP].weight, 500);
    assert_int_equal(c.of[HTTP_GZIP].place, 0);
    http_codings_read(&c, slice_text("gzip, zstd"));
    assert_int_equal(c.of[HTTP_GZIP].weight, 1000);
    assert_int_equal(c.of[HTTP_ZSTD].place, 4);
}

/* As many members as a head can hold, and more than are counted. */
static void test_takes_long_lists(void **state)
{
    (void)state;
    enum { MEMBERS = 100000 };
    char *text = malloc(2 * MEMBERS);
    for (int i = 0; i < MEMBERS; i++)
        memcpy(text + (size_t)i * 2, "x,", 2);
    http_codings c;
    http_codings_init(&c);
    http_codings_read(&c, slice_of(text, (size_t)2 * MEMBERS));
    assert_int_equal(c.count, UINT16_MAX);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_reads_what_browsers_send),
        cmocka_unit_test(test_takes_white_space_and_case),
        cmocka_unit_test(test_leaves_out_what_is_malformed),
        cmocka_unit_test(test_takes_the_greater_of_two),
        cmocka_unit_test(test_takes_long_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
