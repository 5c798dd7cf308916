/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_FERRY_H
#define CAPRA_NET_FERRY_H

#include "tcp.h"

/* Takes connections over to workers of the other kind, and those in that come from there. All
 * workers of a kind wait at the same socket, as they do at those that listen, and who is free
 * takes the next one. */
typedef struct ferry ferry;

/* The socket is taken over; it is one end of a parcel_pair. 0, or CAPRA_E_SYSTEM with errno set. */
int ferry_open(ferry **out, net *n, int socket);

/* conn_transport's `hand_over`. */
int ferry_hand_over(conn *c, capra_slice note, capra_slice head);

/* There is room again for what comes. */
void ferry_resume(ferry *f);

/* Whether to take what comes; at first it does. Sending goes on whatever is said. */
void ferry_take(ferry *f, bool takes);

/* While it takes: nothing waits, and nothing can come any more. Takes what does. */
bool ferry_is_done(ferry *f);

/* Its memory goes when the loop has closed its handle. */
void ferry_close(ferry *f);

#endif
