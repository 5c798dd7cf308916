/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_LOAD_H
#define CAPRA_SUPERVISOR_LOAD_H

#include "child.h"
#include "scale.h"

/* What there is to do, from the scoreboard and from the sockets. */
typedef struct load {
    uint64_t events;    /* connections and requests, ever */
    uint64_t active_ms; /* when there was something to do last */
} load;

/* Measures since the last time. */
void load_measure(load *l, const child_family *family, scale_sample *out);

#endif
