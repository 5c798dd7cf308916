/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_DEADLINE_H
#define CAPRA_NET_DEADLINE_H

#include "conn.h"

#include <uv.h>

/* One queue for each kind of deadline. All in a queue wait equally long, so it is ordered by
 * itself: who starts goes to the end, who runs out stands at the front. One timer, set
 * to the earliest front, serves all. */
typedef struct deadlines {
    uv_loop_t *loop;
    uv_timer_t timer;
    uint64_t length_ms[CONN_DEADLINES];
    void (*on_deadline)(conn *c);
    uint64_t wakes_at; /* when the timer fires; 0: it is not set */
    list queues[CONN_DEADLINES];
} deadlines;

/* `on_deadline` is called with a connection whose time has run out; `deadline` says which. */
void deadlines_init(deadlines *d, uv_loop_t *loop, const uint64_t length_ms[CONN_DEADLINES],
                    void (*on_deadline)(conn *c));

/* Starts `kind` for the connection in place of what runs; CONN_NO_DEADLINE stops it. */
void deadlines_set(deadlines *d, conn *c, conn_deadline kind);

/* From now on, and for those who wait already, `kind` takes at most `length_ms`. */
void deadlines_shorten(deadlines *d, conn_deadline kind, uint64_t length_ms);

/* Stops the timer; its handle is closed with the loop's others. */
void deadlines_close(deadlines *d, uv_close_cb on_close);

#endif
