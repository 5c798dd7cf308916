/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/log.h"
#include "response.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

/* How a route in C answers; see include/capra.h. */

static bool is_ours(capra_slice name)
{
    return slice_is_nocase(name, "content-length") || slice_is_nocase(name, "transfer-encoding") ||
           slice_is_nocase(name, "connection") || slice_is_nocase(name, "keep-alive") ||
           slice_is_nocase(name, "date");
}

int capra_response_header(capra_response *res, const char *name, const char *value)
{
    capra_slice const n = slice_text(name), v = slice_text(value);
    if (res->state != RESPONSE_OPEN)
        return CAPRA_E_HEAD_SENT;
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

/* With the lines of the handler and this one, unless it has set a type itself. Most set nothing,
 * and nothing is copied for them. */
static int send_line(capra_response *res, int status, capra_slice type_line, capra_slice body,
                     unsigned flags)
{
    if (!is_final(status))
        return CAPRA_E_INVALID;
    bool const is_alone = buffer_length(&res->lines) == 0;
    if (!is_alone && !res->has_type)
        buffer_append_slice(&res->lines, type_line);
    response_head const head = { .status = status,
                                 .lines = is_alone ? type_line : buffer_slice(&res->lines),
                                 .flags = flags };
    return response_send(res, &head, body);
}

int capra_response_bytes(capra_response *res, int status, const char *type, const void *data,
                         size_t length)
{
    if (!is_final(status))
        return CAPRA_E_INVALID;
    if (type != NULL && !res->has_type) {
        int const error = capra_response_header(res, "Content-Type", type);
        if (error != 0)
            return error;
    }
    return send_line(res, status, (capra_slice){ 0 }, slice_of(data, length), 0);
}

int capra_response_text(capra_response *res, int status, const char *text)
{
    capra_slice const line = slice_text("Content-Type: text/plain; charset=utf-8\r\n");
    return send_line(res, status, line, slice_text(text), RESPONSE_ETAG);
}

/* The answer to a fault of the route itself; what it had set so far is not sent. */
static int fail_route(capra_response *res, const char *what)
{
    log_line(LOG_ERROR, "capra_json: %s", what);
    buffer_cleanup(&res->lines);
    response_error_text(res, 500, slice_text("Internal Server Error"));
    return CAPRA_E_HANDLER;
}

static int send_json(capra_response *res, int status, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text == NULL)
        return fail_route(res, "the value cannot be written as JSON");
    capra_slice const line = slice_text("Content-Type: application/json; charset=utf-8\r\n");
    int const error = send_line(res, status, line, slice_text(text), RESPONSE_ETAG);
    free(text);
    return error;
}

int capra_json(capra_response *res, int status, const char *format, ...)
{
    if (res->state != RESPONSE_OPEN)
        return CAPRA_E_HEAD_SENT;
    json_error_t why;
    va_list args;
    va_start(args, format);
    json_t *value = json_vpack_ex(&why, 0, format, args);
    va_end(args);
    if (value == NULL)
        return fail_route(res, why.text);
    int const error = send_json(res, status, value);
    json_decref(value);
    return error;
}

int capra_fail(capra_response *res, int status, const char *message)
{
    if (status < 400 || status > 599)
        return CAPRA_E_INVALID;
    return capra_json(res, status, "{s:s}", "error", message);
}
