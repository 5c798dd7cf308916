/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_CROWD_H
#define CAPRA_NET_CROWD_H

#include "base/ip.h"

/* How many connections each address has. Of IPv6 a network of 64 bits counts as one address: that
 * is what a single customer gets, and whoever has it can use all of it. */
typedef struct crowd crowd;

/* One address's connections; there as long as it has any. */
typedef struct crowd_member crowd_member;

/* Nobody is in it. To be freed. */
crowd *crowd_new(void);

/* When nobody is in it any more. Takes NULL. */
void crowd_free(crowd *c);

/* Counts one more connection of an address that is known, unless it has `most`: then NULL. What is
 * returned goes back with crowd_leave. */
crowd_member *crowd_enter(crowd *c, const ip_address *from, uint32_t most);

/* Counts one less. Takes NULL. */
void crowd_leave(crowd *c, crowd_member *member);

/* How many different addresses there are. */
uint32_t crowd_size(const crowd *c);

#endif
