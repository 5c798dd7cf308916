/* SPDX-License-Identifier: MIT */
#include "observe/snapshot.h"

#include "http/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include <cmocka.h>

enum { SECOND = 1000000000 };

typedef struct world {
    scoreboard *board;
    metrics *metrics;
    snapshot snapshot;
    snapshot_history history;
} world;

static int open_world(void **state)
{
    world *w = calloc(1, sizeof *w);
    assert_int_equal(scoreboard_new(&w->board, 4, 0), 0);
    assert_int_equal(metrics_new(&w->metrics, 4), 0);
    w->snapshot =
        (snapshot){ .version = "1.2.3", .phase = "serving", .queue = -1, .metrics = w->metrics };
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;
    scoreboard_free(w->board);
    metrics_free(w->metrics);
    free(w);
    return 0;
}

static score *add_worker(world *w, uint32_t pid)
{
    score *s = scoreboard_at(w->board, (uint32_t)scoreboard_claim(w->board, 1, SCORE_GROUP_ALL));
    score_set(&s->pid, pid);
    score_set(&s->state, SCORE_SERVING);
    score_set(&s->started_ns, SECOND);
    return s;
}

static void beat(score *s, uint64_t at_s, double idle_s)
{
    score_set(&s->beat_ns, at_s * SECOND);
    score_set(&s->idle_ns, (uint64_t)(idle_s * SECOND));
}

static const snapshot *look(world *w, uint64_t at_s)
{
    snapshot_fill(&w->snapshot, &w->history, w->board, at_s * SECOND);
    return &w->snapshot;
}

static void workers_that_are_gone_still_count(void **state)
{
    world *w = *state;
    score *a = add_worker(w, 10), *b = add_worker(w, 11);
    score_set(&a->requests, 5);
    score_set(&b->requests, 7);
    score_set(&b->connections, 3);
    assert_int_equal(look(w, 2)->requests, 12);
    scoreboard_retire(w->board, 0);
    assert_int_equal(look(w, 2)->requests, 12);
    assert_int_equal(w->snapshot.worker_count, 1);
    assert_int_equal(w->snapshot.workers[0].pid, 11);
    assert_int_equal(w->snapshot.connections, 3);
}

static void a_share_is_that_since_the_last_look(void **state)
{
    world *w = *state;
    score *s = add_worker(w, 10);
    assert_true(look(w, 1)->workers[0].busy < 0); /* it has not said anything */
    beat(s, 11, 9);
    assert_float_equal(look(w, 11)->workers[0].busy, 0.1, 1e-9);
    beat(s, 13, 9.5);
    assert_float_equal(look(w, 13)->workers[0].busy, 0.75, 1e-9);
    assert_float_equal(look(w, 13)->workers[0].busy, 0.75, 1e-9); /* no beat since */
    /* Another worker in the same slot starts anew. */
    score_set(&s->pid, 12);
    score_set(&s->started_ns, (uint64_t)13 * SECOND);
    beat(s, 15, 1);
    assert_float_equal(look(w, 15)->workers[0].busy, 0.5, 1e-9);
}

static void a_loop_that_is_silent_is_late(void **state)
{
    world *w = *state;
    score *s = add_worker(w, 10);
    beat(s, 10, 1);
    score_set(&s->lag_ns, SECOND / 4);
    assert_float_equal(look(w, 10)->workers[0].lag_s, 0.25, 1e-9);
    assert_float_equal(look(w, 20)->workers[0].lag_s, 9, 1e-9);
}

static char *write_metrics(world *w)
{
    buffer out = { 0 };
    snapshot_write_prometheus(look(w, 2), &out);
    char *text = strndup(buffer_slice(&out).data, buffer_length(&out));
    buffer_cleanup(&out);
    return text;
}

static void count(world *w, const char *route, uint16_t method, uint16_t status, int64_t ns)
{
    metrics_key const key = { metrics_route(w->metrics, slice_text(route)), method, status };
    metrics_count(metrics_find(w->metrics, 0, key), ns, 1, 2);
}

static void labels_are_escaped_and_buckets_add_up(void **state)
{
    world *w = *state;
    count(w, "/a\"b\\c\nd", HTTP_GET, 200, 50000);
    count(w, "/a\"b\\c\nd", HTTP_GET, 200, 200000);
    count(w, "/a\"b\\c\nd", HTTP_GET, 200, INT64_C(20000000000));
    count(w, "", HTTP_METHOD_COUNT, 400, 0);
    char *text = write_metrics(w);
#define LABELS                                                      \
    "{http_request_method=\"GET\",http_route=\"/a\\\"b\\\\c\\nd\"," \
    "http_response_status_code=\"200\""
    assert_non_null(strstr(text, "_bucket" LABELS ",le=\"0.0001\"} 1\n"));
    assert_non_null(strstr(text, "_bucket" LABELS ",le=\"0.00025\"} 2\n"));
    assert_non_null(strstr(text, "_bucket" LABELS ",le=\"10\"} 2\n"));
    assert_non_null(strstr(text, "_bucket" LABELS ",le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(text, "_seconds_sum" LABELS "} 20.00025\n"));
    assert_non_null(strstr(text, "_seconds_count" LABELS "} 3\n"));
    assert_non_null(strstr(text, "response_body_size_bytes_sum" LABELS "} 6\n"));
    assert_non_null(strstr(text, "http_request_method=\"_OTHER\",http_route=\"\""));
    assert_non_null(strstr(text, "capra_build_info{version=\"1.2.3\"} 1\n"));
    assert_null(strstr(text, "capra_accept_queue")); /* nobody can tell */
    free(text);
}

static void status_is_json_with_quantiles(void **state)
{
    world *w = *state;
    add_worker(w, 10);
    for (int i = 0; i < 100; i++)
        count(w, "/a", HTTP_GET, i < 90 ? 200 : 500, 200000); /* in the bucket of 0.1 to 0.25 ms */
    w->snapshot.queue = 4;
    look(w, 2);
    char *text = snapshot_write_json(&w->snapshot);
    json_t *status = json_loads(text, 0, NULL);
    json_t *route = json_array_get(json_object_get(status, "routes"), 0);
    assert_int_equal(json_integer_value(json_object_get(status, "accept_queue")), 4);
    assert_int_equal(json_integer_value(json_object_get(route, "requests")), 100);
    json_t *statuses = json_object_get(route, "statuses");
    assert_int_equal(json_integer_value(json_object_get(statuses, "2xx")), 90);
    assert_int_equal(json_integer_value(json_object_get(statuses, "5xx")), 10);
    assert_float_equal(json_real_value(json_object_get(route, "p50_ms")), 0.175, 1e-6);
    assert_float_equal(json_real_value(json_object_get(route, "mean_ms")), 0.2, 1e-6);
    assert_true(json_is_null(
        json_object_get(json_array_get(json_object_get(status, "workers"), 0), "busy")));
    json_decref(status);
    free(text);
}

#define IN_WORLD(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(workers_that_are_gone_still_count),
        IN_WORLD(a_share_is_that_since_the_last_look),
        IN_WORLD(a_loop_that_is_silent_is_late),
        IN_WORLD(labels_are_escaped_and_buckets_add_up),
        IN_WORLD(status_is_json_with_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
