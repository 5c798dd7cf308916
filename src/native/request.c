/* SPDX-License-Identifier: MIT */
#include "request.h"

#include "base/error.h"
#include "client.h"
#include "held.h"
#include "native.h"
#include "pipeline.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

/* What a route in C reads; see include/capra.h. */

const char *capra_error_message(int code)
{
    return error_message(code);
}

bool capra_slice_is(capra_slice slice, const char *text)
{
    return slice_is(slice, text);
}

/* ---- The head ---- */

const char *capra_request_method(const capra_request *req)
{
    return http_method_name(req->head.method);
}

capra_slice capra_request_url(const capra_request *req)
{
    return req->target.origin;
}

capra_slice capra_request_path(const capra_request *req)
{
    return req->target.path;
}

const char *capra_request_route(const capra_request *req)
{
    return req->route->pattern;
}

void *capra_request_state(const capra_request *req)
{
    return req->route->state;
}

bool capra_request_next_param(capra_request *req, capra_walk *walk, capra_slice *name,
                              capra_slice *value)
{
    const capra_slice *names;
    uint32_t const count = route_table_params(app_table(req->app), req->match.route, &names);
    if (walk->at >= count || walk->at >= req->match.param_count)
        return false;
    *name = names[walk->at];
    *value = http_percent_decode(req->match.params[walk->at], &req->arena);
    walk->at++;
    return true;
}

capra_slice capra_request_param(capra_request *req, const char *name)
{
    const capra_slice *names;
    uint32_t const count = route_table_params(app_table(req->app), req->match.route, &names);
    for (uint32_t i = 0; i < count && i < req->match.param_count; i++)
        if (slice_is(names[i], name))
            return http_percent_decode(req->match.params[i], &req->arena);
    return (capra_slice){ 0 };
}

bool capra_request_next_header(const capra_request *req, capra_walk *walk, capra_slice *name,
                               capra_slice *value)
{
    if (walk->at >= req->head.field_count)
        return false;
    const http_field *f = &req->head.fields[walk->at++];
    *name = slice_of(req->data + f->name, f->name_length);
    *value = slice_of(req->data + f->value, f->value_length);
    return true;
}

capra_slice capra_request_header(const capra_request *req, const char *name)
{
    return http_head_field(&req->head, req->data, slice_text(name));
}

capra_slice capra_request_header_list(capra_request *req, const char *name)
{
    capra_walk walk = { 0 };
    capra_slice each, value, all = { 0 };
    while (capra_request_next_header(req, &walk, &each, &value)) {
        if (!slice_is_nocase(each, name))
            continue;
        if (all.data == NULL) {
            all = value;
            continue;
        }
        char *joined = arena_take(&req->arena, all.length + 2 + value.length);
        memcpy(joined, all.data, all.length);
        memcpy(joined + all.length, ", ", 2);
        memcpy(joined + all.length + 2, value.data, value.length);
        all = slice_of(joined, all.length + 2 + value.length);
    }
    return all;
}

capra_slice capra_request_address(capra_request *req)
{
    if (req->held != NULL && req->held->record != NULL)
        return req->held->address;
    if (req->conn == NULL)
        return (capra_slice){ 0 };
    return client_address(req);
}

/* ---- The query, and forms, which look alike ---- */

/* `at` is where the rest begins. */
static bool next_pair(capra_request *req, capra_slice text, capra_walk *walk, capra_slice *name,
                      capra_slice *value)
{
    if (text.data == NULL || walk->at >= text.length)
        return false;
    capra_slice rest = slice_from(text, walk->at);
    bool const is_one = http_query_next(&rest, name, value, &req->arena);
    walk->at = text.length - rest.length;
    return is_one;
}

bool capra_request_next_query(capra_request *req, capra_walk *walk, capra_slice *name,
                              capra_slice *value)
{
    return next_pair(req, req->target.query, walk, name, value);
}

capra_slice capra_request_query(capra_request *req, const char *name)
{
    if (req->target.query.data == NULL)
        return (capra_slice){ 0 };
    return http_query_find(req->target.query, slice_text(name), &req->arena);
}

/* ---- Cookies ---- */

/* The next pair of one Cookie field that has a `=`, from `*at` on. */
static bool next_in_field(capra_slice field, size_t *at, capra_slice *name, capra_slice *value)
{
    while (*at < field.length) {
        capra_slice const rest = slice_from(field, *at);
        const char *end = memchr(rest.data, ';', rest.length);
        size_t const length = end == NULL ? rest.length : (size_t)(end - rest.data);
        const char *equals = memchr(rest.data, '=', length);
        *at += length + 1;
        if (equals == NULL)
            continue;
        size_t const name_length = (size_t)(equals - rest.data);
        *name = slice_trim(slice_of(rest.data, name_length));
        *value = slice_trim(slice_of(equals + 1, length - name_length - 1));
        return true;
    }
    return false;
}

/* The last character goes with the first, whether or not it is a quote, as in Next; escapes that
 * are malformed are kept. */
static capra_slice read_cookie(capra_slice value, arena *a)
{
    if (value.length > 0 && value.data[0] == '"')
        value = slice_of(value.data + 1, value.length < 2 ? 0 : value.length - 2);
    capra_slice const decoded = http_percent_decode(value, a);
    return decoded.data == NULL ? value : decoded;
}

bool capra_request_next_cookie(capra_request *req, capra_walk *walk, capra_slice *name,
                               capra_slice *value)
{
    for (; walk->at < req->head.field_count; walk->at++, walk->within = 0) {
        const http_field *f = &req->head.fields[walk->at];
        if (!slice_is_nocase(slice_of(req->data + f->name, f->name_length), "cookie"))
            continue;
        capra_slice const field = slice_of(req->data + f->value, f->value_length);
        if (next_in_field(field, &walk->within, name, value)) {
            *value = read_cookie(*value, &req->arena);
            return true;
        }
    }
    return false;
}

capra_slice capra_request_cookie(capra_request *req, const char *name)
{
    capra_walk walk = { 0 };
    capra_slice each, value;
    while (capra_request_next_cookie(req, &walk, &each, &value))
        if (slice_is(each, name))
            return value;
    return (capra_slice){ 0 };
}

/* ---- The body ---- */

capra_slice capra_request_body(const capra_request *req)
{
    return req->route->reads_body ? req->whole_body : (capra_slice){ 0 };
}

static bool is_form(const capra_request *req)
{
    capra_slice type = http_head_known(&req->head, req->data, HTTP_FIELD_CONTENT_TYPE);
    const char *end = type.length == 0 ? NULL : memchr(type.data, ';', type.length);
    if (end != NULL)
        type.length = (size_t)(end - type.data);
    return slice_is_nocase(slice_trim(type), "application/x-www-form-urlencoded");
}

bool capra_request_next_field(capra_request *req, capra_walk *walk, capra_slice *name,
                              capra_slice *value)
{
    return is_form(req) && next_pair(req, capra_request_body(req), walk, name, value);
}

capra_slice capra_request_field(capra_request *req, const char *name)
{
    capra_slice const form = capra_request_body(req);
    if (form.length == 0 || !is_form(req))
        return (capra_slice){ 0 };
    return http_query_find(form, slice_text(name), &req->arena);
}

static void forget_json(void *value)
{
    json_decref(value);
}

struct json_t *capra_request_json(capra_request *req)
{
    if (req->json != NULL)
        return req->json;
    capra_slice const text = capra_request_body(req);
    if (text.length == 0)
        return NULL;
    req->json = json_loadb(text.data, text.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (req->json != NULL)
        capra_on_end(req, forget_json, req->json);
    return req->json;
}

/* ---- Memory ---- */

void *capra_alloc(capra_request *req, size_t size)
{
    return arena_take(&req->arena, size);
}

char *capra_printf(capra_request *req, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int const length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_take(&req->arena, (size_t)(length < 0 ? 0 : length) + 1);
    text[0] = '\0';
    vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, format, again);
    va_end(again);
    return text;
}

char *capra_text(capra_request *req, capra_slice slice)
{
    return (char *)(uintptr_t)arena_copy(&req->arena, slice).data;
}

/* ---- The end ---- */

struct farewell {
    farewell *before;
    void (*done)(void *data);
    void *data;
};

void capra_on_end(capra_request *req, void (*done)(void *data), void *data)
{
    farewell *f = arena_take(&req->arena, sizeof *f);
    *f = (farewell){ req->farewells, done, data };
    req->farewells = f;
}

void native_end(capra_request *req)
{
    held *h = req->held;
    if (h != NULL) {
        native_stop_timers(h);
        conn_memory_give(&req->server->memory, h->block);
    }
    capra_request *const before = pipeline_begin_call(req);
    for (farewell *f = req->farewells; f != NULL; f = f->before)
        f->done(f->data);
    pipeline_end_call(req->server, before);
}
