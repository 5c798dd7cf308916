/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_WORKER_PULSE_H
#define CAPRA_SUPERVISOR_WORKER_PULSE_H

#include "base/scoreboard.h"

/* In a worker: writes into its slot of the scoreboard, twice in a second, how its loop does and
 * how much memory the process has. Who has not written for longer is busy with one thing. */
typedef struct pulse pulse;

enum { PULSE_MS = 500 };

/* `loop` is a uv_loop_t. The slot outlives the pulse. */
pulse *pulse_start(void *loop, score *slot);

/* The memory goes when the loop has closed the handle. Takes NULL. */
void pulse_stop(pulse *p);

#endif
