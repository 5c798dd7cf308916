/* SPDX-License-Identifier: MIT */
#include "supervisor/scale.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A story: the same is measured every half second for some time, and in the end there should be so
 * many workers. Those that are wanted serve at once. */
typedef struct chapter {
    const char *what;
    uint32_t seconds;
    double work; /* that there is, in workers: 1.5 keeps two of them busy for three quarters */
    uint32_t queued;
    uint32_t wanted; /* in the end */
} chapter;

typedef struct story {
    scale_limits limits;
    chapter chapters[8];
} story;

enum { STEP_MS = 500 };

static const story stories[] = {
    { { 1, 4, 0 },
      {
          { "one is enough for a little", 60, 0.3, 0, 1 },
          { "a short burst is no reason", 1, 1.0, 0, 1 },
          { "then nothing", 5, 0.0, 0, 1 },
          { "work for two", 4, 1.2, 0, 2 },
          { "they suffice", 60, 1.2, 0, 2 },
          { "work for more than there may be", 60, 9.0, 0, 4 },
      } },
    { { 1, 4, 0 },
      {
          { "all busy", 30, 4.0, 0, 4 },
          { "not yet", 10, 0.4, 0, 4 },
          { "one after the other", 15, 0.4, 0, 3 },
          { "back to one", 60, 0.4, 0, 1 },
      } },
    { { 2, 6, 0 },
      {
          { "never below the least", 120, 0.0, 0, 2 },
          { "the margin: it is between too many and too few", 120, 1.5, 0, 2 },
          { "connections wait although nobody is busy", 2, 0.1, 7, 3 },
          { "and longer", 2, 0.1, 7, 4 },
          { "growing by half", 2, 0.1, 7, 6 },
      } },
    { { 3, 3, 0 }, { { "a fixed number", 120, 3.0, 9, 3 }, { "stays", 120, 0.0, 0, 3 } } },
    { { 0, 2, 30000 },
      {
          { "the first one starts at once", 1, 0.1, 0, 1 },
          { "quiet, but not for long enough", 29, 0.0, 0, 1 },
          { "and nobody is left", 3, 0.0, 0, 0 },
      } },
};

static uint32_t tell(scale *s, const chapter *c, uint64_t *now_ms, uint64_t *active_ms)
{
    for (uint32_t step = 0; step < c->seconds * 1000 / STEP_MS; step++) {
        *now_ms += STEP_MS;
        if (c->work > 0 || c->queued > 0)
            *active_ms = *now_ms;
        double const busy = s->wanted == 0 ? 0 : c->work / s->wanted;
        scale_sample const m = { .now_ms = *now_ms,
                                 .serving = s->wanted,
                                 .busy = busy > 1 ? 1 : busy,
                                 .queued = c->queued,
                                 .quiet_ms = *now_ms - *active_ms };
        scale_decide(s, &m);
        assert_true(s->wanted <= s->limits.max);
    }
    return s->wanted;
}

static void the_number_follows_the_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        scale s;
        uint64_t now_ms = 1000, active_ms = 1000;
        scale_init(&s, &stories[i].limits);
        for (const chapter *c = stories[i].chapters; c->what != NULL; c++) {
            uint32_t const wanted = tell(&s, c, &now_ms, &active_ms);
            if (wanted != c->wanted)
                fail_msg("story %zu, %s: expected %u workers, found %u", i, c->what, c->wanted,
                         wanted);
        }
    }
}

/* Whatever the load, once it is steady the number becomes so as well. */
static void a_steady_load_never_makes_it_swing(void **state)
{
    (void)state;
    for (double work = 0; work < 9; work += 0.05) {
        scale s;
        scale_init(&s, &(scale_limits){ 1, 8, 0 });
        uint64_t now_ms = 1000, active_ms = 1000;
        chapter const settling = { "settling", 300, work, 0, 0 }, step = { "", 1, work, 0, 0 };
        uint32_t const settled = tell(&s, &settling, &now_ms, &active_ms);
        for (int i = 0; i < 200; i++)
            assert_int_equal(tell(&s, &step, &now_ms, &active_ms), settled);
    }
}

static void nothing_is_decided_while_workers_start(void **state)
{
    (void)state;
    scale s;
    scale_init(&s, &(scale_limits){ 1, 8, 0 });
    for (uint64_t now = 1; now < 60000; now += STEP_MS) {
        scale_sample const m = { .now_ms = now, .serving = 1, .starting = 1, .busy = 1 };
        assert_int_equal(scale_decide(&s, &m), 1);
    }
}

static void the_door_bell_wakes_one_or_the_least(void **state)
{
    (void)state;
    scale s;
    scale_init(&s, &(scale_limits){ 0, 4, 1000 });
    s.wanted = 0;
    scale_wake(&s);
    assert_int_equal(s.wanted, 1);
    scale_init(&s, &(scale_limits){ 3, 4, 1000 });
    assert_int_equal(s.wanted, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_follows_the_load),
        cmocka_unit_test(a_steady_load_never_makes_it_swing),
        cmocka_unit_test(nothing_is_decided_while_workers_start),
        cmocka_unit_test(the_door_bell_wakes_one_or_the_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
