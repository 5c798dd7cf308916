/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_NETWORKS_H
#define CAPRA_BASE_NETWORKS_H

#include "ip.h"

#include <stddef.h>

/* A list of networks: who is trusted. Made once, then only read. */
typedef struct networks networks;

/* What a list is, for who has written one that is none. */
#define NETWORKS_EXPECTED                                                                              \
    "addresses and networks such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32, or `loopback`, `private` " \
    "or `unix`, with commas between them; or `none`"

/* Reads a list: "10.0.0.0/8, 2001:db8::/32, loopback". `loopback` is 127.0.0.0/8 and ::1, `private`
 * the networks of RFC 1918 and RFC 4193, `unix` every peer of a Unix socket, and `none`, which
 * stands alone, nobody. Returns 0, or CAPRA_E_INVALID with the member that is wrong, and why, in
 * `why`. */
int networks_parse(networks **out, capra_slice text, char *why, size_t why_size);

/* Takes NULL. */
void networks_free(networks *n);

/* Whether the address is in one of them. One that is not known is the peer of a Unix socket. */
bool networks_has(const networks *n, const ip_address *a);

#endif
