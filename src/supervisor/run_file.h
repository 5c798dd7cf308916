/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_RUN_FILE_H
#define CAPRA_SUPERVISOR_RUN_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* .capra/run/supervisor.json, by which other commands find the server of a project:
 * {"pid": 1234, "admin": "…", "generation": 2, "refused": 0}. It is there while the server runs. */

typedef struct run_state {
    pid_t pid;
    char admin[1024]; /* where the admin listener is, as a URL or `unix:/path`; empty: there is none
                       */
    uint32_t generation; /* of the workers that serve; each reload makes a new one */
    uint32_t refused;    /* reloads after which the old generation went on */
} run_state;

/* Writes it anew, so that a reader sees all of it or the one before. `project` is the folder.
 * False, with errno set, when it cannot be written; the server runs without it. */
bool run_file_write(const char *project, const run_state *state);

/* Makes its folder, for a user who could not. False, with errno set, when it cannot be. */
bool run_file_prepare(const char *project, uid_t user, gid_t group);

/* False when there is none, or its process is gone. */
bool run_file_read(const char *project, run_state *out);

/* Unless another server of the same project has written it since. */
void run_file_remove(const char *project);

#endif
