/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_LOOP_H
#define CAPRA_NET_LOOP_H

#include <stdint.h>

/* An event loop of our own, for a process that has no Node to bring one. The pointer is a
 * uv_loop_t, as net_open and worker_start take it. */
void *loop_new(void);

/* Until loop_stop, or nothing is left to wait for. */
void loop_run(void *loop);
void loop_stop(void *loop);

/* Waits for the handles that are still closing. */
void loop_free(void *loop);

/* For how long any loop has waited for something to happen; from any thread. 0 for ever when that
 * is not counted (UV_METRICS_IDLE_TIME). */
uint64_t loop_slept_ns(void *loop);

/* When it last looked at the monotonic clock: as its turn began, or as it woke. From any thread:
 * one aligned word, of which a moment ago is good enough. */
uint64_t loop_now_ms(const void *loop);

#endif
