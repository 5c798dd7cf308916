/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_EMBED_ADDRESS_H
#define CAPRA_EMBED_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

/* Opens a socket that listens: "127.0.0.1:3000", "[::1]:0", "localhost:3000", ":3000" (all
 * addresses), "unix:/run/app.sock", "fd:3" (one that listens already, taken over). Returns the
 * descriptor, with the port that it has (0 for a Unix socket); or -1, with a sentence in `why`. */
int address_listen(const char *address, uint16_t *port, char *why, size_t why_size);

#endif
