/* SPDX-License-Identifier: MIT */
#include "base/scoreboard.h"

#include "base/error.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static scoreboard *make(uint32_t slots, uint32_t counters)
{
    scoreboard *b;
    assert_int_equal(scoreboard_new(&b, slots, counters), 0);
    return b;
}

static void serve(scoreboard *b, uint32_t slot, uint32_t connections)
{
    score_set(&scoreboard_at(b, slot)->state, SCORE_SERVING);
    score_set(&scoreboard_at(b, slot)->connections, connections);
}

static void slots_are_given_in_order_and_again_when_they_are_free(void **state)
{
    (void)state;
    scoreboard *b = make(3, 0);
    assert_int_equal(scoreboard_slots(b), 3);
    assert_int_equal(scoreboard_used(b), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(scoreboard_claim(b, 7, SCORE_GROUP_ALL), i);
    assert_int_equal(scoreboard_claim(b, 7, SCORE_GROUP_ALL), -1);
    score_set(&scoreboard_at(b, 1)->in_flight, 9);
    scoreboard_retire(b, 1);
    assert_int_equal(score_get(&scoreboard_at(b, 1)->state), SCORE_FREE);

    assert_int_equal(scoreboard_claim(b, 8, SCORE_GROUP_ALL), 1);
    const score *again = scoreboard_at(b, 1);
    assert_int_equal(score_get(&again->state), SCORE_STARTING);
    assert_int_equal(score_get(&again->generation), 8);
    assert_int_equal(score_get(&again->in_flight), 0);
    assert_true(score_get(&again->started_ns) <= scoreboard_now_ns());
    assert_int_equal(scoreboard_used(b), 3);
    scoreboard_free(b);
    scoreboard_free(NULL);
}

static void each_worker_has_lines_of_its_own(void **state)
{
    (void)state;
    scoreboard *b = make(4, 3);
    for (uint32_t slot = 0; slot < 4; slot++) {
        assert_int_equal((uintptr_t)scoreboard_at(b, slot) % 64, 0);
        for (uint32_t i = 0; i < 3; i++)
            score_set(&scoreboard_counters(b, slot)[i], slot * 10 + i);
    }
    for (uint32_t slot = 0; slot < 4; slot++) {
        assert_int_equal(score_get(&scoreboard_at(b, slot)->state), 0);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(score_get(&scoreboard_counters(b, slot)[i]), slot * 10 + i);
    }
    scoreboard_free(b);
}

static void what_a_worker_did_outlives_it(void **state)
{
    (void)state;
    scoreboard *b = make(2, 2);
    for (unsigned round = 1; round <= 2; round++) {
        uint32_t const slot = (uint32_t)scoreboard_claim(b, 1, SCORE_GROUP_ALL);
        score *s = scoreboard_at(b, slot);
        score_add(&s->requests, 10 * round);
        score_add(&s->accepted, round);
        score_add(&s->connections, 5);
        score_add(&scoreboard_counters(b, slot)[1], round);
        scoreboard_retire(b, slot);
    }
    assert_int_equal(score_get(&scoreboard_past(b)->requests), 30);
    assert_int_equal(score_get(&scoreboard_past(b)->accepted), 3);
    assert_int_equal(score_get(&scoreboard_past(b)->connections), 0);
    assert_int_equal(score_get(&scoreboard_past_counters(b)[0]), 0);
    assert_int_equal(score_get(&scoreboard_past_counters(b)[1]), 3);
    scoreboard_free(b);
}

static void the_emptiest_is_another_one_that_serves(void **state)
{
    (void)state;
    scoreboard *b = make(5, 0);
    for (int i = 0; i < 4; i++)
        scoreboard_claim(b, 1, SCORE_GROUP_ALL);
    serve(b, 0, 10);
    assert_null(scoreboard_emptiest(b, 0));
    serve(b, 1, 8);
    serve(b, 2, 3);
    assert_ptr_equal(scoreboard_emptiest(b, 0), scoreboard_at(b, 2));
    assert_ptr_equal(scoreboard_emptiest(b, 2), scoreboard_at(b, 1));

    /* One that drains or starts takes no connections. */
    score_set(&scoreboard_at(b, 2)->state, SCORE_DRAINING);
    assert_ptr_equal(scoreboard_emptiest(b, 0), scoreboard_at(b, 1));
    scoreboard_free(b);
}

static void groups_have_nothing_to_do_with_each_others_connections(void **state)
{
    (void)state;
    scoreboard *b = make(4, 0);
    scoreboard_claim(b, 1, SCORE_GROUP_SCRIPTS);
    scoreboard_claim(b, 1, SCORE_GROUP_SCRIPTS);
    scoreboard_claim(b, 1, SCORE_GROUP_NATIVES);
    scoreboard_claim(b, 2, SCORE_GROUP_ALL);
    serve(b, 0, 10);
    serve(b, 1, 8);
    serve(b, 2, 0);
    assert_ptr_equal(scoreboard_emptiest(b, 0), scoreboard_at(b, 1));
    assert_null(scoreboard_emptiest(b, 2));
    serve(b, 3, 5); /* a generation that is not divided takes connections, too */
    assert_ptr_equal(scoreboard_emptiest(b, 0), scoreboard_at(b, 3));
    scoreboard_free(b);
}

static void others_are_done_when_they_drain_and_have_no_connections(void **state)
{
    (void)state;
    scoreboard *b = make(4, 0);
    scoreboard_claim(b, 1, SCORE_GROUP_NATIVES);
    assert_true(scoreboard_others_are_done(b, 0));
    scoreboard_claim(b, 1, SCORE_GROUP_SCRIPTS);
    assert_false(scoreboard_others_are_done(b, 0)); /* it starts, and will serve */
    serve(b, 1, 0);
    assert_false(scoreboard_others_are_done(b, 0));
    serve(b, 1, 1);
    score_set(&scoreboard_at(b, 1)->state, SCORE_DRAINING);
    assert_false(scoreboard_others_are_done(b, 0));
    score_set(&scoreboard_at(b, 1)->connections, 0);
    assert_true(scoreboard_others_are_done(b, 0));
    assert_false(scoreboard_others_are_done(b, 1));
    scoreboard_retire(b, 0);
    assert_true(scoreboard_others_are_done(b, 1));
    scoreboard_free(b);
}

/* Runs in a process of its own, until it is killed somewhere. */
static void write_for_ever(int fd)
{
    scoreboard *b;
    if (scoreboard_open(&b, fd) != 0 || scoreboard_fd(b) != -1)
        _exit(1);
    score *s = scoreboard_at(b, 0);
    score_set(&s->pid, (uint32_t)getpid());
    for (;;) {
        score_add(&s->requests, 1);
        score_add(&s->accepted, 1);
        score_add(&scoreboard_counters(b, 0)[0], 1);
    }
}

static void a_worker_may_be_killed_at_any_instant(void **state)
{
    (void)state;
    scoreboard *b = make(1, 1);
    uint64_t sum = 0;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(scoreboard_claim(b, 1, SCORE_GROUP_ALL), 0);
        score *s = scoreboard_at(b, 0);
        pid_t const child = fork();
        if (child == 0)
            write_for_ever(dup(scoreboard_fd(b)));
        while (score_get(&s->requests) < 1000)
            usleep(100);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(score_get(&s->pid), child);

        uint64_t const requests = score_get(&s->requests);
        assert_in_range(score_get(&s->accepted), requests - 1, requests);
        assert_in_range(score_get(&scoreboard_counters(b, 0)[0]), requests - 1, requests);
        sum += requests;
        scoreboard_retire(b, 0);
    }
    assert_int_equal(score_get(&scoreboard_past(b)->requests), sum);
    scoreboard_free(b);
}

static void what_is_no_table_is_not_opened(void **state)
{
    (void)state;
    scoreboard *b;
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(scoreboard_open(&b, pair[0]), CAPRA_E_INVALID);
    assert_int_equal(close(pair[0]), -1); /* closed already */
    close(pair[1]);

    scoreboard *whole = make(2, 0);
    int const shorter = dup(scoreboard_fd(whole));
    assert_int_equal(ftruncate(shorter, 192), 0);
    assert_int_equal(scoreboard_open(&b, shorter), CAPRA_E_INVALID);
    scoreboard_free(whole);
    assert_int_equal(scoreboard_open(&b, -1), CAPRA_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_given_in_order_and_again_when_they_are_free),
        cmocka_unit_test(each_worker_has_lines_of_its_own),
        cmocka_unit_test(what_a_worker_did_outlives_it),
        cmocka_unit_test(the_emptiest_is_another_one_that_serves),
        cmocka_unit_test(groups_have_nothing_to_do_with_each_others_connections),
        cmocka_unit_test(others_are_done_when_they_drain_and_have_no_connections),
        cmocka_unit_test(a_worker_may_be_killed_at_any_instant),
        cmocka_unit_test(what_is_no_table_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
