/* SPDX-License-Identifier: MIT */
#include "native/json_text.h"

#include <jansson.h>
#include <limits.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static long write_text(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    long const length = json_text_write(out, size, format, args);
    va_end(args);
    return length;
}

/* The same bytes as jansson's. */
#define ASSERT_SAME(...)                                                    \
    do {                                                                    \
        char ours_[512];                                                    \
        long const length_ = write_text(ours_, sizeof ours_, __VA_ARGS__);  \
        json_t *value_ = json_pack(__VA_ARGS__);                            \
        assert_non_null(value_);                                            \
        char *theirs_ = json_dumps(value_, JSON_COMPACT | JSON_ENCODE_ANY); \
        assert_int_equal(length_, (long)strlen(theirs_));                   \
        assert_memory_equal(ours_, theirs_, (size_t)length_);               \
        free(theirs_);                                                      \
        json_decref(value_);                                                \
    } while (0)

#define ASSERT_LEFT(...)                                                    \
    do {                                                                    \
        char ours_[512];                                                    \
        assert_int_equal(write_text(ours_, sizeof ours_, __VA_ARGS__), -1); \
    } while (0)

static void test_values_are_as_jansson_writes_them(void **state)
{
    (void)state;
    ASSERT_SAME("{s:s}", "message", "Hello from Next.js API!");
    ASSERT_SAME("{}");
    ASSERT_SAME("[]");
    ASSERT_SAME(" { s : i , s:[s, s], s:{s:b, s:b}, s:n } ", "id", 7, "tags", "a", "b", "is", "x",
                1, "y", 0, "none");
    ASSERT_SAME("[i, i, i, I, I]", 0, INT_MIN, INT_MAX, (json_int_t)INT64_MIN,
                (json_int_t)INT64_MAX);
    ASSERT_SAME("[[[[[]]]], {s:{s:{}}}]", "a", "a");
    ASSERT_SAME("s", "alone");
    ASSERT_SAME("{ssss}", "a", "b", "c", "d");
}

static void test_strings_are_escaped_as_jansson_does(void **state)
{
    (void)state;
    char every[0x80];
    for (int byte = 1; byte < 0x80; byte++)
        every[byte - 1] = (char)byte;
    every[0x7f] = '\0';
    ASSERT_SAME("[s]", every);
    ASSERT_SAME("{s:s}", "\"\\\n", "");
    ASSERT_SAME("[s, s]", "é € 😀", "\u2028x\u00e9");
    ASSERT_SAME("[s]", "\x7f/");
}

static void test_the_rest_is_left_to_jansson(void **state)
{
    (void)state;
    ASSERT_LEFT("{s:f}", "x", 1.5);
    ASSERT_LEFT("{s:o}", "x", NULL);
    ASSERT_LEFT("{s:s?}", "x", "y");
    ASSERT_LEFT("{s:s#}", "x", "y", 1);
    ASSERT_LEFT("{s:s}", "x", NULL);
    ASSERT_LEFT("{s:s}", NULL, "x");
    ASSERT_LEFT("{s:s", "x", "y");
    ASSERT_LEFT("{s:}", "x");
    ASSERT_LEFT("{i:s}", 1, "y");
    ASSERT_LEFT("[}");
    ASSERT_LEFT("[]]");
    ASSERT_LEFT("");
    ASSERT_LEFT("[[[[[[[[[]]]]]]]]]");
    ASSERT_LEFT("[s]", "\xff");
    ASSERT_LEFT("[s]", "\xe2\x82");
    ASSERT_LEFT("[s]", "\xc3(");
}

/* What is no text that ends in a zero byte is not read: here it would be read beyond its memory. */
static void test_a_text_with_a_length_is_not_looked_at(void **state)
{
    (void)state;
    char *bytes = malloc(4);
    assert_non_null(bytes);
    memset(bytes, 'x', 4);
    ASSERT_LEFT("{s:s%}", "x", bytes, (size_t)4);
    ASSERT_LEFT("{s:s #}", "x", bytes, 4);
    ASSERT_LEFT("{s%:i}", bytes, (size_t)4, 1);
    ASSERT_LEFT("[s%]", bytes, (size_t)4);
    free(bytes);
}

/* The last one counts; jansson knows how. */
static void test_a_name_that_stands_twice_is_left_to_jansson(void **state)
{
    (void)state;
    ASSERT_LEFT("{s:i, s:i}", "a", 1, "a", 2);
    ASSERT_SAME("[{s:i}, {s:i}]", "a", 1, "a", 2);
    ASSERT_SAME("{s:{s:i}, s:i}", "a", "b", 1, "b", 2);
}

static void test_what_does_not_fit_is_left(void **state)
{
    (void)state;
    char out[16];
    for (size_t size = 0; size < 11; size++)
        assert_int_equal(write_text(out, size, "{s:s}", "a", "b\n"), -1);
    assert_int_equal(write_text(out, 11, "{s:s}", "a", "b\n"), 11);
    assert_memory_equal(out, "{\"a\":\"b\\n\"}", 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_as_jansson_writes_them),
        cmocka_unit_test(test_strings_are_escaped_as_jansson_does),
        cmocka_unit_test(test_the_rest_is_left_to_jansson),
        cmocka_unit_test(test_a_text_with_a_length_is_not_looked_at),
        cmocka_unit_test(test_a_name_that_stands_twice_is_left_to_jansson),
        cmocka_unit_test(test_what_does_not_fit_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
