/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_SPREAD_H
#define CAPRA_NET_SPREAD_H

#include "base/scoreboard.h"

/* Who takes the next connection. All workers wait at the same sockets, and each new connection
 * wakes all of them. A worker that has more connections than the emptiest one stands back for a
 * moment and lets that one take it. It does so only a few times in a row: a neighbour that takes
 * nothing in that time is busy with something long, and for a while is not waited for. */
typedef struct spread {
    const score *neighbour; /* that was waited for last */
    uint64_t accepted;      /* by it, when it was */
    uint32_t waits;         /* in a row, for nothing */
    uint64_t free_until_ms; /* until then nobody is waited for */
} spread;

enum {
    SPREAD_MARGIN = 1,    /* connections more than the emptiest that are no reason to wait */
    SPREAD_WAIT_MS = 3,   /* how long to stand back */
    SPREAD_WAITS = 8,     /* how often in a row, when nothing comes of it */
    SPREAD_FREE_MS = 500, /* for how long not to, after that */
};

/* A connection is there to be taken: whether to leave it alone for SPREAD_WAIT_MS. `emptiest` is
 * scoreboard_emptiest's answer. */
bool spread_waits(spread *s, const score *own, const score *emptiest, uint64_t now_ms);

#endif
