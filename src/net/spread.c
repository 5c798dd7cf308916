/* SPDX-License-Identifier: MIT */
#include "spread.h"

bool spread_waits(spread *s, const score *own, const score *emptiest, uint64_t now_ms)
{
    if (emptiest == NULL || now_ms < s->free_until_ms ||
        score_get(&own->connections) <= score_get(&emptiest->connections) + SPREAD_MARGIN) {
        s->waits = 0;
        return false;
    }
    uint64_t const accepted = score_get(&emptiest->accepted);
    if (emptiest != s->neighbour || accepted != s->accepted)
        s->waits = 0;
    if (s->waits == SPREAD_WAITS) {
        s->waits = 0;
        s->free_until_ms = now_ms + SPREAD_FREE_MS;
        return false;
    }
    s->neighbour = emptiest;
    s->accepted = accepted;
    s->waits++;
    return true;
}
