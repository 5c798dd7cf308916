/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_OBSERVE_METRICS_H
#define CAPRA_OBSERVE_METRICS_H

#include "base/slice.h"

#include <stdatomic.h>
#include <stdint.h>

/* How many requests there were and how long they took, by route, method and status, in memory that
 * the supervisor and all workers share.
 *
 *     ┌────────┬────────┬────────┬───────────────┬───────────────┬─────
 *     │ header │ routes │ series │ tallies of    │ tallies of    │  …
 *     │        │ (names)│ (keys) │ slot 0        │ slot 1        │
 *     └────────┴────────┴────────┴───────────────┴───────────────┴─────
 *
 * The directory in front only grows; every process finds the same series at the same place. Each
 * slot of the scoreboard has a row of tallies, one for each series, and one writer: its worker.
 * Nothing is ever cleared. Who takes over the slot of a worker that is gone goes on counting where
 * that one stopped, so sums never fall, and what a killed worker has counted stays. Pages that
 * nobody has touched cost nothing. */
typedef struct metrics metrics;

/* Upper bounds of the buckets of durations, and one more for what is slower. Those from 5 ms on are
 * what OpenTelemetry advises for http.server.request.duration; a C route is done long before. */
#define METRICS_BOUNDS(X) \
    X(100, "0.0001")      \
    X(250, "0.00025")     \
    X(500, "0.0005")      \
    X(1000, "0.001")      \
    X(2500, "0.0025")     \
    X(5000, "0.005")      \
    X(10000, "0.01")      \
    X(25000, "0.025")     \
    X(50000, "0.05")      \
    X(75000, "0.075")     \
    X(100000, "0.1")      \
    X(250000, "0.25")     \
    X(500000, "0.5")      \
    X(750000, "0.75")     \
    X(1000000, "1")       \
    X(2500000, "2.5")     \
    X(5000000, "5")       \
    X(7500000, "7.5")     \
    X(10000000, "10")

enum {
#define METRICS_BOUND_COUNT(us, text) +1
    METRICS_BOUND_TOTAL = METRICS_BOUNDS(METRICS_BOUND_COUNT),
#undef METRICS_BOUND_COUNT
    METRICS_BUCKETS = METRICS_BOUND_TOTAL + 1,
    METRICS_ROUTES = 512,     /* that are told apart; those beyond are one, "(other)" */
    METRICS_SERIES = 1024,    /* the same; the last one is for all that has no place */
    METRICS_NAME_BYTES = 120, /* of a route's pattern; longer ones are cut */
};

/* In microseconds, and as Prometheus has them: in seconds. */
extern const uint32_t metrics_bounds_us[METRICS_BOUND_TOTAL];
extern const char *const metrics_bounds[METRICS_BOUND_TOTAL];

/* What one worker slot has counted of one series. Each word is stored whole by its one writer. */
typedef struct metrics_tally {
    _Alignas(64) _Atomic uint64_t buckets[METRICS_BUCKETS]; /* not cumulative */
    _Atomic uint64_t sum_ns, request_bytes, response_bytes;
} metrics_tally;

/* What a series is about. */
typedef struct metrics_key {
    uint16_t route;  /* see metrics_route_name; 0: none was found */
    uint16_t method; /* http_method; HTTP_METHOD_COUNT: not one */
    uint16_t status;
} metrics_key;

/* New shared memory for as many slots. To be freed. 0, or CAPRA_E_SYSTEM with errno set. */
int metrics_new(metrics **out, uint32_t slots);

/* That which another process made; the descriptor is taken over. CAPRA_E_INVALID, and the
 * descriptor is closed, when it is none of this version. */
int metrics_open(metrics **out, int fd);

/* Takes NULL. Other processes keep theirs. */
void metrics_free(metrics *m);

/* To be inherited; -1 in what was opened. */
int metrics_fd(const metrics *m);

/* The number of the route with this pattern, 0 for an empty one. The same for everyone. */
uint16_t metrics_route(metrics *m, capra_slice pattern);

/* The name of a number up to METRICS_ROUTES. Lent for as long as `m`. */
const char *metrics_route_name(const metrics *m, uint16_t route);

/* Where the worker in this slot counts this series. Looks it up in the directory: keep what comes
 * back, which is good as long as `m`. */
metrics_tally *metrics_find(metrics *m, uint32_t slot, metrics_key key);

/* Counts one request. */
void metrics_count(metrics_tally *t, int64_t duration_ns, uint64_t request_bytes,
                   uint64_t response_bytes);

/* Lines that were dropped from the access log, by the worker in this slot. */
void metrics_count_dropped(metrics *m, uint32_t slot, uint64_t lines);

/* ---- For who looks at all of it ---- */

typedef struct metrics_sum {
    uint64_t buckets[METRICS_BUCKETS], count;
    double seconds;
    uint64_t request_bytes, response_bytes;
} metrics_sum;

/* How many series there are, and one of them over all slots. A series whose count is 0 has been
 * announced and not been used yet. */
uint32_t metrics_series_count(const metrics *m);
metrics_key metrics_series_key(const metrics *m, uint32_t series);
void metrics_add_up(const metrics *m, uint32_t series, metrics_sum *out);
uint64_t metrics_dropped(const metrics *m);

#endif
