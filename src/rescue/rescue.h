/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESCUE_H
#define CAPRA_RESCUE_H

#include "net/net.h"
#include "server.h"

/* When a worker cannot go on (a handler that never returns, a fault, an exit), everyone who waits
 * is answered, the log says who it was, and the process ends; the supervisor starts the next.
 *
 * There is one worker in a process, and a signal handler has no argument: what is kept here is the
 * process's. */

/* What ends when the loop has stood still for too long. As timeout(1) has it. */
enum { RESCUE_EXIT_STALLED = 124 };

typedef struct rescue_config {
    server *server;
    const net *net;
    void *loop;        /* a uv_loop_t; run by the calling thread */
    uint64_t stall_ms; /* the loop may be held for so long; 0: it is not watched */
} rescue_config;

/* Before the app is loaded, on the thread that will have the loop: from now on the log says where a
 * fault was. */
void rescue_prepare(void);

/* From now on signals and the end of the process are caught for those who wait for an answer, and
 * the loop is watched. */
void rescue_begin(const rescue_config *config);

/* The worker has closed all that it had. Does nothing when nothing was begun or prepared. */
void rescue_end(void);

/* Around each visit to what the worker does in a turn of its loop. */
void rescue_enter(void);
void rescue_leave(void);

/* ---- For the script host ---- */

/* `ask` is called from another thread when the loop stands still: it is to have rescue_judge called
 * on the loop's thread as soon as that runs JavaScript, in the middle of whatever it runs. */
void rescue_set_interrupt(void (*ask)(void *data), void *data);

/* The loop's thread has been interrupted where it stands. `stack`: the lines that say where. Comes
 * back when there is time left. */
void rescue_judge(capra_slice stack);

/* The process is about to end with this code, by a call of process.exit. */
void rescue_on_exit(int code, capra_slice stack);

#endif
