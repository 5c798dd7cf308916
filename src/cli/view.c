/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 512, CELL_BYTES = 32, ROUTES_MAX = 1024 };

/* ---- Values ---- */

static double number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
    const char *found = json_string_value(json_object_get(object, name));
    return found == NULL ? "" : found;
}

/* "1,234,567" */
static void print_count(char out[CELL_BYTES], double value)
{
    char digits[CELL_BYTES];
    int const length = snprintf(digits, sizeof digits, "%.0f", value);
    size_t at = 0;
    for (int i = 0; i < length && at + 2 < CELL_BYTES; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

static void print_bytes(char out[CELL_BYTES], double bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
    int unit = 0;
    for (; bytes >= 1000 && unit < 3; unit++)
        bytes /= 1024;
    snprintf(out, CELL_BYTES, "%.*f %s", unit > 0 && bytes < 9.95 ? 1 : 0, bytes, units[unit]);
}

static void print_ms(char out[CELL_BYTES], double ms)
{
    if (ms < 9999.5)
        snprintf(out, CELL_BYTES, "%.*f ms", ms < 0.0995 ? 3 : ms < 9.95 ? 1 : 0, ms);
    else
        snprintf(out, CELL_BYTES, "%.1f s", ms / 1000);
}

static void print_time(char out[CELL_BYTES], double seconds)
{
    if (seconds < 120)
        snprintf(out, CELL_BYTES, "%.0f s", seconds);
    else if (seconds < 7200)
        snprintf(out, CELL_BYTES, "%.0f min", seconds / 60);
    else if (seconds < 172800)
        snprintf(out, CELL_BYTES, "%.0f h", seconds / 3600);
    else
        snprintf(out, CELL_BYTES, "%.0f days", seconds / 86400);
}

/* By how much a number of this object has grown in a second. */
static double rate(const view *v, const json_t *now, const json_t *before, const char *name)
{
    double const grown = number(now, name) - (before == NULL ? 0 : number(before, name));
    return v->seconds <= 0 || grown < 0 ? 0 : grown / v->seconds;
}

/* ---- Lines ---- */

typedef struct page {
    const view *view;
    buffer *out;
    int lines;
} page;

static bool has_room(const page *p)
{
    return p->view->rows == 0 || p->lines < p->view->rows - 1;
}

/* A line, cut to the screen; `color` "" for none. */
static void add(page *p, const char *color, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(page *p, const char *color, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    if (!has_room(p))
        return;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length >= LINE_BYTES)
        length = LINE_BYTES - 1;
    if (p->view->columns > 0 && length > p->view->columns)
        length = p->view->columns;
    bool const is_colored = p->view->is_colored && color[0] != '\0';
    if (is_colored)
        buffer_append(p->out, color, strlen(color));
    buffer_append(p->out, line, (size_t)length);
    if (is_colored)
        buffer_append(p->out, "\033[0m", 4);
    buffer_append(p->out, "\n", 1);
    p->lines++;
}

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN  ""

static void add_summary(page *p)
{
    const json_t *now = p->view->now;
    char uptime[CELL_BYTES], memory[CELL_BYTES], requests[CELL_BYTES], dropped[CELL_BYTES];
    print_time(uptime, number(now, "uptime_s"));
    print_bytes(memory, number(now, "memory_bytes"));
    print_count(requests, number(now, "requests"));
    bool const is_serving = strcmp(text(now, "phase"), "serving") == 0;
    add(p, is_serving ? BOLD : YELLOW,
        "Capra %s, %s: process %.0f, up %s, generation %.0f, supervisor %s", text(now, "version"),
        text(now, "phase"), number(now, "pid"), uptime, number(now, "generation"), memory);
    if (p->view->before != NULL)
        add(p, PLAIN,
            "%.0f requests/s, %.0f new connections/s, %.0f open, %.0f requests in flight, %.0f waiting",
            rate(p->view, now, p->view->before, "requests"),
            rate(p->view, now, p->view->before, "connections_accepted"), number(now, "connections"),
            number(now, "active_requests"), number(now, "accept_queue"));
    else
        add(p, PLAIN, "%s requests, %.0f connections open, %.0f requests in flight, %.0f waiting",
            requests, number(now, "connections"), number(now, "active_requests"),
            number(now, "accept_queue"));
    if (number(now, "worker_deaths") > 0 || number(now, "reloads_refused") > 0)
        add(p, RED, "%.0f workers died, %.0f reloads refused: the log says why",
            number(now, "worker_deaths"), number(now, "reloads_refused"));
    if (number(now, "log_lines_dropped") > 0) {
        print_count(dropped, number(now, "log_lines_dropped"));
        add(p, RED, "%s lines of the access log were dropped: its reader is too slow", dropped);
    }
}

static const json_t *find_worker(const json_t *status, double pid)
{
    const json_t *all = json_object_get(status, "workers");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        if (number(one, "pid") == pid)
            return one;
    }
    return NULL;
}

static void add_worker(page *p, const json_t *w)
{
    const view *v = p->view;
    char uptime[CELL_BYTES], lag[CELL_BYTES], memory[CELL_BYTES], requests[CELL_BYTES];
    double const lag_ms = number(w, "loop_lag_s") * 1000;
    print_time(uptime, number(w, "uptime_s"));
    print_ms(lag, lag_ms);
    print_bytes(memory, number(w, "memory_bytes"));
    if (v->before != NULL)
        snprintf(requests, sizeof requests, "%.0f/s",
                 rate(v, w, find_worker(v->before, number(w, "pid")), "requests"));
    else
        print_count(requests, number(w, "requests"));
    add(p, lag_ms > 1000 ? RED : PLAIN,
        "%6.0f %8.0f  %-8s %9s %5.0f%% %9s %7.0f %7.0f %12s %9s%s%s", number(w, "worker"),
        number(w, "pid"), text(w, "state"), uptime, number(w, "busy") * 100, lag,
        number(w, "connections"), number(w, "active_requests"), requests, memory,
        text(w, "group")[0] == '\0' ? "" : "  ", text(w, "group"));
}

static void add_workers(page *p)
{
    const json_t *workers = json_object_get(p->view->now, "workers");
    add(p, PLAIN, "%s", "");
    bool const has_groups = json_object_get(p->view->now, "connections_handed_over") != NULL;
    if (json_array_size(workers) == 0) {
        add(p, PLAIN, "No workers: the next connection wakes one.");
        return;
    }
    add(p, BOLD,
        "WORKER      PID  STATE           UP  BUSY       LAG    OPEN  ACTIVE     REQUESTS    MEMORY%s",
        has_groups ? "  GROUP" : "");
    for (size_t i = 0; i < json_array_size(workers); i++)
        add_worker(p, json_array_get(workers, i));
}

static const json_t *find_route(const json_t *status, const char *name)
{
    const json_t *all = json_object_get(status, "routes");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        if (strcmp(text(one, "route"), name) == 0)
            return one;
    }
    return NULL;
}

typedef struct route_row {
    const json_t *route;
    double weight;
} route_row;

static int by_weight(const void *a, const void *b)
{
    const route_row *x = a, *y = b;
    return (x->weight < y->weight) - (x->weight > y->weight);
}

static void add_route(page *p, const route_row *row)
{
    const json_t *r = row->route, *statuses = json_object_get(r, "statuses");
    const char *name = text(r, "route");
    char requests[CELL_BYTES], p50[CELL_BYTES], p99[CELL_BYTES], mean[CELL_BYTES];
    print_ms(p50, number(r, "p50_ms"));
    print_ms(p99, number(r, "p99_ms"));
    print_ms(mean, number(r, "mean_ms"));
    if (p->view->before != NULL)
        snprintf(requests, sizeof requests, "%.0f/s", row->weight);
    else
        print_count(requests, row->weight);
    add(p, number(statuses, "5xx") > 0 ? YELLOW : PLAIN, "%12s %9.0f %9.0f %9.0f %9s %9s %9s  %s",
        requests, number(statuses, "2xx") + number(statuses, "3xx"), number(statuses, "4xx"),
        number(statuses, "5xx"), mean, p50, p99, name[0] == '\0' ? "(none)" : name);
}

/* The busiest first; what does not fit on the screen is counted. */
static void add_routes(page *p)
{
    const view *v = p->view;
    const json_t *routes = json_object_get(v->now, "routes");
    route_row rows[ROUTES_MAX];
    size_t count = 0;
    for (; count < json_array_size(routes) && count < ROUTES_MAX; count++) {
        const json_t *one = json_array_get(routes, count);
        const json_t *before = v->before == NULL ? NULL : find_route(v->before, text(one, "route"));
        rows[count].route = one;
        rows[count].weight =
            v->before == NULL ? number(one, "requests") : rate(v, one, before, "requests");
    }
    if (count == 0)
        return;
    qsort(rows, count, sizeof *rows, by_weight);
    add(p, PLAIN, "%s", "");
    add(p, BOLD, "    REQUESTS   2xx,3xx       4xx       5xx      MEAN       P50       P99  ROUTE");
    for (size_t i = 0; i < count && has_room(p); i++)
        add_route(p, &rows[i]);
}

void view_write(const view *v, buffer *out)
{
    page p = { .view = v, .out = out };
    add_summary(&p);
    add_workers(&p);
    add_routes(&p);
}
