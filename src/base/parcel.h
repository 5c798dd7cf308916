/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_PARCEL_H
#define CAPRA_BASE_PARCEL_H

#include "buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* A client's connection on its way from one process to another: its socket, and what the sender
 * knows of it. A parcel is one message over a pair of sockets, so nobody ever reads half of one,
 * and of all who wait at an end one gets it. One that nobody has taken waits there. */
typedef struct parcel {
    int fd;                 /* the client's socket */
    int64_t age_ms;         /* how long somebody has waited for it to be taken */
    bool is_returned;       /* where it was sent to first, nobody took it */
    capra_slice peer;       /* text that is kept of who the client is; may be empty */
    capra_slice note;       /* the protocol's own */
    capra_slice head, rest; /* what the client has sent and nobody is done with, in two parts;
                             * `head` has all of it when it arrives */
} parcel;

/* Nobody is to wait for longer than this for somebody to take it. */
enum { PARCEL_PATIENCE_MS = 10000 };

/* Two ends: what is sent at one is taken at the other. Closed by exec. 0, or CAPRA_E_SYSTEM with
 * errno set where there is no such thing (SOCK_SEQPACKET between processes). */
int parcel_pair(int out[2]);

/* Sends it; the sender's descriptor stays open, and is to be closed when this returns 0.
 * CAPRA_E_BUSY when so much waits at the other end that there is no room, until the socket can be
 * written to again; CAPRA_E_SYSTEM with errno set when it cannot be sent at all. */
int parcel_send(int socket, const parcel *p);

/* Takes the next one. Its descriptor is the caller's, and is closed by exec; its slices are lent by
 * `room`, until that changes. CAPRA_E_GONE when none waits; CAPRA_E_INVALID when one was taken that
 * cannot be understood: its descriptors are closed; CAPRA_E_SYSTEM when none will ever come, for
 * nobody has the other end any more. */
int parcel_take(parcel *out, int socket, buffer *room);

/* For how long the next one has waited, in milliseconds; -1: there is none. It goes on to wait. */
int64_t parcel_age_ms(int socket);

#endif
