/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/log.h"
#include "held.h"
#include "json_text.h"
#include "native.h"
#include "pipeline.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

/* How a route in C answers; see include/capra.h. Most answers go straight to response/; those of
 * requests that are held have to ask first whether anybody still waits for them. */

static int send(capra_response *res, const response_head *head, capra_slice bytes)
{
    capra_request *req = request_of(res);
    return req->held == NULL ? response_send(res, head, bytes) : held_send(req, head, bytes);
}

/* 0, or why no head can be sent any more. */
static int check_open(const capra_response *res)
{
    const capra_request *req = request_of(res);
    if (req->held != NULL)
        return held_check_open(req);
    return res->state == RESPONSE_OPEN ? 0 : CAPRA_E_HEAD_SENT;
}

/* ---- Header lines ---- */

static bool is_ours(capra_slice name)
{
    return slice_is_nocase(name, "content-length") || slice_is_nocase(name, "transfer-encoding") ||
           slice_is_nocase(name, "connection") || slice_is_nocase(name, "keep-alive") ||
           slice_is_nocase(name, "date");
}

int capra_response_header(capra_response *res, const char *name, const char *value)
{
    capra_slice const n = slice_text(name), v = slice_text(value);
    int const error = check_open(res);
    if (error != 0)
        return error;
    if (!http_is_token(n) || !http_is_field_value(v) || is_ours(n))
        return CAPRA_E_INVALID;
    if (slice_is_nocase(n, "content-type"))
        res->has_type = true;
    buffer_append_slice(&res->lines, n);
    buffer_append(&res->lines, ": ", 2);
    buffer_append_slice(&res->lines, v);
    buffer_append(&res->lines, "\r\n", 2);
    return 0;
}

static bool is_final(int status)
{
    return status >= 200 && status <= 599;
}

/* The lines of the handler and this one, unless it has set a type itself. Most set nothing, and
 * nothing is copied for them. */
static capra_slice with_type(capra_response *res, capra_slice type_line)
{
    if (buffer_length(&res->lines) == 0)
        return type_line;
    if (!res->has_type)
        buffer_append_slice(&res->lines, type_line);
    return buffer_slice(&res->lines);
}

static int set_type(capra_response *res, const char *type)
{
    return type == NULL || res->has_type ? 0 : capra_response_header(res, "Content-Type", type);
}

/* ---- Whole answers ---- */

static int send_line(capra_response *res, int status, capra_slice type_line, capra_slice bytes,
                     unsigned flags)
{
    if (!is_final(status))
        return CAPRA_E_INVALID;
    response_head const head = { .status = status,
                                 .lines = with_type(res, type_line),
                                 .flags = flags };
    return send(res, &head, bytes);
}

int capra_response_bytes(capra_response *res, int status, const char *type, const void *data,
                         size_t length)
{
    int error = is_final(status) ? 0 : CAPRA_E_INVALID;
    if (error == 0)
        error = set_type(res, type);
    if (error != 0 && error != CAPRA_E_GONE)
        return error;
    return send_line(res, status, (capra_slice){ 0 }, slice_of(data, length), 0);
}

int capra_response_text(capra_response *res, int status, const char *text)
{
    capra_slice const line = slice_text("Content-Type: text/plain; charset=utf-8\r\n");
    return send_line(res, status, line, slice_text(text), RESPONSE_ETAG);
}

int capra_response_redirect(capra_response *res, int status, const char *location)
{
    if (status < 300 || status > 399 || status == 304)
        return CAPRA_E_INVALID;
    int const error = capra_response_header(res, "Location", location);
    if (error != 0 && error != CAPRA_E_GONE)
        return error;
    response_head const head = { .status = status, .lines = buffer_slice(&res->lines) };
    return send(res, &head, slice_text(location));
}

int capra_response_file(capra_response *res, const char *folder, const char *path)
{
    open_file file;
    capra_request *req = request_of(res);
    int const error = check_open(res);
    if (error != 0 && error != CAPRA_E_GONE)
        return error;
    if (!file_open_below(&file, folder, path))
        return CAPRA_E_SYSTEM;
    if (req->held != NULL)
        return held_send_file(req, &file);
    file_answer(&file, res);
    return 0;
}

/* ---- JSON ---- */

enum { SMALL_JSON_BYTES = 1024 /* longer ones are packed by jansson */ };

void native_send_fault(capra_response *res)
{
    response_head const head = { .status = 500 };
    response_send(res, &head, slice_text("Internal Server Error"));
}

static int fail_route(capra_response *res, const char *what)
{
    capra_request *req = request_of(res);
    log_line(LOG_ERROR, "capra_json: %s", what);
    if (req->held != NULL)
        held_fail(req);
    else
        native_send_fault(res);
    return CAPRA_E_HANDLER;
}

static int send_json(capra_response *res, int status, capra_slice text)
{
    capra_slice const line = slice_text(RESPONSE_JSON_LINE);
    return send_line(res, status, line, text, RESPONSE_ETAG);
}

int capra_json_value(capra_response *res, int status, const struct json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text == NULL)
        return fail_route(res, "the value cannot be written as JSON");
    int const error = send_json(res, status, slice_text(text));
    free(text);
    return error;
}

static int send_packed(capra_response *res, int status, const char *format, va_list args)
{
    json_error_t why;
    json_t *value = json_vpack_ex(&why, 0, format, args);
    if (value == NULL)
        return fail_route(res, why.text);
    int const error = capra_json_value(res, status, value);
    json_decref(value);
    return error;
}

int capra_json(capra_response *res, int status, const char *format, ...)
{
    if (check_open(res) == CAPRA_E_HEAD_SENT)
        return CAPRA_E_HEAD_SENT;
    char text[SMALL_JSON_BYTES];
    va_list args;
    va_start(args, format);
    long const length = json_text_write(text, sizeof text, format, args);
    int const error = length < 0 ? send_packed(res, status, format, args)
                                 : send_json(res, status, slice_of(text, (size_t)length));
    va_end(args);
    return error;
}

int capra_fail(capra_response *res, int status, const char *message)
{
    if (status < 400 || status > 599)
        return CAPRA_E_INVALID;
    return capra_json(res, status, "{s:s}", "error", message);
}

/* ---- Answers in pieces ---- */

int capra_response_begin(capra_response *res, int status, const char *type, int64_t length)
{
    capra_request *req = request_of(res);
    int error = check_open(res);
    if (error == 0 && (!is_final(status) || (req->held != NULL && req->held->record != NULL)))
        error = CAPRA_E_INVALID;
    if (error == 0)
        error = set_type(res, type);
    if (error != 0)
        return error;
    response_head const head = { .status = status, .lines = buffer_slice(&res->lines) };
    error = response_begin(res, &head, length < 0 ? -1 : length);
    server_wrote(req);
    return error;
}

int capra_response_write(capra_response *res, const void *data, size_t length)
{
    capra_request *req = request_of(res);
    if (capra_is_cancelled(req))
        return CAPRA_E_GONE;
    int const error = response_write(res, slice_of(data, length));
    if (error != 0)
        return error;
    server_wrote(req);
    return req->awaits_drain ? CAPRA_FULL : 0;
}

int capra_response_end(capra_response *res)
{
    capra_request *req = request_of(res);
    return req->held == NULL ? response_end(res, (capra_slice){ 0 }) : held_end(req);
}
