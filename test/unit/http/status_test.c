/* SPDX-License-Identifier: MIT */
#include "http/status.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_in_table(int status)
{
    switch (status) {
#define CASE(code, reason) case code:
        HTTP_STATUSES(CASE)
#undef CASE
        return true;
    default:
        return false;
    }
}

static void known_codes_have_a_reason_and_a_line(void **state)
{
    (void)state;
    int known = 0;
    for (int status = 0; status <= 999; status++) {
        char line[80];
        if (!is_in_table(status))
            continue;
        known++;
        snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", status, http_status_reason(status));
        assert_true(slice_is(http_status_line(status), line));
        assert_string_not_equal(http_status_reason(status), "unknown");
    }
    assert_int_equal(known, 63);
}

static void some_reasons(void **state)
{
    (void)state;
    assert_string_equal(http_status_reason(100), "Continue");
    assert_string_equal(http_status_reason(200), "OK");
    assert_string_equal(http_status_reason(413), "Payload Too Large");
    assert_string_equal(http_status_reason(418), "I'm a Teapot");
    assert_string_equal(http_status_reason(511), "Network Authentication Required");
}

static void other_codes_have_none(void **state)
{
    (void)state;
    for (int status = -1; status <= 1000; status++) {
        if (is_in_table(status))
            continue;
        assert_string_equal(http_status_reason(status), "unknown");
        assert_null(http_status_line(status).data);
        assert_int_equal(http_status_line(status).length, 0);
    }
}

static void bodyless_codes(void **state)
{
    (void)state;
    for (int status = 100; status <= 599; status++)
        assert_int_equal(http_status_is_bodyless(status),
                         status < 200 || status == 204 || status == 304);
    assert_false(http_status_is_bodyless(99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_codes_have_a_reason_and_a_line),
        cmocka_unit_test(some_reasons),
        cmocka_unit_test(other_codes_have_none),
        cmocka_unit_test(bodyless_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
