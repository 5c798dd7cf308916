/* SPDX-License-Identifier: MIT */
#include "response.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>

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
enum { HEAD_ROOM = 320 };

static char *head_room(capra_response *res, const response_head *head, size_t body)
{
    return buffer_room(res->to, HEAD_ROOM + head->lines.length + head->reason.length + body);
}

static bool is_head_request(const capra_response *res)
{
    return res->head != NULL && res->head->method == HTTP_HEAD;
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

static void end(capra_response *res)
{
    res->state = RESPONSE_ENDED;
    if (res->events != NULL)
        res->events->on_end(res);
}

/* ---- A whole answer ---- */

/* A 304 describes what the client has: it says no type of its own (RFC 9110, 15.4.5). */
static char *put_lines_of_304(char *at, capra_slice lines)
{
    while (lines.length > 0) {
        const char *newline = memchr(lines.data, '\n', lines.length);
        size_t const length = newline == NULL ? lines.length : (size_t)(newline - lines.data) + 1;
        capra_slice const line = slice_of(lines.data, length);
        capra_slice const name = slice_of(lines.data, length < 13 ? length : 13);
        if (!slice_is_nocase(name, "content-type:"))
            at = put(at, line);
        lines = slice_from(lines, length);
    }
    return at;
}

static int send_not_modified(capra_response *res, const response_head *head, capra_slice etag)
{
    response_head const not_modified = { .status = 304 };
    char *at = head_room(res, head, 0), *start = at;
    res->status = 304;
    res->is_bodyless = true;
    at = put_status(at, &not_modified);
    at = put_lines_of_304(at, head->lines);
    at = put_field(at, "ETag", etag);
    at = put_tail(res, at, head->flags);
    buffer_added(res->to, (size_t)(at - start));
    end(res);
    return 0;
}

int response_send(capra_response *res, const response_head *head, capra_slice body)
{
    int const error = begin(res, head, true);
    if (error != 0)
        return error;

    char tag[RESPONSE_ETAG_MAX];
    capra_slice etag = { 0 };
    if (head->flags & (RESPONSE_ETAG | RESPONSE_ETAG_OF_BUFFER)) {
        bool const is_buffer = head->flags & RESPONSE_ETAG_OF_BUFFER;
        etag = slice_of(tag, response_etag(tag, body, is_buffer));
        if (response_is_fresh(res->head, res->data, head->status, etag))
            return send_not_modified(res, head, etag);
    }

    char *at = head_room(res, head, body.length), *start = at;
    at = put_status(at, head);
    at = put(at, head->lines);
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

/* ---- A streamed answer ---- */

int response_begin(capra_response *res, const response_head *head, int64_t length)
{
    int const error = begin(res, head, false);
    if (error != 0)
        return error;

    bool const has_framing = !http_status_is_bodyless(head->status);
    bool const is_old = res->head == NULL || res->head->minor == 0;
    res->state = RESPONSE_STREAMING;
    res->left = length;
    if (has_framing && length < 0 && is_old)
        res->closes = true; /* RFC 9112, 6.3: the end of the connection ends the body */
    res->is_chunked = has_framing && length < 0 && !is_old;

    char *at = head_room(res, head, 0), *start = at;
    at = put_status(at, head);
    at = put(at, head->lines);
    if (res->is_chunked) {
        at = put(at, slice_text("Transfer-Encoding: chunked\r\n"));
    } else if (has_framing && length >= 0) {
        at = put(at, slice_text("Content-Length: "));
        at = put_number(at, (uint64_t)length);
        at = put(at, slice_text("\r\n"));
    }
    at = put_tail(res, at, head->flags);
    buffer_added(res->to, (size_t)(at - start));
    return 0;
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

int response_write(capra_response *res, capra_slice piece)
{
    if (res->state != RESPONSE_STREAMING)
        return CAPRA_E_INVALID;
    if (res->left >= 0 && piece.length > (uint64_t)res->left)
        piece.length = (size_t)res->left;
    if (res->left >= 0)
        res->left -= (int64_t)piece.length;
    if (res->is_bodyless || piece.length == 0)
        return 0;

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
    return 0;
}

int response_end(capra_response *res, capra_slice trailers)
{
    if (res->state != RESPONSE_STREAMING)
        return CAPRA_E_INVALID;
    if (res->left > 0 && !res->is_bodyless)
        res->closes = true;
    if (res->is_chunked && !res->is_bodyless) {
        buffer_append_slice(res->to, slice_text("0\r\n"));
        buffer_append_slice(res->to, trailers);
        buffer_append_slice(res->to, slice_text("\r\n"));
    }
    end(res);
    return 0;
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
