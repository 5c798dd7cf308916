/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_TCP_H
#define CAPRA_NET_TCP_H

#include "base/ip.h"
#include "base/pace.h"
#include "crowd.h"
#include "deadline.h"
#include "net.h"

#include <uv.h>

/* One socket, and what those who make and count sockets need of it. */

/* Kept of a client that reads slowly. */
typedef struct backlog {
    pace pace;
    uint64_t taken; /* bytes that it had read when its time was last looked at */
} backlog;

/* How the kernel tells that there is something to read: see tcp.c. */
typedef enum tcp_telling {
    TCP_LEVELS, /* at each wait, for as long as there is */
    TCP_EDGES,  /* once, when it has come */
    TCP_LEVELS_ONLY,
} tcp_telling;

/* Thousands of them are idle, so what only a busy one needs is elsewhere. */
typedef struct tcp {
    conn conn;
    int fd; /* -1: it is closed */
    uint32_t lingered_bytes;
    uint16_t preface_rest; /* bytes of it that are still to be thrown away */
    bool awaits_preface;
    uint8_t watched; /* for which events, of libuv's */
    uint8_t telling; /* tcp_telling */
    struct net *net;
    crowd_member *member; /* NULL: it is not counted under its address */
    list open;
    uint64_t sent;    /* bytes that the kernel has taken */
    backlog *backlog; /* made when a client first reads slowly; then kept */
    char *peer;       /* made when somebody first asks */
    uv_poll_t handle;
} tcp;

static inline tcp *tcp_of(conn *c)
{
    return LIST_OWNER(c, tcp, conn);
}

/* The connection is the caller's. */
extern const conn_transport tcp_transport;

/* Begins to read. The socket is in `fd` already. Returns 0, or libuv's error: then nothing has been
 * begun, and the socket is the caller's again. */
int tcp_begin(tcp *t, uv_loop_t *loop);

/* Bytes that somebody else has read, as if they had come now: the first of this connection, at most
 * conn_input_most. */
void tcp_give_input(tcp *t, capra_slice bytes);

/* Time has run out. */
void tcp_on_deadline(conn *c);

/* A connection on a socket, which is its own then; NULL, and the socket is closed, when it cannot
 * be. */
tcp *net_begin(net *n, int socket);

/* Whether one more connection may be open. */
bool net_has_room(const net *n);

/* One of the handles that it counts in `handles_open` is gone. */
void net_handle_closed(net *n);

/* Called by tcp.c when a connection's memory may go. */
void net_forget(tcp *t);

/* Takes off the input what a proxy says first (see preface.h). True when that has ended and there
 * is more; the connection may be closed otherwise. */
bool admit_preface(tcp *t);

/* A connection is new: is it one too many? A proxy says first whose it is; of others, what looks
 * like that is a request, and a bad one. */
bool admit(tcp *t);

/* The same for a connection that another worker has admitted, whose client may be known already. */
bool admit_again(tcp *t);

/* Takes over who the client is from a worker that knew it, as net_peer has it. What makes no sense
 * is not believed, and the socket is asked. */
void admit_keep_peer(tcp *t, capra_slice peer);

/* The address of the client, as far as it is known. */
void admit_peer(conn *c, ip_address *out);

struct net {
    uv_loop_t *loop;
    struct acceptor *acceptor; /* NULL: no more connections are taken */
    struct ferry *ferry;       /* NULL: there are no workers of another kind */
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t overdue, wake, trim;
    deadlines deadlines;
    net_options options;
    score *score;
    pace_rule write_pace;
    net_events events;
    conn_memory *memory;
    list open;
    crowd *crowd; /* NULL: an address may have as many as it likes */
    uint64_t told_of_crowd_at;
    uint64_t freed_bytes; /* since memory was last given back to the system */
    int handles_open;     /* of the net's own */
    bool is_closing;
    void (*on_closed)(void *data);
    void *closed_data;
};

#endif
