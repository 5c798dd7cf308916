/* SPDX-License-Identifier: MIT */
#include "tcp.h"

#include "base/arena.h"
#include "ferry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/syscall.h>
#endif

/* One connection's bytes. libuv only says when the socket is ready: recv and send are called here,
 * because a stream of libuv's would go through read and write, and through its own queue, for
 * every request. What the socket does not take stays in `out`, which may grow meanwhile, until the
 * socket takes more. */

enum { LINGER_BYTES = 8 * 1024 * 1024 /* what a lingering client may still send */ };

static void on_ready(uv_poll_t *handle, int status, int events);

/* ---- The socket ---- */

/* recv and send are points at which a thread may be cancelled. As soon as there is a second thread,
 * glibc pays for that with two atomic steps around each; but none of ours is ever cancelled. */

static ssize_t receive(int fd, char *room, size_t size)
{
#if defined(SYS_recvfrom)
    return syscall(SYS_recvfrom, fd, room, size, 0, NULL, NULL);
#else
    return recv(fd, room, size, 0);
#endif
}

static ssize_t transmit(int fd, const char *data, size_t size)
{
    int const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
#if defined(SYS_sendto)
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
#else
    return send(fd, data, size, flags);
#endif
}

/* ---- What is waited for ---- */

enum { READING = UV_READABLE | UV_DISCONNECT };

/* Asks to be told of what is waited for now. */
static void watch(tcp *t)
{
    const conn *c = &t->conn;
    bool const reads = !c->has_ended && !c->is_paused;
    int const wanted = (reads ? READING : 0) | (c->is_writing ? UV_WRITABLE : 0);
    if (c->is_closing || wanted == t->watched)
        return;
    t->watched = (uint8_t)wanted;
    if (t->telling == TCP_EDGES)
        t->telling = TCP_LEVELS; /* libuv makes a new entry */
    if (wanted == 0)
        uv_poll_stop(&t->handle);
    else
        uv_poll_start(&t->handle, wanted, on_ready);
}

/* libuv asks epoll for levels: a socket that was reported stays on the kernel's list, to be looked
 * at once more at the next wait, and by then it has usually been read to the end. Edges spare that,
 * for connections that go on asking. libuv has no word for them, so its entry is changed behind its
 * back; each new one that it makes is of levels again. */
static bool change_entry(const tcp *t, bool has_edges)
{
#ifdef __linux__
    struct epoll_event entry = { .events = EPOLLIN | EPOLLRDHUP | (has_edges ? EPOLLET : 0),
                                 .data.fd = t->fd };
    return epoll_ctl(uv_backend_fd(t->net->loop), EPOLL_CTL_MOD, t->fd, &entry) == 0;
#else
    (void)t;
    return !has_edges;
#endif
}

/* From the second request on: for a single one it would be a call too many. */
static void try_edges(tcp *t)
{
    if (t->telling == TCP_LEVELS && t->sent > 0 && t->watched == READING && change_entry(t, true))
        t->telling = TCP_EDGES;
}

/* One read may not have been enough, and there is no other edge for what is left. The kernel looks
 * at the socket anew when its entry changes. */
static void leave_edges(tcp *t)
{
    if (t->telling == TCP_EDGES && t->watched == READING)
        change_entry(t, false);
    t->telling = TCP_LEVELS_ONLY;
}

/* ---- The end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    tcp *t = handle->data;
    free(t->backlog);
    free(t->peer);
    net_forget(t);
}

static void tcp_close(conn *c)
{
    tcp *t = tcp_of(c);
    if (c->is_closing)
        return;
    c->is_closing = true;
    deadlines_set(&t->net->deadlines, c, CONN_NO_DEADLINE);
    list_remove(&t->open);
    list_remove(&c->ready);
    list_remove(&c->dirty);
    c->events->on_close(c);
    t->net->freed_bytes += c->out.capacity;
    conn_cleanup(c, t->net->memory);
    uv_close((uv_handle_t *)&t->handle, on_handle_closed);
    close(t->fd); /* the loop has let go of it */
    t->fd = -1;
}

/* ---- Input ---- */

static void throw_away(tcp *t, size_t size)
{
    conn *c = &t->conn;
    c->in.end = c->in.at = c->in.start;
    t->lingered_bytes += (uint32_t)size;
    if (t->lingered_bytes > LINGER_BYTES)
        tcp_close(c);
}

static void take_input(tcp *t, size_t size)
{
    conn *c = &t->conn;
    c->in.end += (uint32_t)size;
    if (c->lingers) {
        throw_away(t, size);
        return;
    }
    if ((t->awaits_preface || t->preface_rest > 0) && !admit_preface(t))
        return;
    if (c->in.end == c->in.capacity) {
        size_t room;
        conn_input_room(c, t->net->memory, &room);
        c->is_paused = room == 0;
        watch(t);
    }
    c->events->on_input(c);
}

void tcp_give_input(tcp *t, capra_slice bytes)
{
    conn_input_put(&t->conn, t->net->memory, bytes);
    take_input(t, 0);
}

static void take_end(tcp *t)
{
    conn *c = &t->conn;
    if (c->lingers || t->awaits_preface) {
        tcp_close(c);
        return;
    }
    c->has_ended = true;
    watch(t);
    c->events->on_input(c);
}

static bool is_passing(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void read_input(tcp *t)
{
    conn *c = &t->conn;
    size_t size;
    char *room = conn_input_room(c, t->net->memory, &size);
    if (size == 0) { /* recv would answer as it does at the end */
        c->is_paused = true;
        watch(t);
        return;
    }
    ssize_t const got = receive(t->fd, room, size);
    if (got == (ssize_t)size)
        leave_edges(t);
    if (got > 0) {
        take_input(t, (size_t)got);
        return;
    }
    bool const has_ended = got == 0, passes = got < 0 && is_passing(errno);
    conn_input_release(c, t->net->memory);
    if (has_ended)
        take_end(t);
    else if (!passes)
        tcp_close(c);
}

static void tcp_resume(conn *c)
{
    if (!c->is_paused || c->is_closing)
        return;
    c->is_paused = false;
    watch(tcp_of(c));
}

/* ---- Output ---- */

/* All has been sent. */
static void after_sending(tcp *t)
{
    conn *c = &t->conn;
    conn_output_release(c, t->net->memory);
    if (c->lingers && c->has_ended)
        tcp_close(c);
    else if (c->lingers)
        shutdown(t->fd, SHUT_WR);
}

/* As much as the socket takes. False when it never will again. */
static bool send_out(tcp *t)
{
    buffer *out = &t->conn.out;
    ssize_t const sent = transmit(t->fd, out->data + out->start, buffer_length(out));
    if (sent < 0)
        return is_passing(errno) || errno == ENOBUFS;
    buffer_used(out, (size_t)sent);
    t->sent += (uint64_t)sent;
    return true;
}

/* What the client has read by now. The kernel keeps megabytes for it, and asks for more only when a
 * third of them has gone. */
static uint64_t count_taken(const tcp *t)
{
    int in_kernel = 0;
    if (ioctl(t->fd, TIOCOUTQ, &in_kernel) != 0)
        in_kernel = 0;
    return t->sent - (uint64_t)in_kernel;
}

static bool watch_pace(tcp *t, uint64_t bytes)
{
    return pace_wait(&t->backlog->pace, &t->net->write_pace, (int64_t)uv_now(t->net->loop), bytes);
}

/* The rest goes when the socket takes it; from now on the client has only so much time. */
static void send_later(tcp *t)
{
    conn *c = &t->conn;
    if (t->backlog == NULL)
        t->backlog = memory_take(sizeof *t->backlog);
    deadlines_set(&t->net->deadlines, c, CONN_WRITE);
    c->is_writing = true;
    watch(t);
    t->backlog->taken = count_taken(t);
    pace_init(&t->backlog->pace, &t->net->write_pace);
    watch_pace(t, 0);
}

static void tcp_flush(conn *c)
{
    tcp *t = tcp_of(c);
    if (c->is_closing || c->is_writing || buffer_length(&c->out) == 0)
        return;
    if (!send_out(t))
        tcp_close(c);
    else if (buffer_length(&c->out) == 0)
        after_sending(t);
    else
        send_later(t);
}

static void send_rest(tcp *t)
{
    conn *c = &t->conn;
    if (!send_out(t)) {
        tcp_close(c);
        return;
    }
    if (buffer_length(&c->out) > 0)
        return;
    c->is_writing = false;
    watch(t);
    if (c->deadline == CONN_WRITE)
        deadlines_set(&t->net->deadlines, c, CONN_NO_DEADLINE);
    after_sending(t);
    if (!c->is_closing)
        c->events->on_drained(c);
}

static void on_ready(uv_poll_t *handle, int status, int events)
{
    tcp *t = handle->data;
    if (status < 0) {
        tcp_close(&t->conn);
        return;
    }
    if (events & UV_DISCONNECT)
        leave_edges(t); /* the end stands behind what is read now */
    else
        try_edges(t);
    if (events & READING)
        read_input(t);
    if ((events & UV_WRITABLE) && t->conn.is_writing && !t->conn.is_closing)
        send_rest(t);
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
        shutdown(t->fd, SHUT_WR);
}

/* ---- Time ---- */

/* While a rest waits to be sent, its time runs and no other. */
static void tcp_set_deadline(conn *c, conn_deadline kind)
{
    if (!c->is_closing && !c->is_writing && !c->lingers)
        deadlines_set(&tcp_of(c)->net->deadlines, c, kind);
}

/* A client that reads slowly is not one that has stopped; but it must not take for ever. */
static bool reads_on(tcp *t)
{
    uint64_t const taken = count_taken(t), bytes = taken - t->backlog->taken;
    t->backlog->taken = taken;
    return watch_pace(t, bytes) && bytes > 0;
}

void tcp_on_deadline(conn *c)
{
    tcp *t = tcp_of(c);
    if (c->deadline == CONN_WRITE && reads_on(t))
        deadlines_set(&t->net->deadlines, c, CONN_WRITE);
    else if (c->deadline == CONN_WRITE || c->deadline == CONN_LINGER)
        tcp_close(c);
    else
        c->events->on_deadline(c);
}

/* ---- From the outside ---- */

/* A second descriptor of the socket: closing the first one then ends nothing. */
static int tcp_detach(conn *c)
{
    return fcntl(tcp_of(c)->fd, F_DUPFD_CLOEXEC, 0);
}

const conn_transport tcp_transport = {
    .detach = tcp_detach,
    .flush = tcp_flush,
    .resume = tcp_resume,
    .linger = tcp_linger,
    .hand_over = ferry_hand_over,
    .close = tcp_close,
    .set_deadline = tcp_set_deadline,
    .peer = admit_peer,
};

int tcp_begin(tcp *t, uv_loop_t *loop)
{
    int const error = uv_poll_init_socket(loop, &t->handle, t->fd);
    if (error != 0)
        return error;
    t->handle.data = t;
    watch(t);
    return 0;
}
