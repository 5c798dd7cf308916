/* SPDX-License-Identifier: MIT */
#include "response.h"

#include "base/arena.h"
#include "base/error.h"
#include "encoding.h"
#include "preset.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- What all responses share ---- */

void response_clock_init(response_clock *clock, uint32_t keep_alive_s)
{
    *clock = (response_clock){ .second = -1, .keep_alive_s = keep_alive_s };
    clock->keep_length = (uint16_t)snprintf(
        clock->keep, sizeof clock->keep,
        "Connection: keep-alive\r\nKeep-Alive: timeout=%" PRIu32 "\r\n\r\n", keep_alive_s);
    clock->close_length =
        (uint16_t)snprintf(clock->closing, sizeof clock->closing, "Connection: close\r\n\r\n");
}

void response_clock_set(response_clock *clock, int64_t second)
{
    if (second == clock->second)
        return;
    clock->second = second;
    memcpy(clock->date, "Date: ", 6);
    http_date_write(clock->date + 6, second);
    memcpy(clock->date + 6 + HTTP_DATE_LENGTH, "\r\n", 2);
    clock->date_length = 6 + HTTP_DATE_LENGTH + 2;
}

void response_init(capra_response *res, const response_events *events, const response_clock *clock,
                   const http_head *head, const char *data, buffer *to)
{
    *res = (capra_response){
        .events = events,
        .clock = clock,
        .head = head,
        .data = data,
        .to = to,
        .left = -1,
        .closes = head == NULL || !head->keeps_alive,
    };
}

void response_cleanup(capra_response *res)
{
    buffer_cleanup(&res->lines);
    if (res->coder != NULL)
        coder_close(res->coder);
    if (res->source != NULL)
        res->source->free(res->source);
}

/* ---- The head ---- */

static char *put(char *at, capra_slice s)
{
    if (s.length > 0)
        memcpy(at, s.data, s.length);
    return at + s.length;
}

static char *put_status(char *at, const response_head *head)
{
    capra_slice const line = http_status_line(head->status);
    if (head->reason.length == 0 && line.length > 0)
        return put(at, line);
    capra_slice const reason =
        head->reason.length > 0 ? head->reason : slice_text(http_status_reason(head->status));
    at = put(at, slice_text("HTTP/1.1 "));
    *at++ = (char)('0' + head->status / 100 % 10);
    *at++ = (char)('0' + head->status / 10 % 10);
    *at++ = (char)('0' + head->status % 10);
    *at++ = ' ';
    at = put(at, reason);
    return put(at, slice_text("\r\n"));
}

static char *put_number(char *at, uint64_t value)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

static char *put_field(char *at, const char *name, capra_slice value)
{
    at = put(at, slice_text(name));
    at = put(at, slice_text(": "));
    at = put(at, value);
    return put(at, slice_text("\r\n"));
}

/* Date, Connection and the empty line. */
static char *put_tail(const capra_response *res, char *at, unsigned flags)
{
    const response_clock *clock = res->clock;
    if (!(flags & RESPONSE_NO_DATE))
        at = put(at, slice_of(clock->date, clock->date_length));
    return res->closes ? put(at, slice_of(clock->closing, clock->close_length))
                       : put(at, slice_of(clock->keep, clock->keep_length));
}

/* Beside `lines` and the reason, a head is never longer than this. */
enum { HEAD_ROOM = 352 + ENCODING_ROOM };

static char *head_room(capra_response *res, const response_head *head, size_t body)
{
    return buffer_room(res->to, HEAD_ROOM + head->lines.length + head->reason.length + body);
}

static bool is_head_request(const capra_response *res)
{
    return res->head != NULL && res->head->method == HTTP_HEAD;
}

static bool is_as_next(const capra_response *res)
{
    return res->settings != NULL && res->settings->as_next;
}

static int begin(capra_response *res, const response_head *head, bool is_whole)
{
    if (res->state != RESPONSE_OPEN)
        return CAPRA_E_HEAD_SENT;
    if (head->flags & RESPONSE_CLOSE)
        res->closes = true;
    if (res->events != NULL)
        res->events->on_begin(res, is_whole);
    res->status = head->status;
    res->is_bodyless = is_head_request(res) || http_status_is_bodyless(head->status);
    return 0;
}

/* What its lines and the client say of compression. `length`: of the body, -1 if nobody knows. */
static encoding decide_encoding(const capra_response *res, const response_head *head,
                                int64_t length)
{
    encoding e = { .coding = HTTP_IDENTITY };
    if (res->settings != NULL && res->settings->compressor != NULL)
        encoding_decide(&e, head->lines, head->status, length, res->head, res->data,
                        res->settings->as_next);
    return e;
}

static void end(capra_response *res)
{
    res->state = RESPONSE_ENDED;
    if (res->events != NULL)
        res->events->on_end(res);
}

/* ---- A streamed answer ---- */

/* False when it cannot be had now; then the body goes out as it is, and `e` says so. */
static bool open_coder(capra_response *res, encoding *e, int64_t bytes)
{
    const response_settings *settings = res->settings;
    res->coder = coder_open(settings->compressor, e->coding, bytes, settings->as_next);
    if (res->coder == NULL)
        e->coding = HTTP_IDENTITY, e->drop = 0;
    return res->coder != NULL;
}

/* Without an ETag of ours (empty) for what the handler streams. */
static void begin_stream(capra_response *res, const response_head *head, const encoding *e,
                         capra_slice etag, int64_t length)
{
    bool const has_framing = !http_status_is_bodyless(head->status);
    bool const has_body = has_framing && !is_head_request(res);
    bool const is_old = res->head == NULL || res->head->minor == 0;
    res->state = RESPONSE_STREAMING;
    res->left = length;
    if (has_body && length < 0 && is_old)
        res->closes = true; /* RFC 9112, 6.3: the end of the connection ends the body */
    res->is_chunked = has_body && length < 0 && !is_old;

    char *at = head_room(res, head, 0), *start = at;
    at = put_status(at, head);
    at = encoding_put_lines(at, head->lines, e);
    if (etag.length > 0)
        at = put_field(at, "ETag", etag);
    if (res->coder != NULL)
        at = put_field(at, "Content-Encoding", slice_text(http_coding_name(e->coding)));
    if (res->is_chunked) {
        at = put(at, slice_text("Transfer-Encoding: chunked\r\n"));
    } else if (has_framing && length >= 0) {
        at = put(at, slice_text("Content-Length: "));
        at = put_number(at, (uint64_t)length);
        at = put(at, slice_text("\r\n"));
    }
    at = put_tail(res, at, head->flags);
    buffer_added(res->to, (size_t)(at - start));
}

static int begin_body(capra_response *res, const response_head *head, int64_t length)
{
    int const error = begin(res, head, false);
    if (error != 0)
        return error;
    encoding e = decide_encoding(res, head, length);
    if (e.coding != HTTP_IDENTITY && open_coder(res, &e, -1))
        length = -1;
    begin_stream(res, head, &e, (capra_slice){ 0 }, length);
    return 0;
}

void response_add_preset(capra_response *res, capra_slice lines, capra_slice cookies, arena *a)
{
    buffer made = { 0 };
    if (lines.length > 0)
        res->preset = arena_copy(a, preset_merge(&made, res->preset, lines));
    if (cookies.length > 0)
        res->cookies = arena_copy(a, cookies);
    buffer_cleanup(&made);
}

void response_lend_preset(capra_response *res)
{
    res->lent_preset = res->preset;
    res->preset = slice_of(NULL, 0);
}

void response_take_preset_back(capra_response *res)
{
    if (res->lent_preset.data != NULL)
        res->preset = res->lent_preset;
}

static bool has_preset(const capra_response *res)
{
    return (res->preset.length | res->cookies.length) != 0;
}

/* The lines of who answers, with what was decided before. */
static capra_slice with_preset(const capra_response *res, buffer *out, capra_slice lines)
{
    preset_keep(out, res->cookies, lines);
    return preset_merge(out, res->preset, lines);
}

int response_begin(capra_response *res, const response_head *head, int64_t length)
{
    if (head->flags & RESPONSE_PRESET)
        response_take_preset_back(res);
    if (!has_preset(res))
        return begin_body(res, head, length);
    buffer lines = { 0 };
    response_head full = *head;
    full.lines = with_preset(res, &lines, head->lines);
    int const error = begin_body(res, &full, length);
    buffer_cleanup(&lines);
    return error;
}

static char *put_hex(char *at, size_t value)
{
    int shift = 60;
    while (shift > 0 && value >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[value >> shift & 15];
    return at;
}

/* A piece as the message carries it. */
static void put_piece(capra_response *res, capra_slice piece)
{
    if (piece.length == 0)
        return; /* a chunk without bytes would be the last one */
    res->body_bytes += piece.length;
    char *at = buffer_room(res->to, piece.length + 20), *start = at;
    if (res->is_chunked) {
        at = put_hex(at, piece.length);
        at = put(at, slice_text("\r\n"));
    }
    at = put(at, piece);
    if (res->is_chunked)
        at = put(at, slice_text("\r\n"));
    buffer_added(res->to, (size_t)(at - start));
}

static void put_compressed(capra_response *res, capra_slice piece, coder_step step)
{
    buffer *made = coder_scratch(res->coder);
    coder_write(res->coder, piece, step, made);
    put_piece(res, buffer_slice(made));
}

int response_write(capra_response *res, capra_slice piece)
{
    if (res->state != RESPONSE_STREAMING)
        return CAPRA_E_INVALID;
    if (res->left >= 0 && piece.length > (uint64_t)res->left)
        piece.length = (size_t)res->left;
    if (res->left >= 0)
        res->left -= (int64_t)piece.length;
    if (res->is_bodyless)
        return 0;
    if (res->coder == NULL) {
        put_piece(res, piece);
        return 0;
    }
    /* Next flushes only when it is told to (`res.flush()`, which is an empty piece here). */
    if (!res->settings->as_next || piece.length == 0)
        res->needs_flush = true;
    if (piece.length > 0)
        put_compressed(res, piece, CODER_MORE);
    return 0;
}

void response_flush(capra_response *res)
{
    if (res->needs_flush && res->coder != NULL)
        put_compressed(res, slice_of("", 0), CODER_FLUSH);
    res->needs_flush = false;
}

int response_end(capra_response *res, capra_slice trailers)
{
    if (res->state != RESPONSE_STREAMING)
        return CAPRA_E_INVALID;
    if (res->left > 0 && !res->is_bodyless)
        res->closes = true;
    if (res->coder != NULL) {
        put_compressed(res, slice_of("", 0), CODER_END);
        coder_close(res->coder);
        res->coder = NULL;
    }
    if (res->is_chunked && !res->is_bodyless) {
        buffer_append_slice(res->to, slice_text("0\r\n"));
        buffer_append_slice(res->to, trailers);
        buffer_append_slice(res->to, slice_text("\r\n"));
    }
    end(res);
    return 0;
}

/* ---- A body that is pulled ---- */

void response_set_source(capra_response *res, response_source *source)
{
    if (res->is_bodyless) {
        source->free(source);
        res->left = 0;
        response_end(res, (capra_slice){ 0 });
        return;
    }
    res->source = source;
    if (res->events != NULL)
        res->events->on_source(res);
}

int response_pull(capra_response *res)
{
    response_source *source = res->source;
    int const error = source->pull(source, res);
    res->needs_flush = false; /* nobody waits for less than all of it */
    if (res->state == RESPONSE_ENDED) {
        res->source = NULL;
        source->free(source);
    }
    return error;
}

/* A copy of a body that is too long to be compressed in one go. */
typedef struct long_body {
    response_source source;
    size_t length, at;
    char bytes[];
} long_body;

static int pull_long_body(response_source *source, capra_response *res)
{
    long_body *body = (long_body *)source;
    size_t const left = body->length - body->at;
    size_t const size = left < RESPONSE_PIECE_BYTES ? left : RESPONSE_PIECE_BYTES;
    response_write(res, slice_of(body->bytes + body->at, size));
    body->at += size;
    if (body->at == body->length)
        response_end(res, (capra_slice){ 0 });
    return 0;
}

static void free_long_body(response_source *source)
{
    free(source);
}

static response_source *long_body_new(capra_slice bytes)
{
    long_body *body = memory_take(sizeof *body + bytes.length);
    body->source = (response_source){ pull_long_body, free_long_body };
    body->length = bytes.length;
    body->at = 0;
    memcpy(body->bytes, bytes.data, bytes.length);
    return &body->source;
}

/* ---- A whole answer ---- */

/* A 304 describes what the client has: it says no type of its own (RFC 9110, 15.4.5). */
static char *put_lines_of_304(char *at, capra_slice lines, const encoding *e)
{
    char *start = at;
    at = encoding_put_lines(at, lines, e);
    lines = slice_of(start, (size_t)(at - start));
    at = start;
    while (lines.length > 0) {
        const char *newline = memchr(lines.data, '\n', lines.length);
        size_t const length = newline == NULL ? lines.length : (size_t)(newline - lines.data) + 1;
        capra_slice const line = slice_of(lines.data, length);
        capra_slice const name = slice_of(lines.data, length < 13 ? length : 13);
        if (!slice_is_nocase(name, "content-type:")) {
            memmove(at, line.data, line.length);
            at += line.length;
        }
        lines = slice_from(lines, length);
    }
    return at;
}

static int send_not_modified(capra_response *res, const response_head *head, capra_slice etag)
{
    response_head const not_modified = { .status = 304 };
    bool const is_late = head->flags & RESPONSE_LATE_TYPE;
    encoding e = decide_encoding(res, head, 0);
    if (is_late)
        e = (encoding){ .coding = HTTP_IDENTITY }; /* and no Vary without a type */
    char *at = head_room(res, head, 0), *start = at;
    res->status = 304;
    res->is_bodyless = true;
    at = put_status(at, &not_modified);
    at = is_as_next(res) && !is_late ? encoding_put_lines(at, head->lines, &e)
                                     : put_lines_of_304(at, head->lines, &e);
    at = put_field(at, "ETag", etag);
    at = put_tail(res, at, head->flags);
    buffer_added(res->to, (size_t)(at - start));
    end(res);
    return 0;
}

/* More than this is compressed piece by piece, for others are served by the same thread. */
enum { AT_ONCE_BYTES = 256 * 1024 };

static void send_compressed(capra_response *res, const response_head *head, const encoding *e,
                            capra_slice etag, capra_slice body)
{
    begin_stream(res, head, e, etag, -1);
    if (body.length > AT_ONCE_BYTES) {
        response_set_source(res, long_body_new(body));
        return;
    }
    put_compressed(res, body, CODER_MORE);
    response_end(res, (capra_slice){ 0 });
}

static void send_chunked(capra_response *res, const response_head *head, const encoding *e,
                         capra_slice body)
{
    begin_stream(res, head, e, (capra_slice){ 0 }, -1);
    response_write(res, body);
    response_end(res, (capra_slice){ 0 });
}

static int send_whole(capra_response *res, const response_head *head, capra_slice body)
{
    int const error = begin(res, head, true);
    if (error != 0)
        return error;

    char tag[RESPONSE_ETAG_MAX];
    capra_slice etag = { 0 };
    if (head->flags & (RESPONSE_ETAG | RESPONSE_ETAG_OF_BUFFER)) {
        bool const is_buffer = head->flags & RESPONSE_ETAG_OF_BUFFER;
        etag = response_etag(tag, body, is_buffer);
        if (response_is_fresh(res->head, res->data, head->status, etag, is_as_next(res)))
            return send_not_modified(res, head, etag);
    }

    encoding e = decide_encoding(res, head, (int64_t)body.length);
    if (e.coding != HTTP_IDENTITY && open_coder(res, &e, (int64_t)body.length)) {
        send_compressed(res, head, &e, etag, body);
        return 0;
    }
    if (head->flags & RESPONSE_CHUNKED) {
        send_chunked(res, head, &e, body);
        return 0;
    }

    char *at = head_room(res, head, body.length), *start = at;
    at = put_status(at, head);
    at = head->status == 304 && !is_as_next(res) ? put_lines_of_304(at, head->lines, &e)
                                                 : encoding_put_lines(at, head->lines, &e);
    if (etag.length > 0)
        at = put_field(at, "ETag", etag);
    if (!http_status_is_bodyless(head->status)) {
        at = put(at, slice_text("Content-Length: "));
        at = put_number(at, body.length);
        at = put(at, slice_text("\r\n"));
    }
    at = put_tail(res, at, head->flags);
    if (!res->is_bodyless) {
        at = put(at, body);
        res->body_bytes = body.length;
    }
    buffer_added(res->to, (size_t)(at - start));
    end(res);
    return 0;
}

int response_send(capra_response *res, const response_head *head, capra_slice body)
{
    if (head->flags & RESPONSE_PRESET)
        response_take_preset_back(res);
    if (!has_preset(res))
        return send_whole(res, head, body);
    buffer lines = { 0 };
    response_head full = *head;
    full.lines = with_preset(res, &lines, head->lines);
    int const error = send_whole(res, &full, body);
    buffer_cleanup(&lines);
    return error;
}

int response_interim(capra_response *res, int status, capra_slice lines)
{
    if (res->state != RESPONSE_OPEN)
        return CAPRA_E_HEAD_SENT;
    if (res->head == NULL || res->head->minor == 0)
        return CAPRA_E_INVALID; /* RFC 9110, 15.2 */
    response_head const head = { .status = status };
    char *at = buffer_room(res->to, HEAD_ROOM + lines.length), *start = at;
    at = put_status(at, &head);
    at = put(at, lines);
    at = put(at, slice_text("\r\n"));
    buffer_added(res->to, (size_t)(at - start));
    return 0;
}
