/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HANDLER_DURATIONS_H
#define CAPRA_HANDLER_DURATIONS_H

#include "base/list.h"

#include <stdint.h>

/* Who has until when. There are few lengths of time (each route's own, and the general one), and
 * all that have the same one end in the order in which they began: so each length has a queue, and
 * only their heads are looked at. Times are milliseconds on one clock, the caller's. */
typedef struct duration {
    list link;
    uint64_t length_ms, due_ms;
} duration;

/* All zero is an empty one. */
typedef struct durations {
    struct duration_queue *queues;
} durations;

/* When nobody is in any queue any more. */
void durations_cleanup(durations *d);

/* `each`, zeroed or stopped, has `length_ms` from `since_ms` on; it is lent until it is stopped or
 * due.
 */
void durations_start(durations *d, duration *each, uint64_t since_ms, uint64_t length_ms);

/* Nothing for one that runs in no queue. */
static inline void duration_stop(duration *each)
{
    if (each->link.next != NULL)
        list_remove(&each->link);
}

static inline bool duration_runs(const duration *each)
{
    return each->link.next != NULL && !list_empty(&each->link);
}

/* One whose time is over at `now_ms`, stopped; NULL when there is none. */
duration *durations_due(durations *d, uint64_t now_ms);

/* When the next one is due; 0: nobody waits. */
uint64_t durations_next(const durations *d);

#endif
