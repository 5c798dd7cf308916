/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESCUE_GUARD_H
#define CAPRA_RESCUE_GUARD_H

#include <setjmp.h>
#include <stdbool.h>

/* Around what reads memory that may be broken: a fault in there comes back to where the guard was
 * entered. Guards stand inside each other; each is left before its function returns.
 *
 *     guard g;
 *     if (GUARD_ENTER(&g))
 *         read what may fault
 *     guard_leave(&g);
 */
typedef struct guard {
    sigjmp_buf place;
    struct guard *outer;
} guard;

/* True at first, false when a fault has come back. A macro, for the frame must be the caller's. */
#define GUARD_ENTER(g) (guard_push(g), sigsetjmp((g)->place, 0) == 0)

/* The two halves: from the first to the second it is the innermost guard. */
void guard_push(guard *g);
void guard_leave(guard *g);

/* For a signal handler: back to the innermost guard, if there is one. All guards are one thread's,
 * and it is for the caller to know that the fault is that thread's too. */
void guard_return(void);

#endif
