/* SPDX-License-Identifier: MIT */
#include "handler/durations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void nobody_waits(void **state)
{
    (void)state;
    durations d = { 0 };
    assert_int_equal(durations_next(&d), 0);
    assert_null(durations_due(&d, UINT64_MAX));
    durations_cleanup(&d);
}

static void who_is_due_first_comes_first(void **state)
{
    (void)state;
    durations d = { 0 };
    duration long_one = { 0 }, short_one = { 0 }, later = { 0 };
    durations_start(&d, &long_one, 100, 1000);
    durations_start(&d, &short_one, 200, 50);
    durations_start(&d, &later, 300, 50);
    assert_int_equal(durations_next(&d), 250);
    assert_null(durations_due(&d, 249));
    assert_ptr_equal(durations_due(&d, 250), &short_one);
    assert_null(durations_due(&d, 250));
    assert_int_equal(durations_next(&d), 350);
    assert_ptr_equal(durations_due(&d, 1100), &later);
    assert_ptr_equal(durations_due(&d, 1100), &long_one);
    assert_int_equal(durations_next(&d), 0);
    durations_cleanup(&d);
}

/* As for a request whose module says only later how long it may take. */
static void one_that_began_before_others_is_due_before_them(void **state)
{
    (void)state;
    durations d = { 0 };
    duration first = { 0 }, second = { 0 }, third = { 0 };
    durations_start(&d, &second, 20, 100);
    durations_start(&d, &third, 30, 100);
    durations_start(&d, &first, 10, 100);
    assert_ptr_equal(durations_due(&d, 110), &first);
    assert_null(durations_due(&d, 110));
    assert_ptr_equal(durations_due(&d, 120), &second);
    assert_ptr_equal(durations_due(&d, 130), &third);
    durations_cleanup(&d);
}

static void who_stops_is_never_due(void **state)
{
    (void)state;
    durations d = { 0 };
    duration one = { 0 }, other = { 0 };
    duration_stop(&one);
    assert_false(duration_runs(&one));
    durations_start(&d, &one, 0, 10);
    durations_start(&d, &other, 5, 10);
    assert_true(duration_runs(&one));
    duration_stop(&one);
    duration_stop(&one);
    assert_false(duration_runs(&one));
    assert_int_equal(durations_next(&d), 15);
    assert_ptr_equal(durations_due(&d, 20), &other);
    assert_false(duration_runs(&other));
    durations_cleanup(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits),
        cmocka_unit_test(who_is_due_first_comes_first),
        cmocka_unit_test(one_that_began_before_others_is_due_before_them),
        cmocka_unit_test(who_stops_is_never_due),
    };
    return cmocka_run_group_tests_name("durations", tests, NULL, NULL);
}
