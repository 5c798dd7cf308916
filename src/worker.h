/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_WORKER_H
#define CAPRA_WORKER_H

#include "handler/script.h"
#include "options.h"
#include "server.h"
#include "supervisor/message.h"

/* A process that answers requests: the server, its sockets and its supervisor's channel, on
 * one loop. The same in the executable and inside Node. */
typedef struct worker worker;

typedef struct worker_config {
    options options;
    char manifest[4096]; /* relative to the working directory, which is the project's folder */
    uint32_t listeners;  /* how many sockets, from WORKER_LISTEN_FD on */
    bool is_development;
} worker_config;

/* The variable that carries the config from the supervisor to the worker, as JSON. */
#define WORKER_VARIABLE "CAPRA_WORKER"

/* The variable that carries the number of the worker's slot in the scoreboard. */
#define WORKER_SLOT_VARIABLE "CAPRA_WORKER_SLOT"

/* The config as text for WORKER_VARIABLE; to be freed with free. */
char *worker_config_write(const worker_config *config);

/* Reads it back. 0, or CAPRA_E_INVALID with a sentence in `why`. */
int worker_config_read(worker_config *out, const char *text, char *why, size_t why_size);

/* Starts to serve. `loop` is a uv_loop_t; `script` may be NULL and outlives the worker. `on_end` is
 * called when the worker has drained and closed all that it had: the process is to exit then.
 * Returns 0, or a code with a sentence in `why`. */
int worker_start(worker **out, void *loop, const worker_config *config, const script_host *script,
                 void (*on_end)(void *data), void *data, char *why, size_t why_size);

/* For the script host. */
server *worker_server(worker *w);

/* While it is held, a worker that drains does not end by itself, though no connection is open:
 * work goes on that nobody waits for. The time to drain is the limit all the same. */
void worker_hold(worker *w, bool is_held);

/* Closes everything at once; `on_end` is called when it is done. */
void worker_stop(worker *w);

#endif
