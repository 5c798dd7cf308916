/* SPDX-License-Identifier: MIT */
#include "base/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A peer that sends `bytes` each `every_ms`, and when it is given up; 0: not within the hour. */
typedef struct peer {
    const char *what;
    pace_rule rule;
    int64_t every_ms;
    uint64_t bytes;
    int64_t given_up_ms;
} peer;

static const peer peers[] = {
    { "a byte a second", { 10000, 1024 }, 1000, 1, 10000 },
    { "half of the least rate", { 10000, 1000 }, 1000, 500, 20000 },
    { "the least rate", { 10000, 1000 }, 1000, 1000, 0 },
    { "more, in bursts", { 10000, 1000 }, 9000, 20000, 0 },
    { "bursts that are too far apart", { 10000, 1000 }, 10000, 20000, 0 },
    { "nothing", { 10000, 1000 }, 10000, 0, 10000 },
    { "a byte now and then, without a least rate", { 10000, 0 }, 9000, 1, 0 },
    { "a byte now and then, without a time", { 0, 1000 }, 9000, 1, 0 },
    { "more than can be counted", { 10000, 1000 }, 1000, UINT64_MAX, 0 },
    { "the largest rate", { 10000, UINT64_C(1) << 40 }, 1000, 1 << 30, 10000 },
};

enum { HOUR_MS = 3600 * 1000 };

static void gives_up_on_who_is_too_slow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        const peer *one = &peers[i];
        pace p;
        int64_t ms = 0, given_up_ms = 0;
        pace_init(&p, &one->rule);
        assert_true(pace_wait(&p, &one->rule, 1, 0));
        while (given_up_ms == 0 && ms < HOUR_MS) {
            ms += one->every_ms;
            if (!pace_wait(&p, &one->rule, 1 + ms, one->bytes))
                given_up_ms = ms;
        }
        if (given_up_ms != one->given_up_ms)
            fail_msg("%s: given up after %lld ms, not %lld", one->what, (long long)given_up_ms,
                     (long long)one->given_up_ms);
    }
}

static void what_came_fast_is_no_credit_for_ever(void **state)
{
    (void)state;
    pace_rule const rule = { 10000, 1000 };
    pace p;
    pace_init(&p, &rule);
    pace_wait(&p, &rule, 1, 0);
    assert_true(pace_wait(&p, &rule, 1001, UINT64_C(1) << 40));
    assert_true(pace_wait(&p, &rule, 11000, 0));
    assert_false(pace_wait(&p, &rule, 11001, 0));
}

static void time_in_which_nobody_waits_costs_nothing(void **state)
{
    (void)state;
    pace_rule const rule = { 10000, 1000 };
    pace p;
    pace_init(&p, &rule);
    assert_true(pace_wait(&p, &rule, 1, 0));
    pace_stop(&p, 9001);
    pace_stop(&p, 500000);
    assert_true(pace_wait(&p, &rule, 1000001, 0));
    assert_true(pace_wait(&p, &rule, 1001000, 0));
    assert_false(pace_wait(&p, &rule, 1001001, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_up_on_who_is_too_slow),
        cmocka_unit_test(what_came_fast_is_no_credit_for_ever),
        cmocka_unit_test(time_in_which_nobody_waits_costs_nothing),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
