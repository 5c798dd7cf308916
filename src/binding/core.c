/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "binding.h"
#include "client.h"
#include "rescue/rescue.h"

#include <stdlib.h>

/* From JavaScript into C: the functions of `Core`. A call for a request that has ended does
 * nothing; its handler was told. */

enum { ARGS_MAX = 6 };

/* Arguments, the addon's state, and the request that the first argument names. */
typedef struct frame {
    binding *b;
    capra_request *req; /* NULL: it has ended */
    napi_value args[ARGS_MAX];
} frame;

static bool open_frame(frame *f, napi_env env, napi_callback_info info)
{
    size_t count = ARGS_MAX;
    int32_t id = 0;
    void *data;
    CHECK(env, napi_get_cb_info(env, info, &count, f->args, NULL, &data));
    f->b = data;
    f->req = NULL;
    if (f->b->worker != NULL && napi_get_value_int32(env, f->args[0], &id) == napi_ok)
        f->req = server_request(worker_server(f->b->worker), (uint32_t)id);
    return f->req != NULL;
}

/* ---- Reading arguments ---- */

static int64_t read_integer(napi_env env, napi_value value, int64_t otherwise)
{
    int64_t number;
    return napi_get_value_int64(env, value, &number) == napi_ok ? number : otherwise;
}

typedef napi_status (*string_fn)(napi_env, napi_value, char *, size_t, size_t *);

/* Copies a string into `into`, whose former content is dropped. False when the value is none. Most
 * strings fit the room that is there; only a longer one is measured first. */
static bool read_string(napi_env env, napi_value value, buffer *into, string_fn read)
{
    enum { USUAL_BYTES = 4096 };
    size_t length;
    into->start = into->end = 0;
    char *room = buffer_room(into, USUAL_BYTES);
    if (read(env, value, room, into->capacity, &length) != napi_ok)
        return false;
    if (length + 4 >= into->capacity) {
        CHECK(env, read(env, value, NULL, 0, &length));
        room = buffer_room(into, length + 1);
        CHECK(env, read(env, value, room, length + 1, &length));
    }
    buffer_added(into, length);
    return true;
}

static capra_slice read_latin1(napi_env env, napi_value value, buffer *into)
{
    return read_string(env, value, into, napi_get_value_string_latin1) ? buffer_slice(into)
                                                                       : (capra_slice){ 0 };
}

/* A string as UTF-8, or the bytes of an array, which are lent by JavaScript for this call. */
static capra_slice read_bytes(napi_env env, napi_value value, buffer *into)
{
    if (read_string(env, value, into, napi_get_value_string_utf8))
        return buffer_slice(into);
    bool is_array = false;
    void *data = NULL;
    size_t length = 0;
    CHECK(env, napi_is_typedarray(env, value, &is_array));
    if (is_array)
        CHECK(env, napi_get_buffer_info(env, value, &data, &length));
    return slice_of(data, length);
}

static response_head read_head(const frame *f, napi_env env, napi_value flags)
{
    return (response_head){
        .status = (int)read_integer(env, f->args[1], 500),
        .reason = read_latin1(env, f->args[2], &f->b->trailer),
        .lines = read_latin1(env, f->args[3], &f->b->head),
        .flags = (unsigned)read_integer(env, flags, 0),
    };
}

/* A large body was here once; the next one may be small for ever. */
static void trim(binding *b)
{
    enum { KEEP_BYTES = 256 * 1024 };
    if (b->body.capacity > KEEP_BYTES)
        buffer_cleanup(&b->body);
}

/* ---- Answers ---- */

/* Returns true to JavaScript when the client had the body already. */
static napi_value send_whole(const frame *f, napi_env env, const response_head *head,
                             napi_value bytes)
{
    response_send(&f->req->res, head, read_bytes(env, bytes, &f->b->body));
    trim(f->b);
    if (f->req->res.status == head->status)
        return NULL;
    napi_value is_known;
    CHECK(env, napi_get_boolean(env, true, &is_known));
    return is_known;
}

static napi_value respond(napi_env env, napi_callback_info info)
{
    frame f;
    if (!open_frame(&f, env, info))
        return NULL;
    response_head const head = read_head(&f, env, f.args[5]);
    return send_whole(&f, env, &head, f.args[4]);
}

static napi_value respond_json(napi_env env, napi_callback_info info)
{
    frame f;
    if (!open_frame(&f, env, info))
        return NULL;
    response_head const head = {
        .status = (int)read_integer(env, f.args[1], 500),
        .lines = slice_text(RESPONSE_JSON_LINE),
        .flags = (unsigned)read_integer(env, f.args[3], 0),
    };
    return send_whole(&f, env, &head, f.args[2]);
}

static napi_value page(napi_env env, napi_callback_info info)
{
    frame f;
    if (open_frame(&f, env, info))
        response_page(&f.req->res, (int)read_integer(env, f.args[1], 500));
    return NULL;
}

/* Several texts are needed at once, so each has a place of its own. */
static napi_value pass_on(napi_env env, napi_callback_info info)
{
    frame f;
    if (!open_frame(&f, env, info))
        return NULL;
    buffer target = { 0 }, cookies = { 0 };
    proxy_changes const changes = {
        .target = read_latin1(env, f.args[1], &target),
        .head = read_latin1(env, f.args[2], &f.b->head),
        .lines = read_latin1(env, f.args[3], &f.b->trailer),
        .cookies = read_latin1(env, f.args[4], &cookies),
    };
    server_pass_on(f.req, &changes);
    buffer_cleanup(&target);
    buffer_cleanup(&cookies);
    return NULL;
}

static napi_value write_head(napi_env env, napi_callback_info info)
{
    frame f;
    if (!open_frame(&f, env, info))
        return NULL;
    response_head const head = read_head(&f, env, f.args[5]);
    response_begin(&f.req->res, &head, read_integer(env, f.args[4], -1));
    server_wrote(f.req);
    return NULL;
}

static napi_value write_piece(napi_env env, napi_callback_info info)
{
    frame f;
    size_t waiting = 0;
    if (open_frame(&f, env, info)) {
        response_write(&f.req->res, read_bytes(env, f.args[1], &f.b->body));
        waiting = server_wrote(f.req);
        trim(f.b);
    }
    napi_value number;
    CHECK(env, napi_create_double(env, (double)waiting, &number));
    return number;
}

static napi_value finish(napi_env env, napi_callback_info info)
{
    frame f;
    if (!open_frame(&f, env, info))
        return NULL;
    response_write(&f.req->res, read_bytes(env, f.args[1], &f.b->body));
    response_end(&f.req->res, read_latin1(env, f.args[2], &f.b->trailer));
    trim(f.b);
    return NULL;
}

static napi_value write_interim(napi_env env, napi_callback_info info)
{
    frame f;
    if (!open_frame(&f, env, info))
        return NULL;
    response_interim(&f.req->res, (int)read_integer(env, f.args[1], 100),
                     read_latin1(env, f.args[2], &f.b->head));
    server_wrote(f.req);
    return NULL;
}

static napi_value abort_request(napi_env env, napi_callback_info info)
{
    frame f;
    if (open_frame(&f, env, info))
        server_abort(f.req);
    return NULL;
}

/* The connection is JavaScript's from now on, and the request has ended. */
static napi_value detach(napi_env env, napi_callback_info info)
{
    frame f;
    capra_slice rest;
    napi_value both, number, bytes;
    if (!open_frame(&f, env, info))
        return NULL;
    int const fd = server_detach(f.req, &rest);
    if (fd < 0)
        return NULL;
    CHECK(env, napi_create_int32(env, fd, &number));
    CHECK(env, napi_create_buffer_copy(env, rest.length, rest.data, NULL, &bytes));
    CHECK(env, napi_create_array_with_length(env, 2, &both));
    CHECK(env, napi_set_element(env, both, 0, number));
    CHECK(env, napi_set_element(env, both, 1, bytes));
    server_abort(f.req);
    return both;
}

/* ---- Bodies ---- */

static napi_value read_body(napi_env env, napi_callback_info info)
{
    frame f;
    if (open_frame(&f, env, info))
        server_read_body(f.req);
    return NULL;
}

static napi_value pause_body(napi_env env, napi_callback_info info)
{
    frame f;
    if (open_frame(&f, env, info))
        server_pause_body(f.req);
    return NULL;
}

static napi_value limit(napi_env env, napi_callback_info info)
{
    frame f;
    if (open_frame(&f, env, info))
        server_limit(f.req, (uint64_t)read_integer(env, f.args[1], 0));
    return NULL;
}

/* ---- Who is there ---- */

static napi_value peer(napi_env env, napi_callback_info info)
{
    frame f;
    napi_value text;
    if (!open_frame(&f, env, info))
        return NULL;
    capra_slice const both = client_peer(f.req);
    if (both.length == 0)
        return NULL;
    CHECK(env, napi_create_string_latin1(env, both.data, both.length, &text));
    return text;
}

/* ---- Work behind answers ---- */

static napi_value hold(napi_env env, napi_callback_info info)
{
    frame f;
    bool is_held = false;
    open_frame(&f, env, info);
    CHECK(env, napi_get_value_bool(env, f.args[0], &is_held));
    if (f.b->worker != NULL)
        worker_hold(f.b->worker, is_held);
    return NULL;
}

static napi_value hear(napi_env env, napi_callback_info info)
{
    frame f;
    bool is_heard = false;
    open_frame(&f, env, info);
    CHECK(env, napi_get_value_bool(env, f.args[0], &is_heard));
    if (f.b->worker != NULL)
        server_hear(worker_server(f.b->worker), is_heard);
    return NULL;
}

/* ---- The start and the end ---- */

/* The worker has closed all that it had. Handlers may have left timers and sockets behind, which
 * must not keep the process. */
static void on_worker_end(void *data)
{
    binding *b = data;
    b->worker = NULL;
    if (b->is_cleaning_up) {
        napi_remove_async_cleanup_hook(b->cleanup);
        return;
    }
    napi_handle_scope scope;
    napi_value global, process, exit_call, code;
    CHECK(b->env, napi_open_handle_scope(b->env, &scope));
    CHECK(b->env, napi_get_global(b->env, &global));
    CHECK(b->env, napi_get_named_property(b->env, global, "process", &process));
    CHECK(b->env, napi_get_named_property(b->env, process, "exit", &exit_call));
    CHECK(b->env, napi_create_int32(b->env, 0, &code));
    napi_call_function(b->env, process, exit_call, 1, &code, NULL);
    napi_close_handle_scope(b->env, scope);
}

/* The environment ends, by process.exit for one: all handles have to be closed before it can. */
static void on_cleanup(napi_async_cleanup_hook_handle handle, void *data)
{
    binding *b = data;
    b->is_cleaning_up = true;
    if (b->worker != NULL)
        worker_stop(b->worker);
    else
        napi_remove_async_cleanup_hook(handle);
}

/* process.exit was called: by a handler, for the worker itself has nothing left then. */
static napi_value exiting(napi_env env, napi_callback_info info)
{
    frame f;
    open_frame(&f, env, info);
    int const code = (int)read_integer(env, f.args[0], 0);
    read_string(env, f.args[1], &f.b->body, napi_get_value_string_utf8);
    if (f.b->worker != NULL)
        rescue_on_exit(code, buffer_slice(&f.b->body));
    return NULL;
}

static napi_value start(napi_env env, napi_callback_info info)
{
    frame f;
    char why[1024];
    worker_config config;
    struct uv_loop_s *loop;
    open_frame(&f, env, info);
    binding *b = f.b;
    if (b->host_object != NULL) {
        napi_throw_error(env, "ERR_CAPRA_STARTED", "the server has been started already");
        return NULL;
    }
    if (worker_config_read(&config, getenv(WORKER_VARIABLE), why, sizeof why) != 0) {
        napi_throw_error(env, "ERR_CAPRA_CONFIG", why);
        return NULL;
    }
    if (!script_host_init(b, f.args[0]))
        return NULL;
    CHECK(env, napi_get_uv_event_loop(env, &loop));
    CHECK(env, napi_add_async_cleanup_hook(env, on_cleanup, b, &b->cleanup));
    if (worker_start(&b->worker, loop, &config, &b->host, on_worker_end, b, why, sizeof why) != 0)
        napi_throw_error(env, "ERR_CAPRA_START", why);
    else
        interrupt_init(b);
    return NULL;
}

napi_status core_define(binding *b, napi_value exports)
{
    napi_property_descriptor const functions[] = {
#define CORE_FUNCTION(name, function) { name, NULL, function, NULL, NULL, NULL, napi_enumerable, b }
        CORE_FUNCTION("start", start),
        CORE_FUNCTION("respond", respond),
        CORE_FUNCTION("respondJson", respond_json),
        CORE_FUNCTION("writeHead", write_head),
        CORE_FUNCTION("write", write_piece),
        CORE_FUNCTION("finish", finish),
        CORE_FUNCTION("writeInterim", write_interim),
        CORE_FUNCTION("abort", abort_request),
        CORE_FUNCTION("readBody", read_body),
        CORE_FUNCTION("pauseBody", pause_body),
        CORE_FUNCTION("peer", peer),
        CORE_FUNCTION("hold", hold),
        CORE_FUNCTION("hear", hear),
        CORE_FUNCTION("page", page),
        CORE_FUNCTION("passOn", pass_on),
        CORE_FUNCTION("detach", detach),
        CORE_FUNCTION("exiting", exiting),
        CORE_FUNCTION("limit", limit),
#undef CORE_FUNCTION
    };
    return napi_define_properties(b->env, exports, sizeof functions / sizeof *functions, functions);
}
