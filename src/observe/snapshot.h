/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_OBSERVE_SNAPSHOT_H
#define CAPRA_OBSERVE_SNAPSHOT_H

#include "base/buffer.h"
#include "base/scoreboard.h"
#include "metrics.h"

#include <sys/types.h>

/* All that can be seen of a running server, as of one moment: what the supervisor knows, what the
 * scoreboard and the metrics say. Pages of it are written from here. */

typedef struct snapshot_worker {
    uint32_t slot, pid, generation;
    score_state state;
    score_group group;
    uint32_t connections, in_flight;
    uint64_t requests, memory_bytes;
    double uptime_s;
    double busy;  /* share of the time that its loop did not sleep, lately: 0 to 1; -1: not known */
    double lag_s; /* by how much its loop is late */
} snapshot_worker;

typedef struct snapshot {
    /* Set by the caller. */
    const char *version, *phase;
    pid_t pid;
    double started_at; /* seconds since 1970 */
    double uptime_s;
    uint32_t generation, wanted;
    uint64_t reloads, refused; /* generations after the first; those that came to nothing */
    uint64_t started, died;    /* workers; those that died though nobody had asked them to */
    int64_t queue;             /* connections that no worker has taken yet; -1: nobody can tell */
    uint64_t memory_bytes;     /* of the supervisor */
    const metrics *metrics;

    /* Set by snapshot_fill. */
    uint64_t accepted, requests;
    uint64_t handed_over; /* connections, between workers of two kinds */
    bool has_groups;      /* there are two kinds */
    uint32_t connections, in_flight;
    uint32_t worker_count;
    snapshot_worker workers[SCOREBOARD_SLOTS];
} snapshot;

/* What was seen of each worker's loop at the last look: the next one makes a share of it. */
typedef struct snapshot_history {
    struct {
        uint32_t pid;
        uint64_t beat_ns, idle_ns;
        double busy;
    } slots[SCOREBOARD_SLOTS];
} snapshot_history;

/* Adds what the scoreboard says at `now_ns`, on its clock. */
void snapshot_fill(snapshot *s, snapshot_history *history, const scoreboard *board,
                   uint64_t now_ns);

/* "serving". Lent for ever. */
const char *snapshot_state_name(score_state state);

/* "natives"; NULL for workers that serve everything. Lent for ever. */
const char *snapshot_group_name(score_group group);

/* The text format of Prometheus, 0.0.4, with OpenTelemetry's names for what is about HTTP. */
void snapshot_write_prometheus(const snapshot *s, buffer *out);

/* A JSON object for people and programs; see docs/operations.md. To be freed with free. */
char *snapshot_write_json(const snapshot *s);

#endif
