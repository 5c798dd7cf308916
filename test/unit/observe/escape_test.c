/* SPDX-License-Identifier: MIT */
#include "observe/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include <cmocka.h>

enum { LONGEST = 64, ROOM = ESCAPE_WIDEST * (LONGEST + 1) };

typedef char *(*escape_fn)(char *out, capra_slice text, size_t longest);

static void check(escape_fn escape, capra_slice text, const char *expected)
{
    char out[ROOM];
    size_t const length = (size_t)(escape(out, text, LONGEST) - out);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(out, expected, length);
}

typedef struct case_row {
    const char *text, *json, *plain;
} case_row;

static const case_row cases[] = {
    { "", "", "" },
    { "/api/hello", "/api/hello", "/api/hello" },
    { "a\"b\\c", "a\\\"b\\\\c", "a\"b\\c" },
    { "a\r\nb", "a\\r\\nb", "a\\x0d\\x0ab" },
    { "\b\t\f", "\\b\\t\\f", "\\x08\\x09\\x0c" },
    { "\x1b[31m", "\\u001b[31m", "\\x1b[31m" },
    { "\x7f", "\\u007f", "\\x7f" },
    { "h\xc3\xa9", "h\xc3\xa9", "h\\xc3\\xa9" },
    { "\xe2\x82\xac\xf0\x9f\x90\x90", "\xe2\x82\xac\xf0\x9f\x90\x90",
      "\\xe2\\x82\\xac\\xf0\\x9f\\x90\\x90" },
    /* A terminal takes U+009B for the beginning of a command. */
    { "\xc2\x9b"
      "1m",
      "\\u00c2\\u009b1m", "\\xc2\\x9b1m" },
    { "\xc2\xa0", "\xc2\xa0", "\\xc2\\xa0" },
    /* No UTF-8: alone, overlong, a surrogate, cut, beyond U+10FFFF. */
    { "\xe9", "\\u00e9", "\\xe9" },
    { "\xc0\xaf", "\\u00c0\\u00af", "\\xc0\\xaf" },
    { "\xed\xa0\x80", "\\u00ed\\u00a0\\u0080", "\\xed\\xa0\\x80" },
    { "\xe2\x82", "\\u00e2\\u0082", "\\xe2\\x82" },
    { "\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080", "\\xf4\\x90\\x80\\x80" },
};

static void escapes_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(escape_json, slice_text(cases[i].text), cases[i].json);
        check(escape_plain, slice_text(cases[i].text), cases[i].plain);
    }
    check(escape_json, slice_of("a\0b", 3), "a\\u0000b");
    check(escape_plain, slice_of("a\0b", 3), "a\\x00b");
}

static void cuts_what_is_too_long(void **state)
{
    (void)state;
    char text[LONGEST + 1], expected[LONGEST + 4] = "";
    memset(text, 'x', sizeof text);
    memset(expected, 'x', LONGEST);
    check(escape_json, slice_of(text, LONGEST), expected);
    memcpy(expected + LONGEST, "...", 4);
    check(escape_json, slice_of(text, sizeof text), expected);
    check(escape_plain, slice_of(text, sizeof text), expected);
}

/* Whatever the two bytes are: one line, one string, and the room is enough. */
static void any_two_bytes_stay_in_their_string(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char const text[] = { (char)(pair >> 8), (char)pair };
        char line[ROOM + 2] = "\"";
        char *end = escape_json(line + 1, slice_of(text, 2), LONGEST);
        *end++ = '"';
        for (const char *at = line; at < end; at++)
            assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
        json_t *value =
            json_loadb(line, (size_t)(end - line), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_true(json_is_string(value));
        json_decref(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_as_the_table_says),
        cmocka_unit_test(cuts_what_is_too_long),
        cmocka_unit_test(any_two_bytes_stay_in_their_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
