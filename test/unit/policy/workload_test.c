/* SPDX-License-Identifier: MIT */
#include "policy/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void so_many_requests_and_no_more(void **state)
{
    (void)state;
    workload l = { .most_requests = 2 };
    workload_part a = { 0 }, b = { 0 }, c = { 0 };
    assert_true(workload_take_request(&l, &a));
    assert_true(workload_take_request(&l, &b));
    assert_false(workload_take_request(&l, &c));
    workload_give_back(&l, &c);
    assert_int_equal(l.requests, 2);
    workload_give_back(&l, &a);
    workload_give_back(&l, &a);
    assert_int_equal(l.requests, 1);
    assert_true(workload_take_request(&l, &c));
}

static void so_many_bytes_and_no_more(void **state)
{
    (void)state;
    workload l = { .most_bytes = 10 };
    workload_part a = { 0 }, b = { 0 };
    assert_true(workload_take_bytes(&l, &a, 6));
    assert_true(workload_take_bytes(&l, &b, 4));
    assert_false(workload_take_bytes(&l, &b, 1));
    assert_false(workload_take_bytes(&l, &a, UINT64_MAX));
    workload_give_back(&l, &b);
    assert_int_equal(l.bytes, 6);
    assert_false(workload_take_bytes(&l, &b, 5));
    assert_true(workload_take_bytes(&l, &b, 4));
    workload_give_back(&l, &a);
    workload_give_back(&l, &b);
    assert_int_equal(l.bytes, 0);
}

static void without_limits_it_only_counts(void **state)
{
    (void)state;
    workload l = { 0 };
    workload_part parts[100] = { 0 };
    for (int i = 0; i < 100; i++)
        assert_true(workload_take_request(&l, &parts[i]) &&
                    workload_take_bytes(&l, &parts[i], 1 << 30));
    assert_int_equal(l.requests, 100);
    for (int i = 0; i < 100; i++)
        workload_give_back(&l, &parts[i]);
    assert_int_equal(l.requests, 0);
    assert_int_equal(l.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_requests_and_no_more),
        cmocka_unit_test(so_many_bytes_and_no_more),
        cmocka_unit_test(without_limits_it_only_counts),
    };
    return cmocka_run_group_tests_name("workload", tests, NULL, NULL);
}
