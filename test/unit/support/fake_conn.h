/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_TEST_FAKE_CONN_H
#define CAPRA_TEST_FAKE_CONN_H

#include "server.h"

/* A connection without a socket: what the server sends is in `sent`, and what it did to the
 * connection can be asked for. */
typedef struct fake_conn {
    conn conn;
    server *server;
    buffer sent;
    bool sends_nothing; /* the client does not read */
    bool is_closed;
    ip_address peer;
    int hand_over_error; /* what handing it over comes to; 0: it goes */
    uint32_t handed_count;
    buffer note, handed; /* what has gone with it */
} fake_conn;

void fake_conn_open(fake_conn *f, server *s);

/* The client sends bytes (as many as there is room for at a time), and the loop turns until nothing
 * is left to do. */
void fake_conn_receive(fake_conn *f, const void *data, size_t length);
void fake_conn_receive_text(fake_conn *f, const char *text);

/* The client will send no more. */
void fake_conn_end(fake_conn *f);

/* What waited for a client that did not read goes out, and the server hears of it. */
void fake_conn_drain(fake_conn *f);

/* The running deadline runs out. */
void fake_conn_run_out(fake_conn *f);

void fake_turn(server *s);

/* Closes it if it is open and frees what it holds. */
void fake_conn_cleanup(fake_conn *f);

#endif
