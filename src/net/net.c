/* SPDX-License-Identifier: MIT */
#include "acceptor.h"
#include "base/arena.h"
#include "base/error.h"
#include "ferry.h"
#include "tcp.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <unistd.h>

/* All connections of a worker, and its turns. */

enum {
    TRIM_BYTES = 32 * 1024 * 1024,     /* freed, that are worth a look at memory */
    TRIM_MORE_BYTES = 8 * 1024 * 1024, /* so much between two looks: the crowd is still leaving */
    TRIM_MS = 2000,                    /* that more may be freed meanwhile */
};

/* ---- The end ---- */

static void try_finish_close(net *n)
{
    if (!n->is_closing || n->handles_open > 0 || net_connection_count(n) > 0)
        return;
    void (*on_closed)(void *) = n->on_closed;
    void *data = n->closed_data;
    crowd_free(n->crowd);
    free(n);
    if (on_closed != NULL)
        on_closed(data);
}

static void on_trim(uv_timer_t *timer)
{
    net *n = timer->data;
    bool const goes_on = n->freed_bytes > TRIM_MORE_BYTES;
    n->freed_bytes = 0;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    /* Its last ones alone would not be worth a look, and what they had would stay. */
    if (goes_on)
        uv_timer_start(timer, on_trim, TRIM_MS, 0);
}

/* Once a crowd has gone, what it took is free, but malloc keeps it for the next one; and that may
 * never come. */
static void note_freed(net *n, size_t bytes)
{
    n->freed_bytes += bytes;
    if (n->freed_bytes > TRIM_BYTES && !n->is_closing && !uv_is_active((uv_handle_t *)&n->trim))
        uv_timer_start(&n->trim, on_trim, TRIM_MS, 0);
}

bool net_has_room(const net *n)
{
    return net_connection_count(n) < n->options.connections;
}

static bool has_room(void *owner)
{
    return net_has_room(owner);
}

void net_forget(tcp *t)
{
    net *n = t->net;
    note_freed(n, n->memory->blocks.block_bytes);
    crowd_leave(n->crowd, t->member);
    free(t);
    score_add(&n->score->connections, -1);
    if (n->acceptor != NULL && has_room(n))
        acceptor_resume(n->acceptor);
    if (n->ferry != NULL && has_room(n))
        ferry_resume(n->ferry);
    try_finish_close(n);
}

/* ---- Connections ---- */

static tcp *make_tcp(net *n, int socket)
{
    tcp *t = memory_take(sizeof *t);
    *t = (tcp){ .net = n, .fd = socket };
    conn_init(&t->conn, &tcp_transport, &n->events.conn, n->events.conn_owner);
    list_init(&t->open);
    score_add(&n->score->connections, 1);
    return t;
}

tcp *net_begin(net *n, int socket)
{
    tcp *t = make_tcp(n, socket);
    if (tcp_begin(t, n->loop) != 0) {
        close(socket);
        net_forget(t);
        return NULL;
    }
    list_append(&n->open, &t->open);
    return t;
}

static void on_socket(void *owner, int socket)
{
    net *n = owner;
    tcp *t = net_begin(n, socket);
    if (t == NULL)
        return;
    score_add(&n->score->accepted, 1);
    if (admit(t))
        deadlines_set(&n->deadlines, &t->conn, CONN_HEAD);
    else
        tcp_transport.close(&t->conn);
}

/* ---- Turns ---- */

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* its being active is what keeps the loop from sleeping */
}

static void turn(net *n)
{
    if (n->events.on_turn(n->events.owner))
        uv_idle_start(&n->idle, on_idle);
    else
        uv_idle_stop(&n->idle);
}

static void on_prepare(uv_prepare_t *prepare)
{
    turn(prepare->data);
}

static void on_check(uv_check_t *check)
{
    turn(check->data);
}

static void on_wake(uv_timer_t *timer)
{
    (void)timer; /* the turn comes by itself, as the loop is awake */
}

void net_wake(net *n, uint64_t ms)
{
    bool const is_set = uv_is_active((uv_handle_t *)&n->wake) != 0;
    if (!n->is_closing && (!is_set || uv_timer_get_due_in(&n->wake) > ms))
        uv_timer_start(&n->wake, on_wake, ms, 0);
}

int net_open(net **out, void *loop, const net_options *options, const net_events *events,
             conn_memory *memory)
{
    net *n = memory_take(sizeof *n);
    *n = (net){ .loop = loop, .options = *options, .events = *events, .memory = memory };
    n->score = scoreboard_at(options->board, options->slot);
    n->write_pace = (pace_rule){ .patience_ms = options->deadlines_ms[CONN_WRITE],
                                 .bytes_per_s = options->write_bytes_per_s };
    if (options->connections_per_address > 0)
        n->crowd = crowd_new();
    list_init(&n->open);

    uv_prepare_init(n->loop, &n->prepare);
    uv_check_init(n->loop, &n->check);
    uv_idle_init(n->loop, &n->idle);
    uv_timer_init(n->loop, &n->overdue);
    uv_timer_init(n->loop, &n->wake);
    uv_timer_init(n->loop, &n->trim);
    deadlines_init(&n->deadlines, n->loop, options->deadlines_ms, tcp_on_deadline);
    n->prepare.data = n->check.data = n->idle.data = n->overdue.data = n;
    n->wake.data = n->trim.data = n;
    n->handles_open = 7;

    acceptor_events const taken = { on_socket, has_room, n };
    int error = options->parcel_socket > 0 ? ferry_open(&n->ferry, n, options->parcel_socket) : 0;
    if (error == 0)
        error = acceptor_open(&n->acceptor, loop, options->sockets, options->socket_count,
                              options->board, options->slot, &taken);
    if (error != 0) {
        int const reason = errno;
        net_close(n, NULL, NULL);
        errno = reason;
        return CAPRA_E_SYSTEM;
    }
    n->handles_open++;
    uv_prepare_start(&n->prepare, on_prepare);
    uv_check_start(&n->check, on_check);
    *out = n;
    return 0;
}

void net_handle_closed(net *n)
{
    n->handles_open--;
    try_finish_close(n);
}

static void on_handle_closed(uv_handle_t *handle)
{
    net_handle_closed(handle->data);
}

static void on_deadlines_closed(uv_handle_t *timer)
{
    net_handle_closed(LIST_OWNER(timer, net, deadlines.timer));
}

static void on_acceptor_closed(void *owner)
{
    net_handle_closed(owner);
}

static void stop_accepting(net *n)
{
    acceptor *a = n->acceptor;
    n->acceptor = NULL;
    if (a != NULL)
        acceptor_close(a, on_acceptor_closed, n);
}

static void stop_ferry(net *n)
{
    ferry *f = n->ferry;
    n->ferry = NULL;
    if (f != NULL)
        ferry_close(f);
}

static void on_overdue(uv_timer_t *timer)
{
    net *n = timer->data;
    n->events.on_overdue(n->events.owner);
}

void net_drain(net *n, uint64_t idle_ms, uint64_t last_ms)
{
    if (n->acceptor != NULL) {
        acceptor_take_rest(n->acceptor); /* with the last worker's socket they would be reset */
        stop_accepting(n);
        uv_timer_start(&n->overdue, on_overdue, last_ms, 0);
    }
    if (n->ferry != NULL)
        ferry_take(n->ferry, false);
    deadlines_shorten(&n->deadlines, CONN_IDLE, idle_ms);
    deadlines_shorten(&n->deadlines, CONN_HEAD, idle_ms);
    deadlines_shorten(&n->deadlines, CONN_LINGER, idle_ms);
}

void net_keep_taking(net *n)
{
    if (n->ferry != NULL)
        ferry_take(n->ferry, true);
}

bool net_is_done(net *n)
{
    return net_connection_count(n) == 0 && (n->ferry == NULL || ferry_is_done(n->ferry));
}

void net_close(net *n, void (*on_closed)(void *data), void *data)
{
    n->is_closing = true;
    n->on_closed = on_closed;
    n->closed_data = data;
    stop_accepting(n);
    stop_ferry(n);
    while (!list_empty(&n->open))
        tcp_transport.close(&LIST_OWNER(n->open.next, tcp, open)->conn);
    uv_close((uv_handle_t *)&n->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&n->check, on_handle_closed);
    uv_close((uv_handle_t *)&n->idle, on_handle_closed);
    uv_close((uv_handle_t *)&n->overdue, on_handle_closed);
    uv_close((uv_handle_t *)&n->wake, on_handle_closed);
    uv_close((uv_handle_t *)&n->trim, on_handle_closed);
    deadlines_close(&n->deadlines, on_deadlines_closed);
}

uint32_t net_connection_count(const net *n)
{
    return score_get(&n->score->connections);
}

/* ---- The last look ---- */

/* The count ends the walk, should a fault have made a circle of the list. */
void net_each(const net *n, net_visit_fn visit, void *data)
{
    uint32_t left = net_connection_count(n);
    for (const list *link = n->open.next; link != &n->open && left > 0; link = link->next, left--) {
        tcp *t = LIST_OWNER(link, tcp, open);
        visit(&t->conn, t->fd, data);
    }
}
