/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_H
#define CAPRA_NET_H

#include "base/networks.h"
#include "base/parcel.h"
#include "base/scoreboard.h"
#include "conn.h"

/* Listeners, connections and deadlines on libuv's loop. Knows bytes, not HTTP. */
typedef struct net net;

/* How long a client is read from that has said it will send no more, while it gets its answer, and
 * one that is to go, so that it can take its last answer. Nobody has wanted others yet. */
enum { NET_HALF_CLOSED_MS = 60000, NET_LINGER_MS = 5000 };

/* How long one waits for room at workers of the other kind. */
enum { NET_MOVING_MS = PARCEL_PATIENCE_MS };

typedef struct net_options {
    uint64_t deadlines_ms[CONN_DEADLINES]; /* 0: that time never runs out */
    /* The least that a client reads of what waits for it, on average; 0: any byte is enough. */
    uint64_t write_bytes_per_s;
    /* Of one address at once, proxies apart; the next is closed. 0: as many as it likes. */
    uint32_t connections_per_address;
    const networks *trusted; /* who is a proxy; NULL: nobody. Lent, and outlives the net */
    bool reads_preface;      /* proxies speak the PROXY protocol */
    uint32_t connections;    /* at once; the next waits in the kernel's queue */
    const int *sockets;      /* that listen; taken over. Lent for net_open */
    uint32_t socket_count;
    int parcel_socket; /* where connections are handed over to workers of the other kind, and taken
                        * from them; taken over. 0: there are none */
    const scoreboard *board; /* where connections are counted and spread; lent, outlives the net */
    uint32_t slot;           /* in it */
} net_options;

typedef struct net_events {
    conn_events conn;
    void *conn_owner; /* each connection's `owner` */
    /* After each turn of reading and before each sleep: the time to do what was put off. Returns
     * true when something is left to do at once, so that the loop does not sleep. */
    bool (*on_turn)(void *owner);
    /* There may be room again for connections that are to be handed over. */
    void (*on_room)(void *owner);
    /* Connections are still open when net_drain's last moment has come. */
    void (*on_overdue)(void *owner);
    void *owner;
} net_events;

/* Takes connections from sockets that listen. `loop` is a uv_loop_t. `memory` is the caller's and
 * outlives the net. Returns 0, or CAPRA_E_SYSTEM with errno set. */
int net_open(net **out, void *loop, const net_options *options, const net_events *events,
             conn_memory *memory);

/* Accepts what has connected already, and then no more. Connections without a request in flight
 * may still begin one for `idle_ms`; closing them at once would cut off clients that are just
 * sending it. Said again, it may only shorten the time. After `last_ms` on_overdue is called. */
void net_drain(net *n, uint64_t idle_ms, uint64_t last_ms);

/* A worker that drains takes none that are handed over any more. Where all workers drain, each is
 * to go on, or nobody would. */
void net_keep_taking(net *n);

/* After net_drain: no connection is open, and none will come. */
bool net_is_done(net *n);

/* Closes the listener and every connection, then calls `on_closed` once all is gone; the net
 * is freed after it. */
void net_close(net *n, void (*on_closed)(void *data), void *data);

/* The loop turns again within so many milliseconds, even when nothing happens. Said again before,
 * the shorter time counts. */
void net_wake(net *n, uint64_t ms);

/* Those that are open now. */
uint32_t net_connection_count(const net *n);

/* Shows every open connection with its descriptor. Changes nothing, allocates nothing and takes no
 * lock: it is for a process that is about to end. */
typedef void (*net_visit_fn)(conn *c, int fd, void *data);
void net_each(const net *n, net_visit_fn visit, void *data);

/* Hands a connection over to workers of the other kind that is between two requests, and of which
 * nothing stands in this process's memory; false when it is not so, or there are none. Allocates
 * nothing and takes no lock, either; the descriptor is to be closed without another word. */
bool net_give_away(conn *c);

/* Both ends of a connection that net_open made, as Node prints them, IPv4 peers of a dual-stack
 * socket without `::ffff:`: "192.0.2.7 40000 IPv4 192.0.2.1 3000". Asked of the system once; lent
 * until the connection closes. Empty when nobody is there. */
capra_slice net_peer(conn *c);

#endif
