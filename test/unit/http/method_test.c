/* SPDX-License-Identifier: MIT */
#include "http/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void each_name_finds_its_method(void **state)
{
    (void)state;
    for (int method = 0; method < HTTP_METHOD_COUNT; method++) {
        const char *name = http_method_name((http_method)method);
        assert_int_equal(http_method_find(slice_text(name)), method);
    }
}

static void names_are_those_on_the_wire(void **state)
{
    (void)state;
    assert_string_equal(http_method_name(HTTP_GET), "GET");
    assert_string_equal(http_method_name(HTTP_M_SEARCH), "M-SEARCH");
    assert_string_equal(http_method_name(HTTP_UNSUBSCRIBE), "UNSUBSCRIBE");
    assert_string_equal(http_method_name(HTTP_METHOD_COUNT), "");
}

/* The border with JavaScript: GET is 0, and so on; then by name, as Node sorts them. */
static void the_order_is_fixed(void **state)
{
    (void)state;
    static const char *const first[] = { "GET",   "HEAD",    "POST",    "PUT",   "DELETE",
                                         "PATCH", "OPTIONS", "CONNECT", "TRACE", "ACL" };
    for (int i = 0; i < 10; i++)
        assert_string_equal(http_method_name((http_method)i), first[i]);
    for (int i = 10; i < HTTP_METHOD_COUNT; i++)
        assert_true(
            strcmp(http_method_name((http_method)(i - 1)), http_method_name((http_method)i)) < 0);
    assert_int_equal(HTTP_METHOD_COUNT, 35);
}

static void other_texts_are_no_methods(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",    "G",    "GE",   "GETS", "get",      "Get",
        "PRI", " GET", "GET ", "FOO",  "M_SEARCH", "UNSUBSCRIBED"
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(http_method_find(slice_text(others[i])), HTTP_METHOD_COUNT);
    assert_int_equal(http_method_find(slice_of("GET\0", 4)), HTTP_METHOD_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_finds_its_method),
        cmocka_unit_test(names_are_those_on_the_wire),
        cmocka_unit_test(the_order_is_fixed),
        cmocka_unit_test(other_texts_are_no_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
