/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_POLICY_WORKLOAD_H
#define CAPRA_POLICY_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

/* How much a worker has taken on: requests whose head has come, and bytes of bodies that it keeps
 * for them. Beyond its limits a request is turned away while that is still cheap, so that those
 * that are being answered have memory and time. */
typedef struct workload {
    uint32_t requests, most_requests; /* a limit of 0: none */
    uint64_t bytes, most_bytes;
} workload;

/* What one request is of it. */
typedef struct workload_part {
    uint64_t bytes;
    bool is_counted;
} workload_part;

/* One request more; false when there are as many as there may be. */
bool workload_take_request(workload *l, workload_part *part);

/* So many bytes more for a request; false when there would be too many. */
bool workload_take_bytes(workload *l, workload_part *part, uint64_t bytes);

/* The request has ended, whatever it was of the load. */
void workload_give_back(workload *l, workload_part *part);

#endif
