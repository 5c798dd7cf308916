/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_ADMIN_ADDRESS_H
#define CAPRA_ADMIN_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Where an admin listener is, as a person writes it and as the system takes it. */
typedef struct admin_place {
    bool is_unix;
    char path[4096]; /* of a Unix socket */
    struct sockaddr_storage address;
    socklen_t length;
} admin_place;

/* Reads "unix:/path", "PORT", "HOST:PORT" or "[HOST]:PORT", with or without "http://" in front;
 * HOST is a numeric address or `localhost`, without one it is 127.0.0.1. */
bool admin_place_read(admin_place *out, const char *text);

/* Bound and listening, closed by exec; -1 with errno set. A Unix socket is for its owner alone
 * (0600), and its path may be longer than the system's 107 bytes. */
int admin_place_listen(const admin_place *place);

/* Connected; -1 with errno set. */
int admin_place_connect(const admin_place *place);

/* The text that admin_place_read takes, with the port that the socket got. */
void admin_place_print(char *out, size_t size, const admin_place *place, int socket);

#endif
