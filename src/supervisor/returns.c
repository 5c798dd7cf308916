/* SPDX-License-Identifier: MIT */
#include "returns.h"

#include "base/log.h"

#include <unistd.h>

enum { SWEEP_PARCELS = 256 }; /* at once: more may come meanwhile */

static bool is_due(int64_t age_ms, bool has_takers)
{
    return age_ms >= (has_takers ? PARCEL_PATIENCE_MS : 0);
}

/* What is sent at one end is taken at the other; at which one it waited says `from`. */
static bool send_back(const int ends[2], int from, parcel p)
{
    p.is_returned = true;
    p.age_ms = 0;
    return parcel_send(ends[from], &p) == 0;
}

static void keep_waiting(const int ends[2], int from, const parcel *p)
{
    if (parcel_send(ends[!from], p) != 0)
        log_line(LOG_ERROR, "a connection is cut: neither kind of workers has room for it");
}

static uint32_t sweep_end(const int ends[2], int from, bool has_takers)
{
    uint32_t count = 0;
    buffer room = { 0 };
    for (int i = 0; i < SWEEP_PARCELS && is_due(parcel_age_ms(ends[from]), has_takers); i++) {
        parcel p;
        if (parcel_take(&p, ends[from], &room) != 0)
            continue;
        /* Between the two looks a worker may have taken the one that was due. */
        bool const goes = is_due(p.age_ms, has_takers) && send_back(ends, from, p);
        if (!goes)
            keep_waiting(ends, from, &p);
        close(p.fd);
        if (!goes)
            break;
        count++;
    }
    buffer_cleanup(&room);
    return count;
}

uint32_t returns_sweep(const int ends[2], const bool has_takers[2])
{
    uint32_t count = 0;
    for (int from = 0; from < 2; from++)
        if (has_takers[!from])
            count += sweep_end(ends, from, has_takers[from]);
    return count;
}
