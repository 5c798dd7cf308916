/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_CONN_H
#define CAPRA_NET_CONN_H

#include "base/buffer.h"
#include "base/ip.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/slice.h"

#include <stdint.h>

/* A connection as its protocol sees it: bytes that came, bytes to go, and what may happen
 * to it. It may be a socket (net/tcp.c) or a test's two buffers. */
typedef struct conn conn;

/* What came and is not done with, in one block of the pool:
 *
 *     data        start                at             end          capacity
 *      │   done     │      read         │  to be read   │    room     │
 *                   ├── pinned ──┤
 *
 * A request points into the pinned bytes (its head, and its body when that came with it);
 * they do not move until conn_input_done. A body that has filled such a block is read on into a
 * larger one, and the block with the pinned bytes is kept beside it. */
typedef struct conn_inflow {
    char *data; /* NULL when nothing waits */
    char *kept; /* the block of the pinned bytes, when that is not `data`; else NULL */
    uint32_t start, at, end, capacity;
    uint32_t pinned; /* bytes from `start` */
} conn_inflow;

/* A block on its own. */
typedef struct conn_block {
    char *data; /* NULL: none */
    size_t capacity;
} conn_block;

/* A head that is as long as its limit leaves this much of a block for what follows it. */
enum { CONN_INPUT_SPARE = 1024 };

/* Which time is running. Each kind has one length for all connections, so that each
 * has one queue, ordered by itself. */
typedef enum conn_deadline {
    CONN_NO_DEADLINE,
    CONN_IDLE,   /* between two requests */
    CONN_HEAD,   /* from a request's first byte, or from accept, to the end of its head */
    CONN_BODY,   /* without progress of the body */
    CONN_WRITE,  /* without progress of a client that reads */
    CONN_MOVING, /* for a worker of the other kind to have room for it */
    CONN_HALF,   /* for an answer to a client that will send no more, and may have gone */
    CONN_LINGER, /* after the last answer, for the client to close */
    CONN_DEADLINES
} conn_deadline;

/* Whether the peer is a proxy of ours; found out when a request first says something about the
 * client. */
typedef enum conn_trust { CONN_TRUST_UNKNOWN, CONN_TRUSTED, CONN_UNTRUSTED } conn_trust;

typedef struct conn_transport {
    /* Sends what waits in `out`, as much as goes; the rest by itself later. */
    void (*flush)(conn *c);
    /* Input again, after it stopped for want of room. */
    void (*resume)(conn *c);
    /* No more output once `out` is sent; input is thrown away until the client closes, for a
     * short time: closing at once would take the last answer away from a client that is
     * still sending (RFC 9112, 9.6). */
    void (*linger)(conn *c);
    /* The socket, as a descriptor of the caller's, which outlives the connection; to be followed by
     * `close`. Negative when there is none to be had. */
    int (*detach)(conn *c);
    /* Hands it over to a worker of the other kind, with `note`, which is the protocol's own and of
     * any length, and with `head` before what stands in `in`. To be followed by `close`. Otherwise
     * nothing has been done: CAPRA_E_BUSY when there is no room, until net_events has on_room, and
     * CAPRA_E_SYSTEM. Nothing may be waiting in `out`. */
    int (*hand_over)(conn *c, capra_slice note, capra_slice head);
    /* Closed now, whatever waits. `on_close` is called later or at once, and is the last call. */
    void (*close)(conn *c);
    /* Starts the time, instead of the one that runs. */
    void (*set_deadline)(conn *c, conn_deadline kind);
    /* Who is at the other end. */
    void (*peer)(conn *c, ip_address *out);
} conn_transport;

typedef struct conn_events {
    void (*on_input)(conn *c);    /* `in` has more, or `has_ended` is new */
    void (*on_drained)(conn *c);  /* `out` is empty again, after a flush that left a rest */
    void (*on_deadline)(conn *c); /* the time that `deadline` names has run out */
    /* New, and handed over by a worker of the other kind: `in` has what the client has sent. The
     * note is lent. on_input follows if there is any. */
    void (*on_arrival)(conn *c, capra_slice note, bool is_returned);
    void (*on_close)(conn *c); /* gone, by either side; the memory is the transport's */
} conn_events;

struct conn {
    const conn_transport *transport;
    const conn_events *events;
    void *owner; /* the protocol's own: the server */
    struct capra_request *request;
    conn_inflow in;
    buffer out;
    list ready, dirty, timing; /* in the server's queues; in the queue of a deadline */
    uint64_t deadline_at;      /* ms on the loop's clock */
    conn_deadline deadline;
    uint8_t trust;   /* conn_trust */
    bool has_ended;  /* the client will send no more */
    bool is_closing; /* nothing is to be done with it but freeing it */
    bool lingers;    /* answered for the last time; input is thrown away */
    bool is_writing; /* a flush left a rest, which is on its way */
    bool is_paused;  /* input has stopped for want of room */
};

/* Blocks for input, and for output that fits: one size, given by the largest head. And a few
 * large ones, for those who send long bodies just now. */
typedef struct conn_memory {
    pool blocks, large;
    uint32_t large_taken;
} conn_memory;

/* `head_bytes`: the largest head, which a block has room for, and CONN_INPUT_SPARE more. The
 * cleanup is for when no connection is open. */
void conn_memory_init(conn_memory *memory, uint32_t head_bytes);
void conn_memory_cleanup(conn_memory *memory);

/* Takes back what conn_input_take has given away. */
void conn_memory_give(conn_memory *memory, conn_block block);

/* Without input, output and deadline. `transport` and `events` are lent, and outlive it. */
void conn_init(conn *c, const conn_transport *transport, const conn_events *events, void *owner);

/* Where the next bytes go; takes a block if there is none, moves what waits to the front when
 * that is allowed. `*size` is 0 when there is no room, until something is used. */
char *conn_input_room(conn *c, conn_memory *memory, size_t *size);

/* The most that another worker's connection can have waiting: a large block, and before it a head,
 * which may have been made longer. */
size_t conn_input_most(const conn_memory *memory);

/* Puts `bytes` into a connection without input; at most conn_input_most of them. */
void conn_input_put(conn *c, conn_memory *memory, capra_slice bytes);

/* What is to be read now. */
static inline capra_slice conn_input(const conn *c)
{
    return slice_of(c->in.data == NULL ? "" : c->in.data + c->in.at, c->in.end - c->in.at);
}

/* `size` bytes from the front of conn_input have been read. */
static inline void conn_input_read(conn *c, size_t size)
{
    c->in.at += (uint32_t)size;
}

/* All that has been read up to here stays where it is until conn_input_done. May move it
 * once more before, so ask for conn_input_pinned only then. */
void conn_input_pin(conn *c);

static inline const char *conn_input_pinned(const conn *c)
{
    return c->in.data + c->in.start;
}

/* All that has been read is done with. */
static inline void conn_input_done(conn *c, conn_memory *memory)
{
    c->in.start = c->in.at;
    c->in.pinned = 0;
    if (c->in.kept != NULL) {
        pool_give(&memory->blocks, c->in.kept);
        c->in.kept = NULL;
    }
}

/* The block with the pinned bytes is the caller's from now on, and the connection has no input. */
conn_block conn_input_take(conn *c, conn_memory *memory);

/* Gives the block back when nothing waits in it. */
void conn_input_release(conn *c, conn_memory *memory);

/* Where to write what the client shall get; has a block of the pool to begin with. */
buffer *conn_output(conn *c, conn_memory *memory);

/* Gives `out`'s memory back once all of it has been sent. */
void conn_output_release(conn *c, conn_memory *memory);

/* Gives back all that it holds. */
void conn_cleanup(conn *c, conn_memory *memory);

#endif
