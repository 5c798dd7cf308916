/* SPDX-License-Identifier: MIT */
#include "supervisor/returns.c"

#include "base/arena.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct world {
    int ends[2], client[2];
    buffer room;
} world;

static int set_up(void **state)
{
    world *w = memory_take(sizeof *w);
    *w = (world){ 0 };
    *state = w;
    return parcel_pair(w->ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, w->client) != 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    for (int i = 0; i < 2; i++) {
        close(w->ends[i]);
        close(w->client[i]);
    }
    buffer_cleanup(&w->room);
    free(w);
    return 0;
}

/* Waits at the second end afterwards. */
static int send_one(const world *w, const char *note)
{
    parcel const p = { .fd = w->client[0], .note = slice_text(note) };
    return parcel_send(w->ends[0], &p);
}

static void expect_at(world *w, int end, const char *note, bool is_returned)
{
    parcel p;
    assert_int_equal(parcel_take(&p, w->ends[end], &w->room), 0);
    assert_true(slice_is(p.note, note));
    assert_int_equal(p.is_returned, is_returned);
    close(p.fd);
}

static uint32_t sweep(const world *w, bool at_first, bool at_second)
{
    bool const has_takers[2] = { at_first, at_second };
    return returns_sweep(w->ends, has_takers);
}

static void where_somebody_takes_what_is_young_stays(void **state)
{
    world *w = *state;
    assert_int_equal(sweep(w, true, true), 0);
    assert_int_equal(send_one(w, "a"), 0);
    assert_int_equal(sweep(w, true, true), 0);
    expect_at(w, 1, "a", false);
}

static void where_nobody_takes_it_goes_back_and_says_so(void **state)
{
    world *w = *state;
    assert_int_equal(send_one(w, "a"), 0);
    assert_int_equal(send_one(w, "b"), 0);
    assert_int_equal(sweep(w, true, false), 2);
    expect_at(w, 0, "a", true);
    expect_at(w, 0, "b", true);
    assert_int_equal(parcel_age_ms(w->ends[1]), -1);
}

static void what_has_waited_for_long_goes_back_though_somebody_is_there(void **state)
{
    world *w = *state;
    parcel const old = { .fd = w->client[0],
                         .note = slice_text("old"),
                         .age_ms = PARCEL_PATIENCE_MS };
    assert_int_equal(parcel_send(w->ends[0], &old), 0);
    assert_int_equal(send_one(w, "young"), 0);
    assert_int_equal(sweep(w, true, true), 1);
    assert_true(parcel_age_ms(w->ends[0]) < PARCEL_PATIENCE_MS); /* or it would come back at once */
    expect_at(w, 0, "old", true);
    expect_at(w, 1, "young", false);
}

static void with_nobody_anywhere_it_waits(void **state)
{
    world *w = *state;
    assert_int_equal(send_one(w, "a"), 0);
    assert_int_equal(sweep(w, false, false), 0);
    expect_at(w, 1, "a", false);
}

static void what_has_no_room_to_go_back_is_kept(void **state)
{
    world *w = *state;
    parcel const other = { .fd = w->client[1], .note = slice_text("other") };
    int fillers = 0;
    while (parcel_send(w->ends[1], &other) == 0)
        fillers++;
    assert_int_equal(send_one(w, "a"), 0);
    assert_int_equal(sweep(w, true, false), 0);
    expect_at(w, 1, "a", false);
    for (; fillers > 0; fillers--)
        expect_at(w, 0, "other", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(where_somebody_takes_what_is_young_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(where_nobody_takes_it_goes_back_and_says_so, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_has_waited_for_long_goes_back_though_somebody_is_there,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_nobody_anywhere_it_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_no_room_to_go_back_is_kept, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
