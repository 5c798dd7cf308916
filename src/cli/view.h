/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_VIEW_H
#define CAPRA_CLI_VIEW_H

#include "base/buffer.h"

#include <jansson.h>

/* How a server's /status looks to a person. */
typedef struct view {
    const json_t *now;
    const json_t *before; /* what it was some time ago, for rates; NULL: totals only */
    double seconds;       /* since then */
    int columns, rows;    /* of the screen; 0: as many as it takes */
    bool is_colored;
} view;

/* Appends it to `out`, in as many rows as there are. */
void view_write(const view *v, buffer *out);

#endif
