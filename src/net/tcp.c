/* SPDX-License-Identifier: MIT */
#include "acceptor.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/networks.h"
#include "base/pace.h"
#include "crowd.h"
#include "deadline.h"
#include "net.h"
#include "preface.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a flush left over, which libuv sends when the socket takes it; meanwhile the
 * connection's `out` may grow again. */
typedef struct rest {
    uv_write_t write;
    buffer bytes;
    size_t unsent; /* when the time for writing was started, here and in the kernel */
    pace pace;
} rest;

/* A socket. Thousands of them are idle, so what only a busy one needs is elsewhere. */
typedef struct tcp {
    conn conn;
    uint32_t lingered_bytes;
    uint16_t preface_rest; /* bytes of it that are still to be thrown away */
    bool awaits_preface;
    net *net;
    crowd_member *member; /* NULL: it is not counted under its address */
    list open;
    rest *rest; /* made when a client first reads slowly; then kept */
    char *peer; /* made when somebody first asks */
    uv_tcp_t handle;
} tcp;

struct net {
    uv_loop_t *loop;
    acceptor *acceptor; /* NULL: no more connections are taken */
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

enum {
    TRIM_BYTES = 32 * 1024 * 1024,  /* freed, that are worth a look at memory */
    TRIM_MS = 2000,                 /* that more may be freed meanwhile */
    CROWD_WORD_MS = 10000,          /* between two lines about addresses with too many */
    LINGER_BYTES = 8 * 1024 * 1024, /* what a lingering client may still send */
};

static tcp *tcp_of(conn *c)
{
    return LIST_OWNER(c, tcp, conn);
}

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
    n->freed_bytes = 0;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Once a crowd has gone, what it took is free, but malloc keeps it for the next one; and that may
 * never come. */
static void note_freed(net *n, size_t bytes)
{
    n->freed_bytes += bytes;
    if (n->freed_bytes > TRIM_BYTES && !n->is_closing && !uv_is_active((uv_handle_t *)&n->trim))
        uv_timer_start(&n->trim, on_trim, TRIM_MS, 0);
}

static bool has_room(void *owner)
{
    const net *n = owner;
    return net_connection_count(n) < n->options.connections;
}

static void on_tcp_closed(uv_handle_t *handle)
{
    tcp *t = handle->data;
    net *n = t->net;
    note_freed(n, n->memory->blocks.block_bytes + (t->rest == NULL ? 0 : t->rest->bytes.capacity));
    if (t->rest != NULL)
        buffer_cleanup(&t->rest->bytes);
    free(t->rest);
    free(t->peer);
    crowd_leave(n->crowd, t->member);
    free(t);
    score_add(&n->score->connections, -1);
    if (n->acceptor != NULL && has_room(n))
        acceptor_resume(n->acceptor);
    try_finish_close(n);
}

static void tcp_close(conn *c)
{
    tcp *t = tcp_of(c);
    if (uv_is_closing((uv_handle_t *)&t->handle))
        return;
    c->is_closing = true;
    deadlines_set(&t->net->deadlines, c, CONN_NO_DEADLINE);
    list_remove(&t->open);
    list_remove(&c->ready);
    list_remove(&c->dirty);
    c->events->on_close(c);
    conn_cleanup(c, t->net->memory);
    uv_close((uv_handle_t *)&t->handle, on_tcp_closed);
}

/* ---- Addresses ---- */

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
static char *make_peer(const uv_tcp_t *handle)
{
    struct sockaddr_storage remote = { 0 }, local = { 0 };
    int remote_length = sizeof remote, local_length = sizeof local;
    ip_address from, to;
    if (uv_tcp_getpeername(handle, (struct sockaddr *)&remote, &remote_length) != 0 ||
        uv_tcp_getsockname(handle, (struct sockaddr *)&local, &local_length) != 0)
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

static void tcp_peer(conn *c, ip_address *out)
{
    const tcp *t = tcp_of(c);
    struct sockaddr_storage remote = { 0 };
    int length = sizeof remote;
    if (t->peer != NULL) {
        read_peer_text(t->peer, out);
        return;
    }
    if (c->is_closing || uv_tcp_getpeername(&t->handle, (struct sockaddr *)&remote, &length) != 0)
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

/* A connection is new. A proxy says first whose it is; of others, what looks like that is a
 * request, and a bad one. */
static bool screen(tcp *t)
{
    const net_options *o = &t->net->options;
    ip_address from;
    if (t->net->crowd == NULL && !o->reads_preface)
        return true;
    tcp_peer(&t->conn, &from);
    t->awaits_preface = o->reads_preface && is_trusted(t->net, &from);
    return t->awaits_preface || count_in(t, &from);
}

/* Takes what a proxy says first off the input. True once that has ended and there is more. */
static bool take_preface(tcp *t)
{
    conn *c = &t->conn;
    if (t->awaits_preface) {
        preface p;
        long const used = preface_read(&p, conn_input(c).data, conn_input(c).length);
        if (used == PREFACE_MORE)
            return false;
        if (used < 0 || (p.has_address && !count_in(t, &p.from))) {
            tcp_close(c);
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
    conn_input_done(c);
    conn_input_release(c, t->net->memory);
    return left > skipped;
}

/* ---- Input ---- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    tcp *t = handle->data;
    size_t size;
    char *room = conn_input_room(&t->conn, t->net->memory, &size);
    *out = uv_buf_init(room, (unsigned)size);
}

static void throw_away(tcp *t, size_t size)
{
    conn *c = &t->conn;
    c->in.end = c->in.at = c->in.start;
    t->lingered_bytes += (uint32_t)size;
    if (t->lingered_bytes > LINGER_BYTES)
        tcp_close(c);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *bytes)
{
    (void)bytes;
    tcp *t = stream->data;
    conn *c = &t->conn;

    if (size > 0) {
        c->in.end += (uint32_t)size;
        if (c->lingers) {
            throw_away(t, (size_t)size);
            return;
        }
        if ((t->awaits_preface || t->preface_rest > 0) && !take_preface(t))
            return;
        if (c->in.end == c->in.capacity) {
            size_t room;
            conn_input_room(c, t->net->memory, &room);
            if (room == 0) {
                c->is_paused = true;
                uv_read_stop(stream);
            }
        }
        c->events->on_input(c);
        return;
    }

    conn_input_release(c, t->net->memory);
    if (size == 0)
        return;
    if (size != UV_EOF || c->lingers || t->awaits_preface) {
        tcp_close(c);
        return;
    }
    c->has_ended = true;
    uv_read_stop(stream);
    c->events->on_input(c);
}

static void tcp_resume(conn *c)
{
    if (!c->is_paused || c->is_closing)
        return;
    c->is_paused = false;
    if (!c->has_ended)
        uv_read_start((uv_stream_t *)&tcp_of(c)->handle, on_room, on_read);
}

/* ---- Output ---- */

static void shut_down(tcp *t)
{
    int fd;
    if (uv_fileno((uv_handle_t *)&t->handle, &fd) == 0)
        shutdown(fd, SHUT_WR);
}

/* All has been sent. */
static void after_sending(tcp *t)
{
    conn *c = &t->conn;
    conn_output_release(c, t->net->memory);
    if (c->lingers && c->has_ended)
        tcp_close(c);
    else if (c->lingers)
        shut_down(t);
}

static void tcp_flush(conn *c);

static void on_written(uv_write_t *write, int status)
{
    tcp *t = write->data;
    conn *c = &t->conn;
    buffer_cleanup(&t->rest->bytes);
    c->is_writing = false;
    if (c->is_closing)
        return;
    if (status < 0) {
        tcp_close(c);
        return;
    }
    if (c->deadline == CONN_WRITE)
        deadlines_set(&t->net->deadlines, c, CONN_NO_DEADLINE);
    if (buffer_length(&c->out) > 0)
        tcp_flush(c);
    else
        after_sending(t);
    if (!c->is_closing && !c->is_writing)
        c->events->on_drained(c);
}

/* What the client has not taken yet. The kernel keeps megabytes of it, and asks for more only when
 * a third of them has gone. */
static size_t count_unsent(tcp *t)
{
    int fd, in_kernel = 0;
    if (uv_fileno((uv_handle_t *)&t->handle, &fd) != 0 || ioctl(fd, TIOCOUTQ, &in_kernel) != 0)
        in_kernel = 0;
    return uv_stream_get_write_queue_size((uv_stream_t *)&t->handle) + (size_t)in_kernel;
}

static bool watch_pace(tcp *t, uint64_t bytes)
{
    return pace_wait(&t->rest->pace, &t->net->write_pace, (int64_t)uv_now(t->net->loop), bytes);
}

static void send_later(tcp *t)
{
    conn *c = &t->conn;
    if (t->rest == NULL)
        t->rest = memory_take(sizeof *t->rest);
    *t->rest = (rest){ .bytes = c->out };
    t->rest->write.data = t;
    c->out = (buffer){ 0 };
    c->is_writing = true;
    deadlines_set(&t->net->deadlines, c, CONN_WRITE);

    buffer *bytes = &t->rest->bytes;
    uv_buf_t piece = { .base = bytes->data + bytes->start, .len = buffer_length(bytes) };
    if (uv_write(&t->rest->write, (uv_stream_t *)&t->handle, &piece, 1, on_written) != 0) {
        tcp_close(c);
        return;
    }
    t->rest->unsent = count_unsent(t);
    pace_init(&t->rest->pace, &t->net->write_pace);
    watch_pace(t, 0);
}

static void tcp_flush(conn *c)
{
    tcp *t = tcp_of(c);
    if (c->is_closing || c->is_writing || buffer_length(&c->out) == 0)
        return;

    uv_buf_t piece = { .base = c->out.data + c->out.start, .len = buffer_length(&c->out) };
    int const sent = uv_try_write((uv_stream_t *)&t->handle, &piece, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        tcp_close(c);
        return;
    }
    if (sent > 0)
        buffer_used(&c->out, (size_t)sent);
    if (buffer_length(&c->out) == 0) {
        after_sending(t);
        return;
    }
    send_later(t);
}

static void tcp_linger(conn *c)
{
    tcp *t = tcp_of(c);
    if (c->is_closing || c->lingers)
        return;
    bool const all_sent = !c->is_writing && buffer_length(&c->out) == 0;
    c->lingers = true;
    if (c->has_ended) {
        if (all_sent)
            tcp_close(c);
        return;
    }
    c->in.end = c->in.at = c->in.start;
    c->in.pinned = 0;
    deadlines_set(&t->net->deadlines, c, CONN_LINGER);
    tcp_resume(c);
    if (all_sent)
        shut_down(t);
}

/* While a rest is being sent, its time runs and no other. */
static void tcp_set_deadline(conn *c, conn_deadline kind)
{
    if (!c->is_closing && !c->is_writing && !c->lingers)
        deadlines_set(&tcp_of(c)->net->deadlines, c, kind);
}

/* A client that reads slowly is not one that has stopped; but it must not take for ever. */
static bool reads_on(tcp *t)
{
    size_t const left = count_unsent(t);
    uint64_t const bytes = left < t->rest->unsent ? t->rest->unsent - left : 0;
    t->rest->unsent = left;
    return watch_pace(t, bytes) && bytes > 0;
}

static void on_deadline(conn *c)
{
    tcp *t = tcp_of(c);
    if (c->deadline == CONN_WRITE && reads_on(t))
        deadlines_set(&t->net->deadlines, c, CONN_WRITE);
    else if (c->deadline == CONN_WRITE || c->deadline == CONN_LINGER)
        tcp_close(c);
    else
        c->events->on_deadline(c);
}

/* A second descriptor of the socket: closing the first one then ends nothing. */
static int tcp_detach(conn *c)
{
    tcp *t = LIST_OWNER(c, tcp, conn);
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&t->handle, &fd) != 0)
        return -1;
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static const conn_transport transport = {
    .detach = tcp_detach,
    .flush = tcp_flush,
    .resume = tcp_resume,
    .linger = tcp_linger,
    .close = tcp_close,
    .set_deadline = tcp_set_deadline,
    .peer = tcp_peer,
};

/* ---- Listening ---- */

static tcp *make_tcp(net *n)
{
    tcp *t = memory_take(sizeof *t);
    *t = (tcp){ .net = n };
    conn_init(&t->conn, &transport, &n->events.conn, n->events.conn_owner);
    list_init(&t->open);
    uv_tcp_init(n->loop, &t->handle);
    t->handle.data = t;
    score_add(&n->score->connections, 1);
    return t;
}

/* `error` is what became of connecting the handle with its socket. */
static void begin_tcp(tcp *t, int error)
{
    net *n = t->net;
    if (error != 0) {
        t->conn.is_closing = true;
        uv_close((uv_handle_t *)&t->handle, on_tcp_closed);
        return;
    }
    score_add(&n->score->accepted, 1);
    list_append(&n->open, &t->open);
    if (!screen(t)) {
        tcp_close(&t->conn);
        return;
    }
    deadlines_set(&n->deadlines, &t->conn, CONN_HEAD);
    uv_read_start((uv_stream_t *)&t->handle, on_room, on_read);
}

static void on_socket(void *owner, int socket)
{
    tcp *t = make_tcp(owner);
    int const error = uv_tcp_open(&t->handle, socket);
    if (error != 0)
        close(socket);
    begin_tcp(t, error);
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
    deadlines_init(&n->deadlines, n->loop, options->deadlines_ms, on_deadline);
    n->prepare.data = n->check.data = n->idle.data = n->overdue.data = n;
    n->wake.data = n->trim.data = n;
    n->handles_open = 7;

    acceptor_events const taken = { on_socket, has_room, n };
    if (acceptor_open(&n->acceptor, loop, options->sockets, options->socket_count, options->board,
                      options->slot, &taken) != 0) {
        int const error = errno;
        net_close(n, NULL, NULL);
        errno = error;
        return CAPRA_E_SYSTEM;
    }
    n->handles_open++;
    uv_prepare_start(&n->prepare, on_prepare);
    uv_check_start(&n->check, on_check);
    *out = n;
    return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    net *n = handle->data;
    n->handles_open--;
    try_finish_close(n);
}

static void on_deadlines_closed(uv_handle_t *timer)
{
    net *n = LIST_OWNER(timer, net, deadlines.timer);
    n->handles_open--;
    try_finish_close(n);
}

static void on_acceptor_closed(void *owner)
{
    net *n = owner;
    n->handles_open--;
    try_finish_close(n);
}

static void stop_accepting(net *n)
{
    acceptor *a = n->acceptor;
    n->acceptor = NULL;
    if (a != NULL)
        acceptor_close(a, on_acceptor_closed, n);
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
    deadlines_shorten(&n->deadlines, CONN_IDLE, idle_ms);
    deadlines_shorten(&n->deadlines, CONN_HEAD, idle_ms);
    deadlines_shorten(&n->deadlines, CONN_LINGER, idle_ms);
}

void net_close(net *n, void (*on_closed)(void *data), void *data)
{
    n->is_closing = true;
    n->on_closed = on_closed;
    n->closed_data = data;
    stop_accepting(n);
    while (!list_empty(&n->open))
        tcp_close(&LIST_OWNER(n->open.next, tcp, open)->conn);
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

/* libuv counts down what it still has of it. */
static capra_slice unsent_rest(const tcp *t)
{
    if (!t->conn.is_writing)
        return slice_of("", 0);
    const buffer *bytes = &t->rest->bytes;
    size_t const length = uv_stream_get_write_queue_size((const uv_stream_t *)&t->handle);
    return slice_of(bytes->data + bytes->end - length, length);
}

/* The count ends the walk, should a fault have made a circle of the list. */
void net_each(const net *n, net_visit_fn visit, void *data)
{
    uint32_t left = net_connection_count(n);
    for (const list *link = n->open.next; link != &n->open && left > 0; link = link->next, left--) {
        tcp *t = LIST_OWNER(link, tcp, open);
        int fd;
        if (uv_fileno((const uv_handle_t *)&t->handle, &fd) == 0)
            visit(&t->conn, fd, unsent_rest(t), data);
    }
}

/* ---- Who is there ---- */

capra_slice net_peer(conn *c)
{
    tcp *t = tcp_of(c);
    if (c->transport != &transport || uv_is_closing((uv_handle_t *)&t->handle))
        return (capra_slice){ 0 };
    if (t->peer == NULL)
        t->peer = make_peer(&t->handle);
    return slice_text(t->peer);
}
