/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_IP_H
#define CAPRA_BASE_IP_H

#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

struct sockaddr_storage;

/* Where a peer is. One form for both families: IPv4 as ::ffff:0:0/96 (RFC 4291, 2.5.5.2), so that
 * the same peer is the same address, whichever socket it came through. */
typedef struct ip_address {
    uint8_t bytes[16];
    uint16_t port; /* 0: nobody knows */
    bool is_known; /* false: it has none, as the peer of a Unix socket */
} ip_address;

enum { IP_TEXT = 46 }; /* the longest that ip_print writes, its zero byte included */

/* Reads an address as proxies write them: IPv4 or IPv6, with or without a port, IPv6 in brackets
 * or, without a port, not: "192.0.2.7", "192.0.2.7:4000", "2001:db8::7", "[2001:db8::7]:4000".
 * False for everything else, zones and leading zeros included. */
bool ip_parse(ip_address *out, capra_slice text);

/* From what the system says. */
void ip_of_socket(ip_address *out, const struct sockaddr_storage *from);

/* Without the port; IPv4 without `::ffff:`. Nothing when it is not known. Returns `out`. */
const char *ip_print(char out[IP_TEXT], const ip_address *a);

/* Only of an address that is known. */
bool ip_is_v4(const ip_address *a);

#endif
