/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "binding.h"

/* From C into JavaScript. All requests of a turn are handled inside one callback scope, so
 * that Node's ticks and microtasks run once, at its end. */

static const char *const call_names[] = {
#define HOST_CALL_NAME(name) #name,
    HOST_CALLS(HOST_CALL_NAME)
#undef HOST_CALL_NAME
};

static void enter(void *data)
{
    binding *b = data;
    CHECK(b->env, napi_open_handle_scope(b->env, &b->handles));
    CHECK(b->env, napi_get_reference_value(b->env, b->host_object, &b->receiver));
    CHECK(b->env, napi_open_callback_scope(b->env, b->receiver, b->context, &b->scope));
    CHECK(b->env, napi_get_undefined(b->env, &b->undefined));
    CHECK(b->env, napi_get_null(b->env, &b->null));
    CHECK(b->env, napi_get_reference_value(b->env, b->calls[HOST_request], &b->request_call));
}

static void leave(void *data)
{
    binding *b = data;
    CHECK(b->env, napi_close_callback_scope(b->env, b->scope));
    CHECK(b->env, napi_close_handle_scope(b->env, b->handles));
}

/* The runtime catches what handlers throw; what still comes out is the runtime's own fault. It
 * goes where uncaught exceptions go, and the request, if it has no answer, gets a 500. */
static void take_exception(binding *b)
{
    napi_value error;
    CHECK(b->env, napi_get_and_clear_last_exception(b->env, &error));
    CHECK(b->env, napi_fatal_exception(b->env, error));
}

/* The one call. False when it threw. */
static bool call(binding *b, napi_value function, size_t count, const napi_value *args)
{
    napi_status const status = napi_call_function(b->env, b->receiver, function, count, args, NULL);
    if (status == napi_ok)
        return true;
    if (status == napi_pending_exception)
        take_exception(b);
    else if (status != napi_cannot_run_js) /* the environment is ending */
        CHECK(b->env, status);
    return false;
}

static bool call_named(binding *b, host_call which, size_t count, const napi_value *args)
{
    napi_value function;
    CHECK(b->env, napi_get_reference_value(b->env, b->calls[which], &function));
    return call(b, function, count, args);
}

/* ---- Values ---- */

static napi_value make_number(binding *b, uint32_t number)
{
    napi_value value;
    CHECK(b->env, napi_create_int32(b->env, (int32_t)number, &value));
    return value;
}

static napi_value make_latin1(binding *b, capra_slice s)
{
    napi_value value;
    CHECK(b->env, napi_create_string_latin1(b->env, s.data, s.length, &value));
    return value;
}

static napi_value make_bytes(binding *b, capra_slice s)
{
    napi_value value;
    CHECK(b->env, napi_create_buffer_copy(b->env, s.length, s.data, NULL, &value));
    return value;
}

static bool is_ascii(capra_slice s)
{
    unsigned char seen = 0;
    for (size_t i = 0; i < s.length; i++)
        seen |= (unsigned char)s.data[i];
    return seen < 0x80;
}

static bool has_mark(capra_slice s)
{
    return s.length >= 3 && memcmp(s.data, "\xef\xbb\xbf", 3) == 0;
}

/* Text where that loses nothing, since text is what most bodies become anyway; bytes otherwise. */
static napi_value make_body(binding *b, const capra_request *req)
{
    capra_slice const bytes = req->whole_body;
    if (!req->body.is_done)
        return b->null;
    if (bytes.length == 0)
        return b->undefined;
    if (is_ascii(bytes))
        return make_latin1(b, bytes);
    if (has_mark(bytes) || !http_is_utf8(bytes))
        return make_bytes(b, bytes);
    napi_value value;
    CHECK(b->env, napi_create_string_utf8(b->env, bytes.data, bytes.length, &value));
    return value;
}

static napi_value make_params(binding *b, const capra_request *req)
{
    const route_match *m = &req->match;
    const capra_slice *names;
    if (m->param_count == 1)
        return make_latin1(b, m->params[0]);
    if (m->param_count == 0)
        return route_table_params(app_table(req->app), m->route, &names) == 0
                   ? b->undefined
                   : make_latin1(b, slice_text(""));
    b->head.start = b->head.end = 0;
    for (uint32_t i = 0; i < m->param_count; i++) {
        if (i > 0)
            buffer_append(&b->head, "/", 1);
        buffer_append_slice(&b->head, m->params[i]);
    }
    return make_latin1(b, buffer_slice(&b->head));
}

/* ---- The calls ---- */

/* Of Host.request; the last four are seldom there. */
enum { PLAIN_ARGUMENTS = 9, ALL_ARGUMENTS = 13 };

static napi_value make_text(binding *b, capra_slice s)
{
    return s.data == NULL ? b->undefined : make_latin1(b, s);
}

/* The lines behind the body. */
static napi_value make_trailers(binding *b, const capra_request *req)
{
    capra_slice const lines = buffer_slice(&req->trailers);
    return lines.length == 0 ? b->undefined : make_latin1(b, lines);
}

/* The preset header lines are the runtime's from now on. */
static void put_outcome(binding *b, capra_request *req, napi_value *args)
{
    args[0] = make_text(b, req->rewritten_query);
    args[1] = make_text(b, req->hidden_names);
    args[2] = make_text(b, req->res.preset);
    args[3] = make_trailers(b, req);
    response_lend_preset(&req->res);
}

static void on_request(void *data, capra_request *req)
{
    binding *b = data;
    http_target const *target = &req->target;
    capra_slice const head = request_visible_head(req);
    size_t const at = (size_t)(target->origin.data - head.data);
    bool const is_in_head = at < head.length; /* not so for an absolute form without a path */
    napi_value args[ALL_ARGUMENTS] = {
        make_number(b, req->id),
        make_number(b, req->match.route),
        make_number(b, req->head.method),
        make_number(b, is_in_head ? (uint32_t)at : 0),
        make_number(b, is_in_head ? (uint32_t)target->origin.length : 0),
        make_latin1(b, head),
        target->is_path_rewritten || !is_in_head ? make_latin1(b, target->path) : b->undefined,
        make_params(b, req),
        make_body(b, req),
    };
    uint32_t const id = req->id;
    server *s = req->server;
    /* Few requests have been rewritten, been given fields or have trailers; the others are called
     * without. */
    bool const has_outcome = req->rewritten_query.data != NULL || req->res.preset.length > 0 ||
                             buffer_length(&req->trailers) > 0;
    if (has_outcome)
        put_outcome(b, req, args + PLAIN_ARGUMENTS);
    if (call(b, b->request_call, has_outcome ? ALL_ARGUMENTS : PLAIN_ARGUMENTS, args))
        return;
    capra_request *left = server_request(s, id);
    if (left != NULL)
        response_error_text(&left->res, 500, slice_text("Internal Server Error"));
}

static void on_forward(void *data, capra_request *req)
{
    binding *b = data;
    capra_slice const head = request_visible_head(req);
    napi_value const args[] = {
        make_number(b, req->id), make_number(b, req->head.method), make_latin1(b, head),
        make_body(b, req),       make_text(b, req->elsewhere),     make_text(b, req->res.preset),
    };
    uint32_t const id = req->id;
    server *s = req->server;
    response_lend_preset(&req->res);
    if (call_named(b, HOST_forward, sizeof args / sizeof *args, args))
        return;
    capra_request *left = server_request(s, id);
    if (left != NULL)
        response_error_text(&left->res, 500, slice_text("Internal Server Error"));
}

/* Calls with a request that has no route yet; the target stands in the head as it came. */
static bool call_with_head(binding *b, host_call which, const capra_request *req)
{
    http_target const *target = &req->target;
    capra_slice const head = request_visible_head(req);
    size_t const at = (size_t)(target->origin.data - head.data);
    bool const is_in_head = at < head.length;
    napi_value const args[] = {
        make_number(b, req->id),
        make_number(b, req->head.method),
        make_number(b, is_in_head ? (uint32_t)at : 0),
        make_number(b, is_in_head ? (uint32_t)target->origin.length : 0),
        make_latin1(b, head),
        target->is_path_rewritten || !is_in_head ? make_latin1(b, target->path) : b->undefined,
        req->body.is_done ? b->undefined : b->null,
    };
    return call_named(b, which, sizeof args / sizeof *args, args);
}

static void ask(binding *b, host_call which, const capra_request *req)
{
    uint32_t const id = req->id;
    server *s = req->server;
    if (call_with_head(b, which, req))
        return;
    capra_request *left = server_request(s, id);
    if (left != NULL)
        response_page(&left->res, 500);
}

static void on_proxy(void *data, capra_request *req)
{
    ask(data, HOST_proxy, req);
}

static void on_heard(void *data, capra_request *req)
{
    ask(data, HOST_heard, req);
}

static void on_upgrade(void *data, capra_request *req)
{
    call_with_head(data, HOST_upgrade, req);
}

static void on_body(void *data, uint32_t id, capra_slice piece)
{
    binding *b = data;
    napi_value const args[] = { make_number(b, id), make_bytes(b, piece), b->undefined };
    call_named(b, HOST_body, 3, args);
}

static void on_body_end(void *data, uint32_t id)
{
    binding *b = data;
    const capra_request *req = server_request(worker_server(b->worker), id);
    napi_value const args[] = { make_number(b, id), b->null, make_trailers(b, req) };
    call_named(b, HOST_body, 3, args);
}

static void on_drained(void *data, uint32_t id)
{
    binding *b = data;
    napi_value const args[] = { make_number(b, id) };
    call_named(b, HOST_drained, 1, args);
}

static void on_ended(void *data, uint32_t id, script_end why)
{
    binding *b = data;
    napi_value const args[] = { make_number(b, id), make_number(b, why) };
    call_named(b, HOST_closed, 2, args);
}

static void on_routes(void *data, capra_slice manifest)
{
    binding *b = data;
    enter(b);
    napi_value text;
    CHECK(b->env, napi_create_string_utf8(b->env, manifest.data, manifest.length, &text));
    call_named(b, HOST_routes, 1, &text);
    leave(b);
}

/* ---- The host object ---- */

static bool take_calls(binding *b, napi_value host)
{
    for (int i = 0; i < HOST_CALL_COUNT; i++) {
        napi_value function;
        napi_valuetype type = napi_undefined;
        if (napi_get_named_property(b->env, host, call_names[i], &function) == napi_ok)
            CHECK(b->env, napi_typeof(b->env, function, &type));
        if (type != napi_function) {
            napi_throw_type_error(b->env, NULL, "the host lacks one of its functions");
            return false;
        }
        CHECK(b->env, napi_create_reference(b->env, function, 1, &b->calls[i]));
    }
    return true;
}

bool script_host_init(binding *b, napi_value host)
{
    napi_value name;
    if (!take_calls(b, host))
        return false;
    CHECK(b->env, napi_create_reference(b->env, host, 1, &b->host_object));
    CHECK(b->env, napi_create_string_utf8(b->env, "capra", NAPI_AUTO_LENGTH, &name));
    CHECK(b->env, napi_async_init(b->env, host, name, &b->context));
    b->host = (script_host){
        .data = b,
        .enter = enter,
        .leave = leave,
        .request = on_request,
        .forward = on_forward,
        .proxy = on_proxy,
        .heard = on_heard,
        .upgrade = on_upgrade,
        .body = on_body,
        .body_end = on_body_end,
        .drained = on_drained,
        .ended = on_ended,
        .routes = on_routes,
    };
    return true;
}

void script_host_cleanup(binding *b)
{
    for (int i = 0; i < HOST_CALL_COUNT; i++)
        if (b->calls[i] != NULL)
            napi_delete_reference(b->env, b->calls[i]);
    if (b->host_object != NULL)
        napi_delete_reference(b->env, b->host_object);
    if (b->context != NULL)
        napi_async_destroy(b->env, b->context);
}
