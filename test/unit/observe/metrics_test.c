/* SPDX-License-Identifier: MIT */
#include "observe/metrics.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static metrics *make(uint32_t slots)
{
    metrics *m;
    assert_int_equal(metrics_new(&m, slots), 0);
    return m;
}

static metrics_key key_of(metrics *m, const char *route, uint16_t status)
{
    return (metrics_key){ .route = metrics_route(m, slice_text(route)), .status = status };
}

static void routes_keep_their_numbers(void **state)
{
    (void)state;
    metrics *m = make(1);
    uint16_t const a = metrics_route(m, slice_text("/api/a"));
    uint16_t const b = metrics_route(m, slice_text("/api/b"));
    assert_int_equal(metrics_route(m, slice_text("")), 0);
    assert_true(a != b && a > 0 && b > 0);
    assert_int_equal(metrics_route(m, slice_text("/api/a")), a);
    assert_string_equal(metrics_route_name(m, a), "/api/a");
    assert_string_equal(metrics_route_name(m, b), "/api/b");
    assert_string_equal(metrics_route_name(m, 0), "");
    metrics_free(m);
}

static void a_duration_is_counted_in_its_bucket(void **state)
{
    (void)state;
    metrics *m = make(1);
    metrics_tally *t = metrics_find(m, 0, key_of(m, "/a", 200));
    for (uint32_t i = 0; i < METRICS_BOUND_TOTAL; i++) {
        metrics_count(t, (int64_t)metrics_bounds_us[i] * 1000, 0, 0); /* `le`: the bound is in */
        metrics_count(t, (int64_t)metrics_bounds_us[i] * 1000 + 1, 0, 0);
    }
    metrics_count(t, -5, 0, 0); /* no clock goes backwards; if one did, it would be no time */
    metrics_sum sum;
    metrics_add_up(m, 0, &sum);
    assert_int_equal(sum.buckets[0], 2);
    for (uint32_t i = 1; i < METRICS_BOUND_TOTAL; i++)
        assert_int_equal(sum.buckets[i], 2);
    assert_int_equal(sum.buckets[METRICS_BOUND_TOTAL], 1);
    assert_int_equal(sum.count, 2 * METRICS_BOUND_TOTAL + 1);
    metrics_free(m);
}

static void slots_are_added_up(void **state)
{
    (void)state;
    metrics *m = make(4);
    for (uint32_t slot = 0; slot < 4; slot++)
        metrics_count(metrics_find(m, slot, key_of(m, "/a", 200)), 1000000, slot, 10);
    metrics_count(metrics_find(m, 2, key_of(m, "/a", 404)), 1000000, 0, 5);
    metrics_count_dropped(m, 1, 3);
    metrics_count_dropped(m, 3, 4);

    metrics_sum sum;
    assert_int_equal(metrics_series_count(m), 2);
    metrics_add_up(m, 0, &sum);
    assert_int_equal(metrics_series_key(m, 0).status, 200);
    assert_int_equal(sum.count, 4);
    assert_int_equal(sum.request_bytes, 6);
    assert_int_equal(sum.response_bytes, 40);
    assert_true(sum.seconds > 0.0039 && sum.seconds < 0.0041);
    metrics_add_up(m, 1, &sum);
    assert_int_equal(metrics_series_key(m, 1).status, 404);
    assert_int_equal(sum.count, 1);
    assert_int_equal(metrics_dropped(m), 7);
    metrics_free(m);
}

/* More than there is room for: nothing is lost, only not told apart. */
static void what_has_no_place_is_counted_as_other(void **state)
{
    (void)state;
    metrics *m = make(1);
    enum { ROUTES = METRICS_ROUTES + 100, STATUSES = 3 };
    for (uint16_t i = 0; i < ROUTES; i++) {
        char pattern[200];
        snprintf(pattern, sizeof pattern, "/%150d/%d", 0, i);
        for (uint16_t status = 200; status < 200 + STATUSES; status++)
            metrics_count(metrics_find(m, 0, key_of(m, pattern, status)), 0, 0, 1);
    }
    uint64_t total = 0;
    uint32_t const count = metrics_series_count(m);
    assert_int_equal(count, METRICS_SERIES);
    for (uint32_t i = 0; i < count; i++) {
        metrics_sum sum;
        metrics_add_up(m, i, &sum);
        total += sum.count;
        assert_true(strlen(metrics_route_name(m, metrics_series_key(m, i).route)) <
                    METRICS_NAME_BYTES);
    }
    assert_int_equal(total, ROUTES * STATUSES);
    metrics_key const last = metrics_series_key(m, METRICS_SERIES - 1);
    assert_string_equal(metrics_route_name(m, last.route), "(other)");
    metrics_free(m);
}

/* Processes that open the same memory, begin the same series at once, and are killed while they
 * count. Each has told over a pipe how far it was. */
static void what_killed_workers_have_counted_stays(void **state)
{
    (void)state;
    enum { WORKERS = 4, COUNT = 2000 };
    metrics *m = make(WORKERS);
    for (int generation = 0; generation < 2; generation++) {
        pid_t pids[WORKERS];
        int told[2];
        assert_int_equal(pipe(told), 0);
        for (uint32_t slot = 0; slot < WORKERS; slot++) {
            pids[slot] = fork();
            if (pids[slot] == 0) {
                metrics *own;
                if (metrics_open(&own, dup(metrics_fd(m))) != 0)
                    _exit(1);
                for (int i = 0; i < COUNT; i++) {
                    char route[32];
                    snprintf(route, sizeof route, "/route/%d", i % 50);
                    metrics_count(metrics_find(own, slot, key_of(own, route, 200)), i, 0, 1);
                }
                if (write(told[1], "x", 1) == 1)
                    pause();
                _exit(1);
            }
        }
        char byte;
        for (int i = 0; i < WORKERS; i++)
            assert_int_equal(read(told[0], &byte, 1), 1);
        for (int i = 0; i < WORKERS; i++) {
            kill(pids[i], SIGKILL);
            waitpid(pids[i], NULL, 0);
        }
        close(told[0]);
        close(told[1]);

        uint64_t total = 0;
        assert_int_equal(metrics_series_count(m), 50);
        for (uint32_t i = 0; i < 50; i++) {
            metrics_sum sum;
            metrics_add_up(m, i, &sum);
            total += sum.count;
            for (uint32_t other = 0; other < i; other++)
                assert_string_not_equal(metrics_route_name(m, metrics_series_key(m, i).route),
                                        metrics_route_name(m, metrics_series_key(m, other).route));
        }
        assert_int_equal(total, WORKERS * COUNT * (generation + 1));
    }
    metrics_free(m);
}

static void what_is_no_such_memory_is_refused(void **state)
{
    (void)state;
    metrics *m;
    FILE *file = tmpfile();
    assert_true(metrics_open(&m, dup(fileno(file))) < 0);
    assert_int_equal(ftruncate(fileno(file), 1 << 20), 0);
    assert_true(metrics_open(&m, dup(fileno(file))) < 0);
    fclose(file);
    assert_true(metrics_open(&m, -1) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_keep_their_numbers),
        cmocka_unit_test(a_duration_is_counted_in_its_bucket),
        cmocka_unit_test(slots_are_added_up),
        cmocka_unit_test(what_has_no_place_is_counted_as_other),
        cmocka_unit_test(what_killed_workers_have_counted_stays),
        cmocka_unit_test(what_is_no_such_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
