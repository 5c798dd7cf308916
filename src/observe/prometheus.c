/* SPDX-License-Identifier: MIT */
#include "http/method.h"
#include "snapshot.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* https://prometheus.io/docs/instrumenting/exposition_formats/: of each metric a line HELP, a line
 * TYPE, and then all of its samples. */

static void put(buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(buffer *out, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int const length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buffer_append(out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void begin(buffer *out, const char *name, const char *type, const char *help)
{
    put(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A metric of one sample. */
static void put_number(buffer *out, const char *name, const char *type, double value,
                       const char *help)
{
    begin(out, name, type, help);
    put(out, "%s %.15g\n", name, value);
}

/* The value of a label: backslash, quote and line feed are escaped. */
static void put_label(buffer *out, const char *name, const char *value)
{
    put(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            buffer_append(out, "\\n", 2);
        else if (*value == '"' || *value == '\\')
            put(out, "\\%c", *value);
        else
            buffer_append(out, value, 1);
    }
    buffer_append(out, "\"", 1);
}

/* ---- Of requests ---- */

/* OpenTelemetry has one name for all methods that are not known. */
static const char *method_label(metrics_key key)
{
    return key.method < HTTP_METHOD_COUNT ? http_method_name((http_method)key.method) : "_OTHER";
}

static void put_labels(buffer *out, const metrics *m, metrics_key key)
{
    put_label(out, "{http_request_method", method_label(key));
    put_label(out, ",http_route", metrics_route_name(m, key.route));
    put(out, ",http_response_status_code=\"%u\"", key.status);
}

static void put_sample(buffer *out, const metrics *m, metrics_key key, const char *name,
                       double value)
{
    put(out, "%s", name);
    put_labels(out, m, key);
    put(out, "} %.15g\n", value);
}

static void put_histogram(buffer *out, const metrics *m, metrics_key key, const metrics_sum *sum)
{
    static const char name[] = "http_server_request_duration_seconds";
    uint64_t count = 0;
    for (uint32_t i = 0; i < METRICS_BUCKETS; i++) {
        count += sum->buckets[i];
        put(out, "%s_bucket", name);
        put_labels(out, m, key);
        put(out, ",le=\"%s\"} %" PRIu64 "\n", i < METRICS_BOUND_TOTAL ? metrics_bounds[i] : "+Inf",
            count);
    }
    put_sample(out, m, key, "http_server_request_duration_seconds_sum", sum->seconds);
    put_sample(out, m, key, "http_server_request_duration_seconds_count", (double)count);
}

static void put_durations(buffer *out, const metrics *m)
{
    begin(out, "http_server_request_duration_seconds", "histogram",
          "Time from the arrival of a request to the end of its answer.");
    for (uint32_t i = 0; i < metrics_series_count(m); i++) {
        metrics_sum sum;
        metrics_add_up(m, i, &sum);
        if (sum.count > 0)
            put_histogram(out, m, metrics_series_key(m, i), &sum);
    }
}

/* A summary without quantiles: how many, and how much in all. */
static void put_sizes(buffer *out, const metrics *m, bool is_request)
{
    const char *name =
        is_request ? "http_server_request_body_size_bytes" : "http_server_response_body_size_bytes";
    char count_name[64], sum_name[64];
    snprintf(count_name, sizeof count_name, "%s_count", name);
    snprintf(sum_name, sizeof sum_name, "%s_sum", name);
    begin(out, name, "summary",
          is_request ? "Bytes of request bodies, as far as they were read."
                     : "Bytes of answers' bodies, as they were sent.");
    for (uint32_t i = 0; i < metrics_series_count(m); i++) {
        metrics_sum sum;
        metrics_add_up(m, i, &sum);
        if (sum.count == 0)
            continue;
        metrics_key const key = metrics_series_key(m, i);
        put_sample(out, m, key, sum_name,
                   (double)(is_request ? sum.request_bytes : sum.response_bytes));
        put_sample(out, m, key, count_name, (double)sum.count);
    }
}

/* ---- Of workers ---- */

typedef double (*worker_value_fn)(const snapshot_worker *w);

static double busy_of(const snapshot_worker *w)
{
    return w->busy < 0 ? 0 : w->busy;
}

static double lag_of(const snapshot_worker *w)
{
    return w->lag_s;
}

static double memory_of(const snapshot_worker *w)
{
    return (double)w->memory_bytes;
}

static double connections_of(const snapshot_worker *w)
{
    return w->connections;
}

static void put_each(buffer *out, const snapshot *s, const char *name, worker_value_fn value_of,
                     const char *help)
{
    begin(out, name, "gauge", help);
    for (uint32_t i = 0; i < s->worker_count; i++) {
        const snapshot_worker *w = &s->workers[i];
        const char *group = snapshot_group_name(w->group);
        put(out, "%s{worker=\"%u\"", name, w->slot);
        if (group != NULL)
            put_label(out, ",group", group);
        put(out, "} %.15g\n", value_of(w));
    }
}

static void put_states(buffer *out, const snapshot *s)
{
    begin(out, "capra_workers", "gauge", "Worker processes, by what they do.");
    for (score_state state = SCORE_STARTING; state <= SCORE_DRAINING; state++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < s->worker_count; i++)
            count += s->workers[i].state == state;
        put(out, "capra_workers{state=\"%s\"} %u\n", snapshot_state_name(state), count);
    }
}

static void put_workers(buffer *out, const snapshot *s)
{
    put_states(out, s);
    put_number(out, "capra_workers_wanted", "gauge", s->wanted,
               "How many workers there should be now.");
    put_number(out, "capra_worker_starts_total", "counter", (double)s->started,
               "Workers that were started.");
    put_number(out, "capra_worker_deaths_total", "counter", (double)s->died,
               "Workers that died though nobody had asked them to.");
    put_each(out, s, "capra_worker_busy_ratio", busy_of,
             "Share of the time that a worker's event loop did not sleep, lately.");
    put_each(out, s, "capra_worker_loop_lag_seconds", lag_of,
             "By how much a worker's event loop is late.");
    put_each(out, s, "capra_worker_memory_bytes", memory_of, "Resident memory of a worker.");
    put_each(out, s, "capra_worker_connections", connections_of, "Open connections of a worker.");
}

/* ---- All of it ---- */

static void put_server(buffer *out, const snapshot *s)
{
    begin(out, "capra_build_info", "gauge", "The version that runs.");
    put(out, "capra_build_info{version=\"%s\"} 1\n", s->version);
    put_number(out, "capra_start_time_seconds", "gauge", s->started_at,
               "When the supervisor was started, in seconds since 1970.");
    put_number(out, "capra_supervisor_memory_bytes", "gauge", (double)s->memory_bytes,
               "Resident memory of the supervisor.");
    put_number(out, "capra_generation", "gauge", s->generation,
               "The generation of workers that is wanted; each reload makes a new one.");
    put_number(out, "capra_reloads_total", "counter", (double)s->reloads,
               "Reloads that were begun.");
    put_number(out, "capra_reloads_refused_total", "counter", (double)s->refused,
               "Reloads after which the old generation went on.");
    put_number(out, "capra_connections", "gauge", s->connections, "Open connections.");
    put_number(out, "capra_connections_accepted_total", "counter", (double)s->accepted,
               "Connections that were taken.");
    if (s->has_groups)
        put_number(out, "capra_connections_handed_over_total", "counter", (double)s->handed_over,
                   "Connections that went from workers of one kind to those of the other.");
    if (s->queue >= 0)
        put_number(out, "capra_accept_queue", "gauge", (double)s->queue,
                   "Connections that no worker has taken yet.");
    put_number(out, "capra_log_lines_dropped_total", "counter", (double)metrics_dropped(s->metrics),
               "Lines of the access log that nobody has read in time.");
}

void snapshot_write_prometheus(const snapshot *s, buffer *out)
{
    put_durations(out, s->metrics);
    put_sizes(out, s->metrics, true);
    put_sizes(out, s->metrics, false);
    put_number(out, "http_server_active_requests", "gauge", s->in_flight,
               "Requests that have been begun and not been finished.");
    put_workers(out, s);
    put_server(out, s);
}
