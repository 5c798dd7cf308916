/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_PREFACE_H
#define CAPRA_NET_PREFACE_H

#include "base/ip.h"

#include <stddef.h>

/* What a proxy says about a connection before its first byte: the PROXY protocol, versions 1 and 2,
 * as the maintainers of HAProxy have written it down. */
typedef struct preface {
    bool has_address;    /* false: the peer of the socket is the client (LOCAL, UNKNOWN, UNIX) */
    ip_address from, to; /* the client, and where it connected to */
    uint16_t rest;       /* bytes behind it that are a part of it and say nothing to us */
} preface;

/* Not yet, and never. */
enum { PREFACE_MORE = 0, PREFACE_MALFORMED = -1 };

enum { PREFACE_BYTES = 107 }; /* more than these are never needed to know */

/* Reads the preface from its first byte. Returns how many bytes it takes, `rest` not counted,
 * PREFACE_MORE when so many do not tell yet, or PREFACE_MALFORMED with the first byte that makes it
 * certain, or not long after. */
long preface_read(preface *out, const char *data, size_t length);

#endif
