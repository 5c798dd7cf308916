/* SPDX-License-Identifier: MIT */
#include "app_parts.h"

#include "base/error.h"
#include "options.h"
#include "request.h"

#include <stdlib.h>

/* An app from a table of routes instead of a manifest: for programs that have the server inside. */

enum { DEFAULT_BODY_BYTES = 1 << 20, ALLOW_MAX = 512, LIMIT_TEXT_MAX = 32 };

/* What runs for each method of a pattern, when its entries tell them apart. */
struct app_methods {
    capra_route_fn run[HTTP_METHOD_COUNT + 1]; /* the last: for any other */
    char allow[ALLOW_MAX];
};

/* ---- Running ---- */

/* HEAD is answered by what answers GET (RFC 9110, 9.3.2). */
static capra_route_fn choose(const app_methods *m, http_method method)
{
    if (m->run[method] != NULL)
        return m->run[method];
    if (method == HTTP_HEAD && m->run[HTTP_GET] != NULL)
        return m->run[HTTP_GET];
    return m->run[HTTP_METHOD_COUNT];
}

static void run_by_method(capra_request *req, capra_response *res)
{
    const app_methods *m = req->route->methods;
    capra_route_fn run = choose(m, req->head.method);
    if (run != NULL) {
        run(req, res);
        return;
    }
    capra_response_header(res, "Allow", m->allow);
    if (req->head.method == HTTP_OPTIONS)
        capra_response_bytes(res, 204, NULL, NULL, 0);
    else
        capra_fail(res, 405, "Method Not Allowed");
}

/* ---- Making ---- */

static app_route *find_pattern(app *a, const char *pattern)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->routes[i].pattern, pattern) == 0)
            return &a->routes[i];
    return NULL;
}

static const char *print_limit(app *a, int64_t limit)
{
    char text[LIMIT_TEXT_MAX] = "";
    if (limit >= 0)
        options_print(text, sizeof text, OPTION_SIZE, (uint64_t)limit);
    return arena_copy(&a->arena, slice_text(text)).data;
}

static app_route *add_pattern(app *a, const app_entry *entry, void *state)
{
    app_route *r = &a->routes[a->count++];
    int64_t const limit = entry->body_limit == 0 ? DEFAULT_BODY_BYTES : entry->body_limit;
    *r = (app_route){
        .pattern = arena_copy(&a->arena, slice_text(entry->pattern)).data,
        .kind = APP_NATIVE,
        .reads_body = !entry->streams_body,
        .body_limit = entry->streams_body ? -1 : limit,
        .limit_text = print_limit(a, limit),
        .state = state,
    };
    r->file = r->pattern;
    return r;
}

/* With a slot for each method, unless the only entry takes all of them. */
static void add_entry(app *a, app_route *r, const app_entry *entry)
{
    if (r->run == NULL && entry->method == APP_ANY_METHOD) {
        app_set_handler(r, entry->run, entry->is_blocking);
        return;
    }
    app_methods *m = r->methods;
    if (m == NULL) {
        bool const is_blocking = r->run == NULL ? entry->is_blocking : r->is_blocking;
        m = r->methods = arena_take(&a->arena, sizeof *m);
        *m = (app_methods){ .run = { [APP_ANY_METHOD] = r->blocking } };
        app_set_handler(r, run_by_method, is_blocking);
    }
    m->run[entry->method] = entry->run;
}

static bool is_taken(const app_route *r, http_method method)
{
    if (r->methods != NULL)
        return r->methods->run[method] != NULL;
    return r->run != NULL && method == APP_ANY_METHOD;
}

static void add_allowed(app_methods *m, http_method method)
{
    size_t const length = strlen(m->allow);
    snprintf(m->allow + length, sizeof m->allow - length, "%s%s", length > 0 ? ", " : "",
             http_method_name(method));
}

static void list_allowed(app_methods *m)
{
    for (http_method method = 0; method < HTTP_METHOD_COUNT; method++)
        if (m->run[method] != NULL || (method == HTTP_HEAD && m->run[HTTP_GET] != NULL))
            add_allowed(m, method);
    if (m->run[HTTP_OPTIONS] == NULL)
        add_allowed(m, HTTP_OPTIONS);
}

static int add_entries(app *a, const app_entry *entries, uint32_t count, void *state, char *why,
                       size_t why_size)
{
    for (uint32_t i = 0; i < count; i++) {
        const app_entry *entry = &entries[i];
        app_route *r = find_pattern(a, entry->pattern);
        if (r == NULL)
            r = add_pattern(a, entry, state);
        if (is_taken(r, entry->method)) {
            bool const is_any = entry->method == APP_ANY_METHOD;
            snprintf(why, why_size, "%s has two handlers for %s", entry->pattern,
                     is_any ? "every method" : http_method_name(entry->method));
            return CAPRA_E_ROUTE;
        }
        add_entry(a, r, entry);
    }
    for (uint32_t i = 0; i < a->count; i++)
        if (a->routes[i].methods != NULL)
            list_allowed(a->routes[i].methods);
    return 0;
}

int app_make(app **out, const app_entry *entries, uint32_t count, void *state, char *why,
             size_t why_size)
{
    app *a = app_new(count);
    a->count = 0;
    a->settings = (app_settings){
        .redirects_slash = true,
        .compresses = true,
        .has_etags = true,
        .is_powered_by = false,
    };
    int error = add_entries(a, entries, count, state, why, why_size);
    if (error == 0)
        error = app_build_table(a, why, why_size);
    if (error != 0) {
        app_release(a);
        return error;
    }
    *out = a;
    return 0;
}
