/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_ADMIN_H
#define CAPRA_ADMIN_H

#include "observe/metrics.h"
#include "supervisor/supervisor.h"

/* The admin listener: what a running server tells of itself, on a socket of its own, answered by
 * the supervisor's process, so that it answers when all workers are stuck or there are none.
 *
 *     GET /livez     200 as long as the supervisor runs
 *     GET /readyz    200 while requests are answered; 503 before that and while draining
 *     GET /metrics   for Prometheus
 *     GET /status    for `capra status` and `capra top`: JSON
 *     POST /reload, POST /stop   as SIGHUP and SIGTERM; only on a Unix socket, whose file only the
 *                    server's own user can open: a port any program on the machine can reach, and
 *                    any web page in a browser there */
typedef struct admin admin;

typedef struct admin_config {
    /* "auto": .capra/run/PID.sock in the project; "off"; "unix:/path"; "HOST:PORT", "PORT". */
    const char *address;
    const char *directory; /* the project's */
    const char *version;
    const metrics *metrics;
    const int *listeners; /* of the server, to see what waits in them */
    uint32_t listener_count;
} admin_config;

/* Binds the socket. `config` and what it lends outlive it. With "off", and when "auto" finds no
 * place for its socket, `*out` is NULL and 0 is returned. Else 0, or CAPRA_E_INVALID or
 * CAPRA_E_SYSTEM with a sentence in `why`. */
int admin_listen(admin **out, const admin_config *config, char *why, size_t why_size);

/* Where it is, "unix:/path" or "http://127.0.0.1:9090". Lent. NULL for NULL. */
const char *admin_address(const admin *a);

/* Begins to answer. `loop` is the supervisor's uv_loop_t. Takes NULL. */
void admin_open(admin *a, supervisor *s, void *loop);

/* Ends, and removes the socket's file; the memory goes when the loop has closed its handles. Takes
 * NULL. */
void admin_close(admin *a);

#endif
