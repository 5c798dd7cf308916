/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_REMOTE_H
#define CAPRA_CLI_REMOTE_H

#include "supervisor/run_file.h"

#include <jansson.h>

/* How commands reach the server that runs in a project. */

/* The server of this project. False after a line that says that there is none. */
bool remote_find(run_state *out, const char *directory);

/* Asks its admin listener. The body of the answer, to be freed with free; NULL after a line that
 * says what went wrong, unless `is_quiet`. */
char *remote_get(const run_state *server, const char *path, bool is_quiet);

/* Sends it a signal, if it is still the same program. False after a line that says why not. */
bool remote_signal(const run_state *server, int signal);

#endif
