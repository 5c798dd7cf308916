/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_DOORBELL_H
#define CAPRA_SUPERVISOR_DOORBELL_H

#include <stdbool.h>
#include <stdint.h>

/* While no worker serves, the supervisor itself watches the listening sockets. It takes no
 * connection; it only hears that one waits. */
typedef struct doorbell doorbell;

/* Silent at first. `loop` is a uv_loop_t; the sockets stay the caller's, and stay open until
 * doorbell_close. NULL, with errno set, when they cannot be watched. */
doorbell *doorbell_open(void *loop, const int *sockets, uint32_t count,
                        void (*on_ring)(void *owner), void *owner);

/* `on_ring` is called, again and again, while a connection waits and it is on. */
void doorbell_turn(doorbell *d, bool is_on);

/* The memory goes when the loop has closed the handles. Takes NULL. */
void doorbell_close(doorbell *d);

#endif
