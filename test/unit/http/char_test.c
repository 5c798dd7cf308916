/* SPDX-License-Identifier: MIT */
#include "http/char.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

typedef const char *skip_fn(const char *at, const char *end);

/* The walks look at sixteen bytes at once, or at one: each byte in each place, with
 * and without more behind it, must be judged as the table does. Memory ends at the last byte. */
static void check_skip(skip_fn *walk, int flag, char filler)
{
    enum { LONGEST = 40 };
    for (size_t length = 1; length <= LONGEST; length++) {
        char *text = malloc(length);
        for (size_t place = 0; place < length; place++) {
            for (int byte = 0; byte < 256; byte++) {
                memset(text, filler, length);
                text[place] = (char)byte;
                bool const is_good = http_char_is((char)byte, flag);
                assert_ptr_equal(walk(text, text + length), text + (is_good ? length : place));
            }
        }
        free(text);
    }
}

static void walks_stop_where_the_table_says(void **state)
{
    (void)state;
    check_skip(http_skip_token, HTTP_CHAR_TOKEN, 'a');
    check_skip(http_skip_value, HTTP_CHAR_VALUE, 'a');
    check_skip(http_skip_value, HTTP_CHAR_VALUE, '\t');
    check_skip(http_skip_target, HTTP_CHAR_TARGET, '/');
    check_skip(http_skip_quotable, HTTP_CHAR_QUOTABLE, ' ');
}

static void walks_stop_at_the_first_of_two(void **state)
{
    (void)state;
    char text[48];
    for (size_t first = 0; first < sizeof text; first++) {
        for (size_t second = first; second < sizeof text; second++) {
            memset(text, 'a', sizeof text);
            text[first] = text[second] = '\r';
            assert_ptr_equal(http_skip_token(text, text + sizeof text), text + first);
            assert_ptr_equal(http_skip_value(text, text + sizeof text), text + first);
            assert_ptr_equal(http_skip_target(text, text + sizeof text), text + first);
            assert_ptr_equal(http_skip_quotable(text, text + sizeof text), text + first);
        }
    }
}

static void nothing_is_skipped_of_nothing(void **state)
{
    (void)state;
    const char *text = "a";
    assert_ptr_equal(http_skip_token(text, text), text);
    assert_ptr_equal(http_skip_value(text, text), text);
    assert_ptr_equal(http_skip_target(text, text), text);
    assert_ptr_equal(http_skip_quotable(text, text), text);
}

/* The classes once more, as lists of what is in them. */
static void check_class(int flag, const char *marks, bool has_letters, bool has_digits)
{
    for (int byte = 0; byte < 256; byte++) {
        bool const is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool const is_digit = byte >= '0' && byte <= '9';
        bool const is_mark = byte != 0 && strchr(marks, byte) != NULL;
        bool const is_in = is_mark || (is_letter && has_letters) || (is_digit && has_digits);
        assert_int_equal(http_char_is((char)byte, flag), is_in);
    }
}

static void classes_are_those_of_the_rfcs(void **state)
{
    (void)state;
    check_class(HTTP_CHAR_TOKEN, "!#$%&'*+-.^_`|~", true, true);
    check_class(HTTP_CHAR_REGNAME, "-._~!$&'()*+,;=", true, true);
    check_class(HTTP_CHAR_HEX, "abcdefABCDEF", false, true);
    check_class(HTTP_CHAR_DIGIT, "", false, true);
    check_class(HTTP_CHAR_TARGET, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true, true);
    check_class(HTTP_CHAR_QUOTABLE, " !#$%&'()*+,-./:;<=>?@[]^_`{|}~", true, true);
    for (int byte = 0; byte < 256; byte++)
        assert_int_equal(http_char_is((char)byte, HTTP_CHAR_VALUE),
                         byte == '\t' || (byte >= 0x20 && byte != 0x7f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_stop_where_the_table_says),
        cmocka_unit_test(walks_stop_at_the_first_of_two),
        cmocka_unit_test(nothing_is_skipped_of_nothing),
        cmocka_unit_test(classes_are_those_of_the_rfcs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
