/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "base/log.h"
#include "base/networks.h"
#include "preface.h"
#include "tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Whose a connection is, and whether it may come in. */

/* ---- Addresses ---- */

enum {
    CROWD_WORD_MS = 10000, /* between two lines about addresses with too many */
};

enum { PEER_TEXT = 2 * IP_TEXT + sizeof " 65535 IPv6  65535" };

static char *make_peer_text(const ip_address *from, const ip_address *to)
{
    char remote[IP_TEXT], local[IP_TEXT];
    char *text = memory_take(PEER_TEXT);
    snprintf(text, PEER_TEXT, "%s %u %s %s %u", ip_print(remote, from), from->port,
             ip_is_v4(from) ? "IPv4" : "IPv6", ip_print(local, to), to->port);
    return text;
}

/* NULL when it has no address, or has gone. */
static char *make_peer(int fd)
{
    struct sockaddr_storage remote = { 0 }, local = { 0 };
    socklen_t remote_length = sizeof remote, local_length = sizeof local;
    ip_address from, to;
    if (getpeername(fd, (struct sockaddr *)&remote, &remote_length) != 0 ||
        getsockname(fd, (struct sockaddr *)&local, &local_length) != 0)
        return NULL;
    ip_of_socket(&from, &remote);
    ip_of_socket(&to, &local);
    return from.is_known ? make_peer_text(&from, &to) : NULL;
}

/* "192.0.2.7 40000 …", as make_peer_text has written it. */
static void read_peer_text(const char *text, ip_address *out)
{
    const char *space = strchr(text, ' ');
    ip_parse(out, slice_of(text, (size_t)(space - text)));
    out->port = (uint16_t)strtoul(space + 1, NULL, 10);
}

void admit_peer(conn *c, ip_address *out)
{
    const tcp *t = tcp_of(c);
    struct sockaddr_storage remote = { 0 };
    socklen_t length = sizeof remote;
    if (t->peer != NULL) {
        read_peer_text(t->peer, out);
        return;
    }
    if (t->fd < 0 || getpeername(t->fd, (struct sockaddr *)&remote, &length) != 0)
        remote.ss_family = AF_UNSPEC;
    ip_of_socket(out, &remote);
}

/* ---- Who may come in ---- */

static bool is_trusted(const net *n, const ip_address *from)
{
    return n->options.trusted != NULL && networks_has(n->options.trusted, from);
}

static void tell_of_crowd(net *n, const ip_address *from)
{
    char text[IP_TEXT];
    uint64_t const now = uv_now(n->loop);
    if (n->told_of_crowd_at != 0 && now - n->told_of_crowd_at < CROWD_WORD_MS)
        return;
    n->told_of_crowd_at = now;
    log_line(LOG_WARN,
             "%s has %u connections open, as many as --max-connections-per-address allows; more "
             "are closed",
             ip_print(text, from), n->options.connections_per_address);
}

/* Counts the connection under its address; false when that has too many. Proxies bring those of
 * everybody. */
static bool count_in(tcp *t, const ip_address *from)
{
    net *n = t->net;
    if (n->crowd == NULL || !from->is_known || is_trusted(n, from))
        return true;
    t->member = crowd_enter(n->crowd, from, n->options.connections_per_address);
    if (t->member == NULL)
        tell_of_crowd(n, from);
    return t->member != NULL;
}

bool admit(tcp *t)
{
    const net_options *o = &t->net->options;
    ip_address from;
    if (t->net->crowd == NULL && !o->reads_preface)
        return true;
    admit_peer(&t->conn, &from);
    t->awaits_preface = o->reads_preface && is_trusted(t->net, &from);
    return t->awaits_preface || count_in(t, &from);
}

void admit_keep_peer(tcp *t, capra_slice peer)
{
    ip_address a;
    const char *space = peer.length == 0 ? NULL : memchr(peer.data, ' ', peer.length);
    if (space == NULL || peer.length >= PEER_TEXT ||
        !ip_parse(&a, slice_of(peer.data, (size_t)(space - peer.data))))
        return;
    t->peer = memory_take(PEER_TEXT);
    memcpy(t->peer, peer.data, peer.length);
    t->peer[peer.length] = '\0';
}

bool admit_again(tcp *t)
{
    ip_address from;
    if (t->net->crowd == NULL)
        return true;
    admit_peer(&t->conn, &from);
    return count_in(t, &from);
}

bool admit_preface(tcp *t)
{
    conn *c = &t->conn;
    if (t->awaits_preface) {
        preface p;
        long const used = preface_read(&p, conn_input(c).data, conn_input(c).length);
        if (used == PREFACE_MORE)
            return false;
        if (used < 0 || (p.has_address && !count_in(t, &p.from))) {
            c->transport->close(c);
            return false;
        }
        conn_input_read(c, (size_t)used);
        t->awaits_preface = false;
        t->preface_rest = p.rest;
        if (p.has_address)
            t->peer = make_peer_text(&p.from, &p.to);
    }
    size_t const left = conn_input(c).length;
    size_t const skipped = left < t->preface_rest ? left : t->preface_rest;
    conn_input_read(c, skipped);
    t->preface_rest -= (uint16_t)skipped;
    conn_input_done(c, t->net->memory);
    conn_input_release(c, t->net->memory);
    return left > skipped;
}

/* ---- Who is there ---- */

capra_slice net_peer(conn *c)
{
    tcp *t = tcp_of(c);
    if (c->transport != &tcp_transport || t->fd < 0)
        return (capra_slice){ 0 };
    if (t->peer == NULL)
        t->peer = make_peer(t->fd);
    return slice_text(t->peer);
}
