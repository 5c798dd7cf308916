/* SPDX-License-Identifier: MIT */
#include "workload.h"

bool workload_take_request(workload *l, workload_part *part)
{
    if (l->most_requests > 0 && l->requests >= l->most_requests)
        return false;
    l->requests++;
    part->is_counted = true;
    return true;
}

bool workload_take_bytes(workload *l, workload_part *part, uint64_t bytes)
{
    if (l->most_bytes > 0 && bytes > l->most_bytes - l->bytes)
        return false;
    l->bytes += bytes;
    part->bytes += bytes;
    return true;
}

void workload_give_back(workload *l, workload_part *part)
{
    l->requests -= part->is_counted ? 1 : 0;
    l->bytes -= part->bytes;
    *part = (workload_part){ 0 };
}
