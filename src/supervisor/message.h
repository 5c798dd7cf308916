/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_MESSAGE_H
#define CAPRA_SUPERVISOR_MESSAGE_H

#include <stdint.h>

/* Descriptors that a worker is born with. Sockets that listen come behind these, for there may be
 * many, and last, where there are workers of two kinds, the one that connections are handed over
 * at (see base/parcel.h). */
enum {
    WORKER_CHANNEL_FD = 3,
    WORKER_SCOREBOARD_FD,
    WORKER_METRICS_FD,
    WORKER_LISTEN_FD,
    WORKER_LISTENERS = 16
};

/* What the supervisor and a worker say to each other over a socket pair. Numbers are never
 * used again: a supervisor may be newer than its workers, for a moment. */
enum { MESSAGE_VERSION = 1 };

typedef enum message_kind {
    /* From the worker: 1 to 63. */
    MESSAGE_READY = 1,    /* it serves; value: its routes */
    MESSAGE_RELOADED = 3, /* the new manifest is served */
    MESSAGE_RESIGNED = 4, /* handlers keep threads for good; another should take its place */

    /* From the supervisor: 64 to 127. */
    MESSAGE_RELOAD = 64, /* read the manifest again */
    MESSAGE_DRAIN = 65,  /* accept no more, finish what runs, exit; value: how many ms connections
                            without a request may go on, for one that is on its way */
    MESSAGE_FINISH = 66, /* the same, said to all workers: connections that one kind hands over to
                            the other are still taken; value: as with MESSAGE_DRAIN */
} message_kind;

typedef struct message {
    uint8_t version, kind;
    uint16_t unused;
    uint32_t value;
} message;

#endif
