/* SPDX-License-Identifier: MIT */
#include "net/spread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void nobody_is_waited_for_without_a_reason(void **state)
{
    (void)state;
    spread s = { 0 };
    score own = { .connections = 5 }, other = { .connections = 4 };
    assert_false(spread_waits(&s, &own, NULL, 0));
    assert_false(spread_waits(&s, &own, &other, 0));
    other.connections = 9;
    assert_false(spread_waits(&s, &own, &other, 0));
}

static void a_neighbour_with_fewer_goes_first(void **state)
{
    (void)state;
    spread s = { 0 };
    score own = { .connections = 6 }, other = { .connections = 4 };
    /* As long as it does take them, for ever. */
    for (int i = 0; i < 100; i++, score_add(&other.accepted, 1))
        assert_true(spread_waits(&s, &own, &other, 0));
    other.connections = 5;
    assert_false(spread_waits(&s, &own, &other, 0));
}

static void a_stuck_neighbour_holds_nobody_up(void **state)
{
    (void)state;
    spread s = { 0 };
    score own = { .connections = 6 }, other = { .connections = 0 };
    for (uint64_t round = 0; round < 3; round++) {
        uint64_t const now = round * SPREAD_FREE_MS;
        for (int i = 0; i < SPREAD_WAITS; i++)
            assert_true(spread_waits(&s, &own, &other, now));
        for (uint64_t ms = 0; ms < SPREAD_FREE_MS; ms += 20) {
            score_add(&own.connections, 1);
            assert_false(spread_waits(&s, &own, &other, now + ms));
        }
    }
}

static void another_neighbour_is_waited_for_anew(void **state)
{
    (void)state;
    spread s = { 0 };
    score own = { .connections = 6 }, stuck = { .connections = 0 }, other = { .connections = 0 };
    for (int i = 0; i < SPREAD_WAITS; i++)
        assert_true(spread_waits(&s, &own, &stuck, 0));
    assert_true(spread_waits(&s, &own, &other, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_waited_for_without_a_reason),
        cmocka_unit_test(a_neighbour_with_fewer_goes_first),
        cmocka_unit_test(a_stuck_neighbour_holds_nobody_up),
        cmocka_unit_test(another_neighbour_is_waited_for_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
