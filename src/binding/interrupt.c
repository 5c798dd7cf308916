/* SPDX-License-Identifier: MIT */
#include "binding.h"
#include "rescue/rescue.h"

#include <dlfcn.h>

/* Node-API has no word for interrupting JavaScript. V8 has one, which Node exports and which has
 * been the same for ten years; where it is missing, the log has no stack of JavaScript.
 *
 *     v8::Isolate::GetCurrent()
 *     v8::Isolate::RequestInterrupt(void (*)(v8::Isolate *, void *), void *)
 */
static const char current_name[] = "_ZN2v87Isolate10GetCurrentEv";
static const char request_name[] = "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_";

typedef void *(*current_fn)(void);
typedef void (*interrupt_fn)(void *isolate, void *data);
typedef void (*request_fn)(void *isolate, interrupt_fn call, void *data);

/* dlsym has no type for functions. */
static void find(void *out, const char *name)
{
    *(void **)out = dlsym(RTLD_DEFAULT, name);
}

/* Where JavaScript stands; empty when it cannot be had now. Lent until the next call into C. */
static capra_slice take_stack(binding *b)
{
    napi_value host, function, text;
    size_t length = 0;
    b->trailer.start = b->trailer.end = 0;
    if (napi_get_reference_value(b->env, b->host_object, &host) != napi_ok ||
        napi_get_reference_value(b->env, b->calls[HOST_stack], &function) != napi_ok ||
        napi_call_function(b->env, host, function, 0, NULL, &text) != napi_ok ||
        napi_get_value_string_utf8(b->env, text, NULL, 0, &length) != napi_ok)
        return slice_of("", 0);
    char *room = buffer_room(&b->trailer, length + 1);
    if (napi_get_value_string_utf8(b->env, text, room, length + 1, &length) != napi_ok)
        return slice_of("", 0);
    buffer_added(&b->trailer, length);
    return buffer_slice(&b->trailer);
}

/* On the loop's thread, between two steps of JavaScript. */
static void on_interrupt(void *isolate, void *data)
{
    (void)isolate;
    binding *b = data;
    napi_handle_scope scope;
    if (b->worker == NULL || napi_open_handle_scope(b->env, &scope) != napi_ok)
        return;
    rescue_judge(take_stack(b));
    napi_close_handle_scope(b->env, scope);
}

/* On any thread. */
static void ask(void *data)
{
    binding *b = data;
    request_fn request;
    find(&request, request_name);
    request(b->isolate, on_interrupt, b);
}

void interrupt_init(binding *b)
{
    current_fn current;
    request_fn request;
    find(&current, current_name);
    find(&request, request_name);
    if (current == NULL || request == NULL)
        return;
    b->isolate = current();
    rescue_set_interrupt(ask, b);
}
