/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_LISTEN_H
#define CAPRA_CLI_LISTEN_H

#include "supervisor/message.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The sockets that a server listens on: opened, or handed over by systemd, before anything else. */

typedef struct listener {
    int fd;
    bool is_unix, is_everywhere; /* on all interfaces */
    uint16_t port;
    char name[256]; /* the host as it was given, or the socket's path */
    bool is_ours;   /* a path that this process has made */
    dev_t device;   /* of it */
    ino_t inode;
} listener;

typedef struct listeners {
    listener all[WORKER_LISTENERS];
    int fds[WORKER_LISTENERS]; /* the same, for the supervisor */
    uint32_t count;
} listeners;

/* Each adds one, or says on stderr why it cannot, what that means and how to mend it. Then it
 * returns false. */

/* `hostname` NULL: all interfaces. Port 0: any free one. */
bool listen_tcp(listeners *out, const char *hostname, uint16_t port);

/* As `--listen` has it: `8080`, `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/app.sock`, and behind a
 * path `,mode=660`. */
bool listen_at(listeners *out, const char *address);

/* All sockets that systemd has opened for this process (sd_listen_fds(3)); none is fine. */
bool listen_inherited(listeners *out);

/* Gives the paths to another user, who may then connect to them whatever their mode. */
bool listen_give(const listeners *l, uid_t user, gid_t group);

/* Removes the paths that were made; the sockets are the supervisor's to close. */
void listen_cleanup(const listeners *l);

#endif
