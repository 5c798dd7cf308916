/* SPDX-License-Identifier: MIT */
#include "http/method.h"
#include "snapshot.h"

#include <jansson.h>
#include <string.h>

/* The snapshot as JSON. */

static json_t *pack_worker(const snapshot_worker *w)
{
    json_t *busy = w->busy < 0 ? json_null() : json_real(w->busy);
    json_t *packed =
        json_pack("{s:i, s:i, s:s, s:i, s:f, s:i, s:i, s:I, s:o, s:f, s:I}", "worker", (int)w->slot,
                  "pid", (int)w->pid, "state", snapshot_state_name(w->state), "generation",
                  (int)w->generation, "uptime_s", w->uptime_s, "connections", (int)w->connections,
                  "active_requests", (int)w->in_flight, "requests", (json_int_t)w->requests, "busy",
                  busy, "loop_lag_s", w->lag_s, "memory_bytes", (json_int_t)w->memory_bytes);
    const char *group = snapshot_group_name(w->group);
    if (group != NULL)
        json_object_set_new(packed, "group", json_string(group));
    return packed;
}

/* ---- Routes ---- */

/* All methods and statuses of a route together, but for the classes of statuses. */
typedef struct route_sum {
    uint64_t classes[6]; /* by the first digit */
    metrics_sum all;
} route_sum;

static void add_series(route_sum *to, const metrics *m, uint32_t series)
{
    metrics_sum one;
    metrics_add_up(m, series, &one);
    uint32_t const class = metrics_series_key(m, series).status / 100;
    to->classes[class < 6 ? class : 0] += one.count;
    for (uint32_t i = 0; i < METRICS_BUCKETS; i++)
        to->all.buckets[i] += one.buckets[i];
    to->all.count += one.count;
    to->all.seconds += one.seconds;
    to->all.request_bytes += one.request_bytes;
    to->all.response_bytes += one.response_bytes;
}

/* Where in its bucket the wanted one stands is taken to be where it stands among those there. */
static double quantile_ms(const metrics_sum *sum, double share)
{
    double const wanted = share * (double)sum->count;
    double below = 0;
    for (uint32_t i = 0; i < METRICS_BOUND_TOTAL; i++) {
        double const here = (double)sum->buckets[i];
        double const low = i == 0 ? 0 : metrics_bounds_us[i - 1];
        if (here > 0 && below + here >= wanted)
            return (low + (metrics_bounds_us[i] - low) * (wanted - below) / here) / 1000;
        below += here;
    }
    return metrics_bounds_us[METRICS_BOUND_TOTAL - 1] / 1000.0;
}

static json_t *pack_route(const char *name, const route_sum *sum)
{
    static const char *const names[] = { "other", "1xx", "2xx", "3xx", "4xx", "5xx" };
    json_t *statuses = json_object();
    for (uint32_t i = 0; i < 6; i++)
        if (sum->classes[i] > 0)
            json_object_set_new(statuses, names[i], json_integer((json_int_t)sum->classes[i]));
    return json_pack("{s:s, s:I, s:o, s:f, s:f, s:f, s:I, s:I}", "route", name, "requests",
                     (json_int_t)sum->all.count, "statuses", statuses, "mean_ms",
                     sum->all.seconds * 1000 / (double)sum->all.count, "p50_ms",
                     quantile_ms(&sum->all, 0.5), "p99_ms", quantile_ms(&sum->all, 0.99),
                     "request_bytes", (json_int_t)sum->all.request_bytes, "response_bytes",
                     (json_int_t)sum->all.response_bytes);
}

static bool has_earlier(const metrics *m, uint32_t series)
{
    for (uint32_t i = 0; i < series; i++)
        if (metrics_series_key(m, i).route == metrics_series_key(m, series).route)
            return true;
    return false;
}

/* In the order of their first requests. */
static json_t *pack_routes(const metrics *m)
{
    json_t *routes = json_array();
    uint32_t const count = metrics_series_count(m);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t const route = metrics_series_key(m, i).route;
        if (has_earlier(m, i))
            continue;
        route_sum sum = { 0 };
        for (uint32_t other = i; other < count; other++)
            if (metrics_series_key(m, other).route == route)
                add_series(&sum, m, other);
        if (sum.all.count > 0)
            json_array_append_new(routes, pack_route(metrics_route_name(m, route), &sum));
    }
    return routes;
}

/* ---- All of it ---- */

char *snapshot_write_json(const snapshot *s)
{
    json_t *workers = json_array();
    for (uint32_t i = 0; i < s->worker_count; i++)
        json_array_append_new(workers, pack_worker(&s->workers[i]));
    json_t *root = json_pack(
        "{s:s, s:s, s:i, s:f, s:i, s:I, s:i, s:I, s:I, s:I, s:i, s:i, s:I, s:I, s:I, s:o, s:o}",
        "version", s->version, "phase", s->phase, "pid", (int)s->pid, "uptime_s", s->uptime_s,
        "generation", (int)s->generation, "reloads_refused", (json_int_t)s->refused,
        "workers_wanted", (int)s->wanted, "worker_starts", (json_int_t)s->started, "worker_deaths",
        (json_int_t)s->died, "memory_bytes", (json_int_t)s->memory_bytes, "connections",
        (int)s->connections, "active_requests", (int)s->in_flight, "connections_accepted",
        (json_int_t)s->accepted, "requests", (json_int_t)s->requests, "log_lines_dropped",
        (json_int_t)metrics_dropped(s->metrics), "workers", workers, "routes",
        pack_routes(s->metrics));
    if (s->queue >= 0)
        json_object_set_new(root, "accept_queue", json_integer((json_int_t)s->queue));
    if (s->has_groups)
        json_object_set_new(root, "connections_handed_over",
                            json_integer((json_int_t)s->handed_over));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(root);
    return text;
}
