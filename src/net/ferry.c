/* SPDX-License-Identifier: MIT */
#include "ferry.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    BATCH = 32,        /* taken at once, when no other worker of this kind serves */
    LOOK_AGAIN_MS = 5, /* whether the others are done */
};

struct ferry {
    uv_poll_t poll;
    net *net;
    int socket;
    int watched;  /* for which events, of libuv's */
    bool takes;   /* what comes */
    bool is_full; /* it would, but there is no room; until ferry_resume */
    bool waits;   /* something could not be sent for want of room at the other end */
    buffer room;  /* for what comes */
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void watch(ferry *f)
{
    int const wanted = (f->takes && !f->is_full ? UV_READABLE : 0) | (f->waits ? UV_WRITABLE : 0);
    if (wanted == f->watched)
        return;
    f->watched = wanted;
    if (wanted == 0)
        uv_poll_stop(&f->poll);
    else
        uv_poll_start(&f->poll, wanted, on_ready);
}

/* ---- There ---- */

/* For how long it has waited for room. */
static int64_t age_of(const conn *c, uint64_t now)
{
    uint64_t const since = c->deadline_at - NET_MOVING_MS;
    return c->deadline == CONN_MOVING && now > since ? (int64_t)(now - since) : 0;
}

int ferry_hand_over(conn *c, capra_slice note, capra_slice head)
{
    tcp *t = tcp_of(c);
    ferry *f = t->net->ferry;
    if (f == NULL)
        return CAPRA_E_SYSTEM;
    parcel const p = { .fd = t->fd,
                       .age_ms = age_of(c, uv_now(t->net->loop)),
                       .peer = slice_text(t->peer),
                       .note = note,
                       .head = head,
                       .rest = conn_input(c) };
    /* Counted first: the answer may have come from there before we are back. */
    score_add(&t->net->score->handed_over, 1);
    int const error = parcel_send(f->socket, &p);
    if (error != 0)
        score_add(&t->net->score->handed_over, -1);
    f->waits |= error == CAPRA_E_BUSY;
    watch(f);
    return error;
}

bool net_give_away(conn *c)
{
    tcp *t = tcp_of(c);
    bool const is_between = c->request == NULL && !c->lingers && !c->has_ended &&
                            conn_input(c).length == 0 && buffer_length(&c->out) == 0 &&
                            !t->awaits_preface && t->preface_rest == 0;
    parcel const p = { .fd = t->fd, .peer = slice_text(t->peer) };
    return is_between && t->net->ferry != NULL && parcel_send(t->net->ferry->socket, &p) == 0;
}

/* ---- And here ---- */

static void land(ferry *f, const parcel *p)
{
    net *n = f->net;
    if (p->head.length > conn_input_most(n->memory)) {
        log_line(LOG_ERROR, "a connection is cut: it was handed over with more than there can be");
        close(p->fd);
        return;
    }
    tcp *t = net_begin(n, p->fd);
    if (t == NULL)
        return;
    conn *c = &t->conn;
    admit_keep_peer(t, p->peer);
    if (!admit_again(t)) {
        tcp_transport.close(c);
        return;
    }
    tcp_transport.set_deadline(c, p->head.length > 0 ? CONN_HEAD : CONN_IDLE);
    c->events->on_arrival(c, p->note, p->is_returned);
    if (p->head.length > 0)
        tcp_give_input(t, p->head);
}

/* False when none waits. */
static bool take_one(ferry *f)
{
    parcel p;
    int const error = parcel_take(&p, f->socket, &f->room);
    if (error == CAPRA_E_INVALID)
        log_line(LOG_ERROR, "a connection is cut: what was handed over with it makes no sense");
    if (error == 0)
        land(f, &p);
    if (error == CAPRA_E_SYSTEM)
        f->takes = false; /* the supervisor is gone, and so are all of the other kind */
    return error == 0 || error == CAPRA_E_INVALID;
}

/* One for each waking, so that the others, who woke as well, get theirs. */
static void take_some(ferry *f)
{
    const net_options *o = &f->net->options;
    int left = scoreboard_emptiest(o->board, o->slot) == NULL ? BATCH : 1;
    while (left-- > 0 && net_has_room(f->net) && take_one(f))
        continue;
    f->is_full = !net_has_room(f->net);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    ferry *f = poll->data;
    net *n = f->net;
    if (status < 0)
        f->takes = f->waits = false;
    if ((events & UV_READABLE) != 0 && f->takes)
        take_some(f);
    if ((events & UV_WRITABLE) != 0) {
        f->waits = false;
        n->events.on_room(n->events.owner);
    }
    watch(f);
}

void ferry_resume(ferry *f)
{
    f->is_full = false;
    watch(f);
}

void ferry_take(ferry *f, bool takes)
{
    f->takes = takes;
    watch(f);
}

/* In this order: who was done before we looked has sent all that it ever will. */
bool ferry_is_done(ferry *f)
{
    const net_options *o = &f->net->options;
    if (!f->takes)
        return true;
    bool const is_done = scoreboard_others_are_done(o->board, o->slot) && !take_one(f);
    if (!is_done)
        net_wake(f->net, LOOK_AGAIN_MS);
    return is_done;
}

/* ---- The start and the end ---- */

int ferry_open(ferry **out, net *n, int socket)
{
    ferry *f = memory_take(sizeof *f);
    *f = (ferry){ .net = n, .socket = socket, .takes = true };
    int const error = uv_poll_init_socket(n->loop, &f->poll, socket);
    if (error != 0) {
        free(f);
        errno = -error;
        return CAPRA_E_SYSTEM;
    }
    f->poll.data = f;
    n->handles_open++;
    watch(f);
    *out = f;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    ferry *f = handle->data;
    net *n = f->net;
    buffer_cleanup(&f->room);
    free(f);
    net_handle_closed(n);
}

void ferry_close(ferry *f)
{
    uv_close((uv_handle_t *)&f->poll, on_closed);
    close(f->socket);
}
