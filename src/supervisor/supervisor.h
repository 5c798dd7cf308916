/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_H
#define CAPRA_SUPERVISOR_H

#include "base/scoreboard.h"
#include "scale.h"

#include <stdbool.h>
#include <stdint.h>

/* Worker processes: started, watched, replaced, drained. The supervisor only supervises: it
 * holds the listening socket, so that no connection is refused while a worker is being replaced,
 * and answers nothing itself. */

typedef struct supervisor supervisor;

/* What workers of a build are: argument vectors, ended by NULL. */
typedef struct worker_plan {
    char *const *command; /* of those that take connections */
    char *const *natives; /* of those that routes in C have for themselves; NULL: they have none */
} worker_plan;

typedef struct supervisor_config {
    /* It may depend on the build, so it is asked for before each start. False, with a sentence in
     * `error`, when it cannot be known. */
    bool (*plan)(void *data, worker_plan *out, const char **error);
    /* Before each start as well: the whole environment of workers. */
    char *const *environment;
    const char *slot_variable; /* that tells a worker its slot in the scoreboard, beside it */
    const char *directory;     /* the project's; where workers run */
    char *const *compiler; /* in development: the command that rebuilds at each change; else NULL */
    const int *listeners;  /* sockets that listen, WORKER_LISTENERS at most;
                            * closed when it stops */
    uint32_t listener_count;
    int metrics_fd;        /* shared memory, for workers to count requests in */
    scale_limits scale;    /* how many workers take connections */
    uint32_t natives;      /* how many there are besides for routes in C; 0: these have none */
    uint64_t worker_bytes; /* one that has more memory is replaced; 0: none is */
    uint64_t shutdown_ms;
    bool tells_signal; /* after SIGTERM and SIGINT the exit code is 128 and the signal's number */
    const char *admin; /* where the admin listener is, for other commands to find; NULL: nowhere */
    /* Its loop, a uv_loop_t, is there: what else is to run on it begins now, and at the end closes
     * its handles. */
    void (*on_open)(void *data, supervisor *s, void *loop);
    void (*on_close)(void *data);
    /* Everyone serves for the first time; `routes` as the worker has counted. */
    void (*on_ready)(void *data, uint32_t routes);
    void *data;
} supervisor_config;

/* What one may hope for who connects now. */
typedef enum supervisor_phase {
    SUPERVISOR_STARTING,
    SUPERVISOR_SERVING, /* with no worker at all, too, when the next connection wakes one */
    SUPERVISOR_DRAINING,
} supervisor_phase;

/* What it is in now. */
supervisor_phase supervisor_get_phase(const supervisor *s);

/* What has happened so far. */
typedef struct supervisor_facts {
    supervisor_phase phase;
    uint32_t generation, wanted; /* of workers, now */
    uint64_t reloads, refused;   /* begun; come to nothing */
    uint64_t started, died;      /* workers; those that died though nobody had asked them to */
} supervisor_facts;

/* As they are now. */
void supervisor_get_facts(const supervisor *s, supervisor_facts *out);

/* Lent for as long as the supervisor runs. */
const scoreboard *supervisor_scoreboard(const supervisor *s);

/* Runs until a signal ends it or it cannot go on. Returns the process's exit code. */
int supervisor_run(const supervisor_config *config);

#endif
