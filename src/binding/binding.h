/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BINDING_H
#define CAPRA_BINDING_H

#include "base/buffer.h"
#include "handler/script.h"
#include "worker.h"

#include <node_api.h>
#include <stdbool.h>

/* The addon's state: one for each environment that loads it, freed with it. The calls into
 * JavaScript are in script.c, those out of it in core.c. What crosses is described in
 * runtime/core.ts. */

#define HOST_CALLS(X) \
    X(request)        \
    X(forward) X(proxy) X(heard) X(upgrade) X(body) X(drained) X(closed) X(routes) X(stack)

typedef enum host_call {
#define HOST_CALL_ENUM(name) HOST_##name,
    HOST_CALLS(HOST_CALL_ENUM)
#undef HOST_CALL_ENUM
        HOST_CALL_COUNT
} host_call;

typedef struct binding {
    napi_env env;
    worker *worker; /* NULL before start and after the end */
    script_host host;
    napi_ref host_object;
    napi_ref calls[HOST_CALL_COUNT];
    napi_async_context context; /* in whose name JavaScript is called */
    napi_async_cleanup_hook_handle cleanup;
    void *isolate; /* V8's, of this environment */
    bool is_cleaning_up;

    /* While inside: a scope, and the values that every call needs. */
    napi_handle_scope handles;
    napi_callback_scope scope;
    napi_value receiver, undefined, null, request_call;

    buffer head, body, trailer; /* strings on their way from JavaScript */
} binding;

/* Fills in `b->host`, and takes the functions of the JavaScript host object. False, with an
 * exception pending, when one is missing. */
bool script_host_init(binding *b, napi_value host);
void script_host_cleanup(binding *b);

/* Puts the functions of `Core` on `exports`. */
napi_status core_define(binding *b, napi_value exports);

/* Has the rescue judge where JavaScript stands, in the middle of a loop that never ends too. */
void interrupt_init(binding *b);

/* Every status is checked: a failure here is a fault of the addon or the end of the
 * environment, and the process cannot go on with half a call. */
void binding_check(napi_env env, napi_status status, const char *call);
#define CHECK(env, call) binding_check((env), (call), #call)

#endif
