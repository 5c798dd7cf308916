/* SPDX-License-Identifier: MIT */
#include "rescue/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void is(line *l, const char *expected)
{
    l->data[l->length] = '\0';
    assert_string_equal(l->data, expected);
    l->length = 0;
}

static void puts_text_and_numbers(void **state)
{
    (void)state;
    line l = { 0 };
    line_put(&l, "a ");
    line_put_number(&l, 0);
    line_put(&l, " ");
    line_put_number(&l, UINT64_MAX);
    line_put(&l, " ");
    line_put_hex(&l, 0x7f12ab);
    is(&l, "a 0 18446744073709551615 0x7f12ab");
}

static void puts_times_as_one_says_them(void **state)
{
    (void)state;
    line l = { 0 };
    line_put_seconds(&l, 99);
    is(&l, "0 s");
    line_put_seconds(&l, 2512);
    is(&l, "2.5 s");
    line_put_seconds(&l, 30900);
    is(&l, "30 s");
}

static void forges_no_line(void **state)
{
    (void)state;
    line l = { 0 };
    line_put_slice(&l, slice_text("a\nb\x1b[31m\x7f\xc3\xa9"));
    is(&l, "a\\x0ab\\x1b[31m\\x7f\xc3\xa9");
}

static void leaves_out_what_does_not_fit(void **state)
{
    (void)state;
    line l = { 0 };
    for (size_t i = 0; i < sizeof l.data; i++)
        line_put(&l, "ab");
    assert_int_equal(l.length, sizeof l.data - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_text_and_numbers),
        cmocka_unit_test(puts_times_as_one_says_them),
        cmocka_unit_test(forges_no_line),
        cmocka_unit_test(leaves_out_what_does_not_fit),
    };
    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
