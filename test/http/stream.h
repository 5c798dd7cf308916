/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_TEST_HTTP_STREAM_H
#define CAPRA_TEST_HTTP_STREAM_H

/* What a connection makes of the bytes that arrive on it, without a connection: requests one after
 * the other, each a head and a body, until the bytes are used up, a request ends the connection, or
 * one is refused. Text cases, fuzzers and the oracle all read requests with this. */

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Memory that ends where its page ends ---- */

typedef struct guard {
    char *memory; /* the page behind its `bytes` must not be touched */
    size_t bytes;
} guard;

static inline guard guard_new(size_t bytes)
{
    size_t const page = (size_t)sysconf(_SC_PAGESIZE);
    size_t const room = (bytes / page + 1) * page;
    char *memory =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + room, page, PROT_NONE) != 0) {
        perror("guard");
        exit(1);
    }
    return (guard){ memory, room };
}

static inline void guard_free(guard *g)
{
    munmap(g->memory, g->bytes + (size_t)sysconf(_SC_PAGESIZE));
}

/* A copy of `s` that ends at the guarded page; lent until the next one. */
static inline const char *guard_copy(guard *g, capra_slice s)
{
    char *copy = g->memory + g->bytes - s.length;
    if (s.length > 0)
        memcpy(copy, s.data, s.length);
    return copy;
}

/* ---- What was read ---- */

typedef struct message_field {
    capra_slice name, value;
} message_field;

/* A request that had a valid head. Its slices are parts of the stream. */
typedef struct message {
    capra_slice method, target;
    int minor;
    message_field fields[HTTP_HEAD_FIELDS];
    size_t field_count;
    http_framing framing;
    uint64_t content_length;
    bool keeps_alive, expects_continue;
    buffer body; /* as far as it came */
} message;

typedef struct outcome {
    message *messages;
    size_t count;
    int error;       /* what ended the stream; 0: nothing did */
    bool wants_more; /* the bytes ended within a request */
    bool in_body;    /* the last request's body is not complete */
} outcome;

static inline void outcome_cleanup(outcome *o)
{
    for (size_t i = 0; i < o->count; i++)
        buffer_cleanup(&o->messages[i].body);
    free(o->messages);
    *o = (outcome){ 0 };
}

/* One more, all zero; lent until the next one. */
static inline message *outcome_add(outcome *o)
{
    o->messages = memory_grow(o->messages, (o->count + 1) * sizeof *o->messages);
    message *m = &o->messages[o->count++];
    memset(m, 0, sizeof *m);
    return m;
}

/* ---- Reading ---- */

/* Where the segment ends that begins at `at`: beyond `at`, at most at `length`. */
typedef size_t (*stream_cut_fn)(void *context, size_t at, size_t length);

typedef struct stream_options {
    const http_limits *limits;
    stream_cut_fn cut;
    void *context;
    bool checks_target; /* refuse targets that have none of the forms, as the server does */
} stream_options;

typedef struct stream {
    capra_slice bytes;
    size_t start, have; /* of the bytes: all before `start` are used, all before `have` are there */
    const stream_options *options;
    guard *guard;
    outcome *out;

    bool has_head;
    http_head head;
    http_chunked chunked;
    uint64_t left; /* of a body with a length */
} stream;

/* The bytes that are there and not yet used; lent until the next call. */
static inline capra_slice stream_waiting(stream *s)
{
    capra_slice const waiting = slice_of(s->bytes.data + s->start, s->have - s->start);
    return slice_of(guard_copy(s->guard, waiting), waiting.length);
}

static inline void stream_add_message(stream *s)
{
    const http_head *head = &s->head;
    const char *bytes = s->bytes.data + s->start;
    message *m = outcome_add(s->out);
    m->method = slice_text(http_method_name(head->method));
    m->target = slice_of(bytes + head->target, head->target_length);
    m->minor = head->minor;
    m->framing = head->framing;
    m->content_length = head->content_length;
    m->keeps_alive = head->keeps_alive;
    m->expects_continue = head->expects_continue;
    m->field_count = head->field_count;
    for (size_t i = 0; i < m->field_count; i++) {
        const http_field *f = &head->fields[i];
        m->fields[i].name = slice_of(bytes + f->name, f->name_length);
        m->fields[i].value = slice_of(bytes + f->value, f->value_length);
    }
}

static inline int stream_check_target(const stream *s)
{
    http_target target;
    arena a;
    if (!s->options->checks_target)
        return 0;
    arena_init(&a);
    const char *text = s->bytes.data + s->start + s->head.target;
    int const result = http_target_parse(&target, slice_of(text, s->head.target_length), &a);
    arena_cleanup(&a);
    return result;
}

/* These two return an error, HTTP_MORE when they have done what they can, or 1 when their part of
 * the request is complete. */

static inline int stream_read_head(stream *s)
{
    capra_slice const waiting = stream_waiting(s);
    long const result = http_head_parse(&s->head, waiting.data, waiting.length, s->options->limits);
    if (result <= 0)
        return (int)result;
    int const error = stream_check_target(s);
    if (error != 0)
        return error;
    stream_add_message(s);
    s->start += (size_t)result;
    s->left = s->head.framing == HTTP_BODY_LENGTH ? s->head.content_length : 0;
    s->chunked = (http_chunked){ 0 };
    s->has_head = true;
    return 1;
}

static inline int stream_read_chunked(stream *s, message *m)
{
    capra_slice rest = stream_waiting(s);
    while (!s->chunked.is_done && rest.length > 0) {
        size_t used;
        capra_slice data;
        int const error = http_chunked_decode(&s->chunked, rest, &used, &data);
        if (error != 0)
            return error;
        buffer_append(&m->body, data.data, data.length);
        rest = slice_from(rest, used);
        s->start += used;
    }
    return s->chunked.is_done;
}

static inline int stream_read_body(stream *s)
{
    message *m = &s->out->messages[s->out->count - 1];
    if (s->head.framing == HTTP_BODY_CHUNKED)
        return stream_read_chunked(s, m);
    size_t const there = s->have - s->start;
    size_t const length = s->left < there ? (size_t)s->left : there;
    buffer_append(&m->body, s->bytes.data + s->start, length);
    s->start += length;
    s->left -= length;
    return s->left == 0;
}

/* Reads what is there. False when the stream has ended. */
static inline bool stream_advance(stream *s)
{
    int result = 1;
    while (result == 1) {
        bool const in_body = s->has_head;
        result = in_body ? stream_read_body(s) : stream_read_head(s);
        if (result == 1 && in_body) {
            if (!s->head.keeps_alive)
                return false;
            s->has_head = false;
            http_head_init(&s->head);
        }
    }
    s->out->error = result;
    return result == HTTP_MORE;
}

/* Reads all of `bytes`, which arrive in segments as `options` cut them. */
static inline void stream_read(outcome *out, capra_slice bytes, const stream_options *options,
                               guard *g)
{
    stream s = { .bytes = bytes, .options = options, .guard = g, .out = out };
    *out = (outcome){ 0 };
    http_head_init(&s.head);
    bool is_open = true;
    while (is_open && s.have < bytes.length) {
        s.have = options->cut(options->context, s.have, bytes.length);
        is_open = stream_advance(&s);
    }
    out->wants_more = is_open && (s.has_head || s.start < s.have);
    out->in_body = s.has_head && (is_open || out->error != 0);
}

static inline size_t cut_nowhere(void *context, size_t at, size_t length)
{
    (void)context;
    (void)at;
    return length;
}

static inline size_t cut_everywhere(void *context, size_t at, size_t length)
{
    (void)context;
    (void)length;
    return at + 1;
}

/* At one place: `*context`, a size_t. */
static inline size_t cut_once(void *context, size_t at, size_t length)
{
    size_t const place = *(const size_t *)context;
    return at < place && place < length ? place : length;
}

/* ---- Writing what was read, in the notation of README.md but without its escapes ---- */

static inline void put_text(buffer *b, const char *text)
{
    buffer_append(b, text, strlen(text));
}

static inline void put_message(buffer *b, const message *m)
{
    char text[64];
    buffer_append_slice(b, m->method);
    put_text(b, " ");
    buffer_append_slice(b, m->target);
    put_text(b, m->minor == 1 ? " HTTP/1.1\n" : " HTTP/1.0\n");
    for (size_t i = 0; i < m->field_count; i++) {
        buffer_append_slice(b, m->fields[i].name);
        put_text(b, m->fields[i].value.length > 0 ? ": " : ":");
        buffer_append_slice(b, m->fields[i].value);
        put_text(b, "\n");
    }
    if (m->framing == HTTP_BODY_NONE) {
        put_text(b, "=> no body");
    } else {
        snprintf(text, sizeof text, "=> length %llu \"", (unsigned long long)m->content_length);
        put_text(b, m->framing == HTTP_BODY_LENGTH ? text : "=> chunked \"");
        buffer_append_slice(b, buffer_slice(&m->body));
        put_text(b, "\"");
    }
    put_text(b, m->keeps_alive ? ", keep-alive" : ", close");
    put_text(b, m->expects_continue ? ", 100-continue\n" : "\n");
}

static inline void put_outcome(buffer *b, const outcome *o)
{
    char text[64];
    for (size_t i = 0; i < o->count; i++)
        put_message(b, &o->messages[i]);
    if (o->error != 0) {
        snprintf(text, sizeof text, "error %s %d\n", error_name(o->error), error_status(o->error));
        put_text(b, text);
    }
    if (o->wants_more)
        put_text(b, "more\n");
}

#endif
