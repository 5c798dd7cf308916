/* SPDX-License-Identifier: MIT */
#include "observe/trace_context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"

static void takes_both_ids(void **state)
{
    (void)state;
    static const char *const good[] = { "00-" TRACE "-" SPAN "-01", "00-" TRACE "-" SPAN "-00",
                                        "cc-" TRACE "-" SPAN "-01",
                                        "cc-" TRACE "-" SPAN "-01-what-will-come" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        trace_context t;
        assert_true(trace_context_read(&t, slice_text(good[i])));
        assert_true(slice_is(t.trace_id, TRACE));
        assert_true(slice_is(t.span_id, SPAN));
    }
}

static void takes_nothing_else(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "00",
        "00-" TRACE "-" SPAN,
        "00-" TRACE "-" SPAN "-0",
        "00-" TRACE "-" SPAN "-01-more",
        "cc-" TRACE "-" SPAN "-01.more",
        "ff-" TRACE "-" SPAN "-01",
        "0x-" TRACE "-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00_" TRACE "-" SPAN "-01",
        "00-" TRACE "_" SPAN "-01",
        "00-" TRACE "-" SPAN "_01",
        "00-" TRACE "-" SPAN "-zz",
        "00-4bf92f3577b34da6a3ce929d0e0e473\"-" SPAN "-01",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        trace_context t;
        assert_false(trace_context_read(&t, slice_text(bad[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_both_ids),
        cmocka_unit_test(takes_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
