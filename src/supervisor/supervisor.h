/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_H
#define CAPRA_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

/* Worker processes: started, watched, replaced, drained. The supervisor only supervises: it
 * holds the listening socket, so that no connection is refused while a worker is being replaced,
 * and answers nothing itself. */

typedef struct supervisor_config {
    /* What a worker is: an argument vector, ended by NULL. In development it may depend on the
     * build, so it is asked for before each start; with `error` set it cannot be known. */
    char *const *(*worker_command)(void *data, const char **error);
    /* Before each start as well: the whole environment of workers. */
    char *const *environment;
    const char *slot_variable; /* that tells a worker its slot in the scoreboard, beside it */
    const char *directory;     /* the project's; where workers run */
    char *const *compiler; /* in development: the command that rebuilds at each change; else NULL */
    const int *listeners;  /* sockets that listen, WORKER_LISTENERS at most;
                            * closed when it stops */
    uint32_t listener_count;
    uint32_t workers;
    uint64_t shutdown_ms;
    /* Everyone serves for the first time; `routes` as the worker has counted. */
    void (*on_ready)(void *data, uint32_t routes);
    void *data;
} supervisor_config;

/* Runs until a signal ends it or it cannot go on. Returns the process's exit code. */
int supervisor_run(const supervisor_config *config);

#endif
