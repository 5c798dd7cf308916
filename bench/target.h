/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

/* Where the measuring programs send their requests: this machine, and no other. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct target {
    struct sockaddr_in address;
    char host[80]; /* as the Host field has it, with the port */
    char path[512];
} target;

/* Reads http://127.0.0.1:PORT/PATH. Anything else ends the program with code 2. */
static inline target read_target(const char *url)
{
    target out = { .path = "/" };
    char host[64];
    unsigned port;
    out.address.sin_family = AF_INET;
    if (sscanf(url, "http://%63[0-9.]:%5u%511s", host, &port, out.path) < 2 || port > 65535 ||
        inet_pton(AF_INET, host, &out.address.sin_addr) != 1) {
        fprintf(stderr, "expected http://127.0.0.1:PORT/PATH, found %s\n", url);
        exit(2);
    }
    if (ntohl(out.address.sin_addr.s_addr) >> 24 != 127) {
        fprintf(stderr, "load is put on this machine only (127.0.0.0/8), not on %s\n", host);
        exit(2);
    }
    out.address.sin_port = htons((uint16_t)port);
    snprintf(out.host, sizeof out.host, "%s:%u", host, port);
    return out;
}

#endif
