/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_ACCEPTOR_H
#define CAPRA_NET_ACCEPTOR_H

#include "base/scoreboard.h"

/* Takes connections from the listening sockets that a worker shares with all others. */
typedef struct acceptor acceptor;

typedef struct acceptor_events {
    /* A connection: its socket is the owner's, does not block, and is closed by exec. */
    void (*on_socket)(void *owner, int socket);
    /* Whether there is room for one; without, connections wait in the kernel until
     * acceptor_resume. */
    bool (*has_room)(void *owner);
    void *owner;
} acceptor_events;

/* Sockets that listen already; taken over. `loop` is a uv_loop_t. `slot` is the worker's own in
 * `board`, and both outlive the acceptor. 0, or CAPRA_E_SYSTEM with errno set. */
int acceptor_open(acceptor **out, void *loop, const int *sockets, uint32_t count,
                  const scoreboard *board, uint32_t slot, const acceptor_events *events);

/* There is room again. */
void acceptor_resume(acceptor *a);

/* Takes what has connected already, whatever room there is. */
void acceptor_take_rest(acceptor *a);

/* Takes no more. `on_closed` is called later, or at once; the memory is gone then. */
void acceptor_close(acceptor *a, void (*on_closed)(void *owner), void *owner);

#endif
