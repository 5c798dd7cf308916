/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_WORKER_SIGNALS_H
#define CAPRA_SUPERVISOR_WORKER_SIGNALS_H

/* SIGTERM and SIGINT to a worker itself: a service manager may send them to every process of the
 * service. It is no reason to drop what is in flight; the supervisor, if it was told too, says the
 * same over the channel. */
typedef struct worker_signals worker_signals;

/* `on_stop` is called for each. `loop` is a uv_loop_t. */
worker_signals *worker_signals_start(void *loop, void (*on_stop)(void *owner), void *owner);

/* Takes NULL. The memory goes when the loop has closed the handles. */
void worker_signals_stop(worker_signals *s);

#endif
