/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_WORKER_CHANNEL_H
#define CAPRA_SUPERVISOR_WORKER_CHANNEL_H

#include "message.h"

/* One end of the pair between supervisor and worker; both ends are alike. */
typedef struct channel channel;

typedef struct channel_events {
    void (*on_message)(void *owner, const message *m);
    void (*on_end)(void *owner); /* the other process has gone */
    void *owner;
} channel_events;

/* Takes over the descriptor. `loop` is a uv_loop_t. 0, or CAPRA_E_SYSTEM with errno set. */
int channel_open(channel **out, void *loop, int fd, const channel_events *events);

/* Messages are small and few: what the socket does not take at once is lost, and the other
 * side is dead anyway. */
void channel_send(channel *c, message_kind kind, uint32_t value);

/* No event comes after this. The memory goes when the loop has closed the handle. */
void channel_close(channel *c);

#endif
