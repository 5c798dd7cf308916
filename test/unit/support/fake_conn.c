/* SPDX-License-Identifier: MIT */
#include "fake_conn.h"

static fake_conn *fake_of(conn *c)
{
    return LIST_OWNER(c, fake_conn, conn);
}

static void flush(conn *c)
{
    fake_conn *f = fake_of(c);
    if (f->sends_nothing) {
        c->is_writing = buffer_length(&c->out) > 0;
        return;
    }
    buffer_append_slice(&f->sent, buffer_slice(&c->out));
    buffer_used(&c->out, buffer_length(&c->out));
    conn_output_release(c, server_memory(f->server));
}

static void resume(conn *c)
{
    c->is_paused = false;
}

static void linger(conn *c)
{
    c->lingers = true;
}

static void close_now(conn *c)
{
    fake_conn *f = fake_of(c);
    if (c->is_closing)
        return;
    c->is_closing = true;
    f->is_closed = true;
    list_remove(&c->ready);
    list_remove(&c->dirty);
    c->events->on_close(c);
    conn_cleanup(c, server_memory(f->server));
}

static void set_deadline(conn *c, conn_deadline kind)
{
    c->deadline = kind;
}

static void peer(conn *c, ip_address *out)
{
    *out = fake_of(c)->peer;
}

static int hand_over(conn *c, capra_slice note, capra_slice head)
{
    fake_conn *f = fake_of(c);
    if (f->hand_over_error != 0)
        return f->hand_over_error;
    f->handed_count++;
    buffer_append_slice(&f->note, note);
    buffer_append_slice(&f->handed, head);
    buffer_append_slice(&f->handed, conn_input(c));
    return 0;
}

static const conn_transport transport = {
    .hand_over = hand_over,
    .flush = flush,
    .resume = resume,
    .linger = linger,
    .close = close_now,
    .set_deadline = set_deadline,
    .peer = peer,
};

void fake_conn_open(fake_conn *f, server *s)
{
    *f = (fake_conn){ .server = s };
    conn_init(&f->conn, &transport, &server_conn_events, s);
    f->conn.deadline = CONN_HEAD;
}

void fake_turn(server *s)
{
    while (server_turn(s))
        ;
}

void fake_conn_receive(fake_conn *f, const void *data, size_t length)
{
    conn *c = &f->conn;
    const char *at = data;
    while (length > 0 && !c->is_closing && !c->lingers && !c->is_paused) {
        size_t room;
        char *to = conn_input_room(c, server_memory(f->server), &room);
        size_t const part = room < length ? room : length;
        memcpy(to, at, part);
        c->in.end += (uint32_t)part;
        at += part;
        length -= part;
        conn_input_room(c, server_memory(f->server), &room);
        c->is_paused = room == 0;
        c->events->on_input(c);
        fake_turn(f->server);
    }
}

void fake_conn_receive_text(fake_conn *f, const char *text)
{
    fake_conn_receive(f, text, strlen(text));
}

void fake_conn_end(fake_conn *f)
{
    f->conn.has_ended = true;
    f->conn.events->on_input(&f->conn);
    fake_turn(f->server);
}

void fake_conn_drain(fake_conn *f)
{
    f->sends_nothing = false;
    f->conn.is_writing = false;
    flush(&f->conn);
    f->conn.events->on_drained(&f->conn);
    fake_turn(f->server);
}

void fake_conn_run_out(fake_conn *f)
{
    f->conn.events->on_deadline(&f->conn);
    fake_turn(f->server);
}

void fake_conn_cleanup(fake_conn *f)
{
    close_now(&f->conn);
    buffer_cleanup(&f->sent);
    buffer_cleanup(&f->note);
    buffer_cleanup(&f->handed);
}
