/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_OBSERVER_H
#define CAPRA_OBSERVER_H

#include "observe/metrics.h"
#include "options.h"
#include "request.h"

/* Tells of requests: each that has ended gives a line of the access log, and is counted. A server
 * without an observer pays one branch for it. */
typedef struct observer observer;

/* Where it counts; `shared` NULL: nowhere. */
typedef struct observer_tally {
    metrics *shared; /* lent, and outlives the observer */
    uint32_t slot;
} observer_tally;

/* `o` is lent and outlives it. `*out` is NULL when nobody wants to know anything. 0, or
 * CAPRA_E_SYSTEM with a sentence in `why`. */
int observer_open(observer **out, const options *o, bool is_development, observer_tally tally,
                  char *why, size_t why_size);

/* Writes what waits. Takes NULL. */
void observer_close(observer *o);

/* Now, on the clock of `started_ns`. */
int64_t observer_now_ns(void);

/* The request has ended, or its client has gone (`is_cut`). It is still as it was. */
void observer_tell(observer *o, const capra_request *req, bool is_cut);

/* The request's head is there. Returns header lines for its answer, made in its arena: the id that
 * it has in the log; empty when clients are not told. */
capra_slice observer_begin(observer *o, capra_request *req);

/* The same of a request that the end of its worker has answered with this status, past all that
 * answers else. */
void observer_tell_instead(observer *o, const capra_request *req, int status);

/* Writes what waits, as far as it goes at once. */
void observer_flush(observer *o);

/* The app's routes may stand elsewhere from now on. */
void observer_forget_routes(observer *o);

/* After each turn of the loop. Returns in how many milliseconds it wants the next one; 0: it does
 * not matter. Takes NULL. */
uint32_t observer_turn(observer *o);

#endif
