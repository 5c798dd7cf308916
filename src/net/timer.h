/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_TIMER_H
#define CAPRA_NET_TIMER_H

#include <stdint.h>

/* One moment that somebody waits for. */
typedef struct timer timer;

/* Calls `on_due(data)` once, after `ms` milliseconds; the timer is gone then. `loop` is a
 * uv_loop_t. */
timer *timer_start(void *loop, uint64_t ms, void (*on_due)(void *data), void *data);

/* Before it is due: it never will be. */
void timer_stop(timer *t);

#endif
