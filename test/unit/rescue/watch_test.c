/* SPDX-License-Identifier: MIT */
#include "rescue/watch.h"

#include "net/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* The watch over a loop that this thread only pretends to run. */
enum { LIMIT_MS = 60, PATIENCE_MS = 20000 };

typedef struct world {
    void *loop;
    watch *watch;
    _Atomic int gentle, forced;
    uint64_t held_ms; /* when it was asked last */
    int descriptor;
    _Atomic bool sees_descriptor; /* of the loop's thread, from the watch's */
    bool allows, is_deaf;
} world;

static uint64_t limit(void *data)
{
    (void)data;
    return LIMIT_MS;
}

static void on_knock(void *data, bool by_force)
{
    world *w = data;
    w->held_ms = watch_held_ms(w->watch);
    w->sees_descriptor = fcntl(w->descriptor, F_GETFD) != -1;
    if (w->allows && !(w->is_deaf && !by_force))
        watch_allow(w->watch, w->held_ms + 1000000);
    if (by_force)
        w->forced++;
    else
        w->gentle++;
}

static int set_up(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->loop = loop_new();
    w->descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    watch_config const config = {
        .loop = w->loop, .limit_ms = limit, .knock = on_knock, .data = w
    };
    w->watch = watch_new(&config);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    watch_free(w->watch);
    loop_free(w->loop);
    close(w->descriptor);
    free(w);
    return 0;
}

static void sleep_ms(int ms)
{
    struct timespec const time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
    nanosleep(&time, NULL);
}

static bool comes(_Atomic int *count, int expected)
{
    for (int i = 0; i < PATIENCE_MS && *count < expected; i++)
        sleep_ms(1);
    return *count >= expected;
}

static bool can_leave_descriptors(void)
{
#ifdef SYS_close_range
    return syscall(SYS_close_range, ~0U, ~0U, 0) == 0;
#else
    return false;
#endif
}

/* Else the kernel would count each use of one, at every recv and send of the loop. */
static void has_no_descriptors_of_the_loop(void **state)
{
    world *w = *state;
    watch_enter(w->watch);
    assert_true(comes(&w->gentle, 1));
    assert_int_equal(w->sees_descriptor, !can_leave_descriptors());
    assert_int_not_equal(fcntl(w->descriptor, F_GETFD), -1);
}

static void asks_whoever_holds_the_loop(void **state)
{
    world *w = *state;
    w->allows = true;
    watch_enter(w->watch);
    assert_true(comes(&w->gentle, 1));
    assert_true(w->held_ms >= LIMIT_MS);
    sleep_ms(3 * LIMIT_MS);
    assert_int_equal(w->gentle, 1); /* it was given more time */
    assert_int_equal(w->forced, 0);
    watch_leave(w->watch);
}

static void forces_whoever_does_not_hear(void **state)
{
    world *w = *state;
    w->allows = w->is_deaf = true;
    watch_enter(w->watch);
    assert_true(comes(&w->forced, 1));
    assert_int_equal(w->gentle, 1);
    watch_leave(w->watch);
}

static void forgets_when_the_loop_goes_on(void **state)
{
    world *w = *state;
    w->allows = true;
    watch_enter(w->watch);
    assert_true(comes(&w->gentle, 1));
    watch_leave(w->watch);
    watch_enter(w->watch);
    assert_true(comes(&w->gentle, 2));
    watch_leave(w->watch);
}

static void lets_a_loop_sleep(void **state)
{
    world *w = *state;
    watch_enter(w->watch);
    watch_leave(w->watch);
    sleep_ms(5 * LIMIT_MS);
    assert_int_equal(w->gentle + w->forced, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(has_no_descriptors_of_the_loop),
        TEST(asks_whoever_holds_the_loop),
        TEST(forces_whoever_does_not_hear),
        TEST(forgets_when_the_loop_goes_on),
        TEST(lets_a_loop_sleep),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
