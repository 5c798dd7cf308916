/* SPDX-License-Identifier: MIT */
#include "app.h"

#include "address.h"
#include "base/arena.h"
#include "base/error.h"
#include "net/bell.h"
#include "net/loop.h"
#include "net/net.h"
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The whole server inside a program; see the last part of include/capra.h. What `capra start` does
 * with processes happens here on one thread of someone else's:
 *
 *     NEW ──listen──▶ LISTENING ──run──▶ RUNNING ──stop──▶ DRAINING ──▶ DONE
 */

typedef enum app_state { APP_NEW, APP_LISTENING, APP_RUNNING, APP_DRAINING, APP_DONE } app_state;

enum {
    SOCKETS_MAX = 8,
    WHY_MAX = 1024,
    DRAIN_IDLE_MS = 500, /* for a client that is just sending its next request */
};

struct capra_app {
    app_state state;
    void *handlers_state;
    options options;
    arena arena;
    app_entry *entries;
    uint32_t entry_count;
    int sockets[SOCKETS_MAX];
    uint32_t socket_count;
    uint16_t port;
    void *loop;
    bell *stop;
    scoreboard *board;
    server *server;
    net *net;
    char why[WHY_MAX];
};

static int fail(capra_app *a, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(capra_app *a, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(a->why, sizeof a->why, format, args);
    va_end(args);
    return code;
}

/* ---- The start ---- */

static void on_stop(void *data);

capra_app *capra_app_new(void *state)
{
    capra_app *a = memory_take(sizeof *a);
    *a = (capra_app){ .handlers_state = state, .loop = loop_new() };
    options_init(&a->options);
    a->stop = bell_open(a->loop, on_stop, a);
    return a;
}

const char *capra_app_error(const capra_app *a)
{
    return a->why;
}

void *capra_app_loop(capra_app *a)
{
    return a->loop;
}

uint16_t capra_app_port(const capra_app *a)
{
    return a->port;
}

int capra_app_set(capra_app *a, const char *option, const char *value)
{
    a->why[0] = '\0';
    for (size_t i = 0; i < option_row_count; i++) {
        const char *expected;
        if (strcmp(option_rows[i].flag, option) != 0)
            continue;
        if (a->state != APP_NEW)
            return fail(a, CAPRA_E_INVALID, "options are set before capra_app_listen");
        if (options_set(&a->options, &option_rows[i], value, &expected))
            return 0;
        return fail(a, CAPRA_E_INVALID, "the option %s is \"%s\", and must be %s", option, value,
                    expected);
    }
    return fail(a, CAPRA_E_INVALID, "there is no option %s", option);
}

/* ---- Routes ---- */

static const char *copy(capra_app *a, const char *text)
{
    return arena_copy(&a->arena, slice_text(text)).data;
}

int capra_app_add(capra_app *a, const capra_app_route *route)
{
    a->why[0] = '\0';
    http_method const method =
        route->method == NULL ? APP_ANY_METHOD : http_method_find(slice_text(route->method));
    if (a->state != APP_NEW)
        return fail(a, CAPRA_E_INVALID, "routes are added before capra_app_listen");
    if (route->pattern == NULL || route->pattern[0] != '/' || route->run == NULL)
        return fail(a, CAPRA_E_INVALID,
                    "a route has a pattern that begins with a slash, and a function");
    if (route->method != NULL && method == APP_ANY_METHOD)
        return fail(a, CAPRA_E_INVALID, "%s: there is no method %s", route->pattern, route->method);
    if (route->is_blocking && route->streams_body)
        return fail(a, CAPRA_E_INVALID,
                    "%s: a handler that is blocking gets its body whole, not as a stream",
                    route->pattern);
    a->entries = memory_grow(a->entries, (a->entry_count + 1) * sizeof *a->entries);
    a->entries[a->entry_count++] = (app_entry){
        .pattern = copy(a, route->pattern),
        .method = method,
        .run = route->run,
        .body_limit = route->body_limit,
        .streams_body = route->streams_body,
        .is_blocking = route->is_blocking,
    };
    return 0;
}

static int add(capra_app *a, const char *method, const char *pattern, capra_route_fn run)
{
    capra_app_route const route = { .method = method, .pattern = pattern, .run = run };
    return capra_app_add(a, &route);
}

int capra_app_get(capra_app *a, const char *pattern, capra_route_fn run)
{
    return add(a, "GET", pattern, run);
}

int capra_app_post(capra_app *a, const char *pattern, capra_route_fn run)
{
    return add(a, "POST", pattern, run);
}

int capra_app_put(capra_app *a, const char *pattern, capra_route_fn run)
{
    return add(a, "PUT", pattern, run);
}

int capra_app_patch(capra_app *a, const char *pattern, capra_route_fn run)
{
    return add(a, "PATCH", pattern, run);
}

int capra_app_delete(capra_app *a, const char *pattern, capra_route_fn run)
{
    return add(a, "DELETE", pattern, run);
}

/* ---- Listening ---- */

static int make_server(capra_app *a)
{
    struct app *routes;
    int const error =
        app_make(&routes, a->entries, a->entry_count, a->handlers_state, a->why, sizeof a->why);
    if (error != 0)
        return error;
    a->server = server_new(&a->options, routes, NULL, NULL);
    server_set_loop(a->server, a->loop);
    app_release(routes);
    a->state = APP_LISTENING;
    return 0;
}

int capra_app_listen(capra_app *a, const char *address)
{
    a->why[0] = '\0';
    if (a->state > APP_LISTENING || a->socket_count == SOCKETS_MAX)
        return fail(a, CAPRA_E_INVALID, "an app listens before it runs, at most %d times",
                    SOCKETS_MAX);
    int const error = a->server == NULL ? make_server(a) : 0;
    if (error != 0)
        return error;
    int const fd = address_listen(address, &a->port, a->why, sizeof a->why);
    if (fd < 0)
        return CAPRA_E_SYSTEM;
    a->sockets[a->socket_count++] = fd;
    return 0;
}

/* ---- Running ---- */

static void on_net_closed(void *data)
{
    capra_app *a = data;
    a->net = NULL;
    loop_stop(a->loop);
}

static void end(capra_app *a)
{
    if (a->state == APP_DONE)
        return;
    a->state = APP_DONE;
    net_close(a->net, on_net_closed, a);
}

static bool on_turn(void *owner)
{
    capra_app *a = owner;
    uint64_t const expire_ms = server_expire(a->server, loop_now_ms(a->loop));
    bool const has_more = server_turn(a->server);
    if (expire_ms > 0)
        net_wake(a->net, expire_ms);
    if (a->state == APP_DRAINING && net_connection_count(a->net) == 0)
        end(a);
    return has_more;
}

static void on_overdue(void *owner)
{
    end(owner);
}

static void on_stop(void *data)
{
    capra_app *a = data;
    if (a->state != APP_RUNNING)
        return;
    a->state = APP_DRAINING;
    server_drain(a->server);
    net_drain(a->net, DRAIN_IDLE_MS, a->options.shutdown_ms);
}

static int open_net(capra_app *a)
{
    net_options how = options_for_net(&a->options);
    how.sockets = a->sockets;
    how.socket_count = a->socket_count;
    how.board = a->board;
    net_events const events = { .conn = server_conn_events,
                                .conn_owner = a->server,
                                .on_turn = on_turn,
                                .on_overdue = on_overdue,
                                .owner = a };
    a->socket_count = 0; /* they are the net's from now on */
    return net_open(&a->net, a->loop, &how, &events, server_memory(a->server));
}

/* A client that leaves while it is written to would end the program. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

int capra_app_run(capra_app *a)
{
    a->why[0] = '\0';
    if (a->state != APP_LISTENING || a->socket_count == 0)
        return fail(a, CAPRA_E_INVALID,
                    a->state < APP_RUNNING ? "an app runs after capra_app_listen"
                                           : "an app runs once");
    ignore_broken_pipes();
    if (scoreboard_new(&a->board, 1, 0) != 0 || open_net(a) != 0) {
        a->net = NULL;
        a->state = APP_DONE;
        return fail(a, CAPRA_E_SYSTEM, "the sockets cannot be used: %s", strerror(errno));
    }
    a->state = APP_RUNNING;
    loop_run(a->loop);
    return 0;
}

void capra_app_stop(capra_app *a)
{
    bell_ring(a->stop);
}

void capra_app_free(capra_app *a)
{
    if (a == NULL)
        return;
    for (uint32_t i = 0; i < a->socket_count; i++)
        close(a->sockets[i]);
    server_free(a->server);
    bell_close(a->stop);
    loop_free(a->loop);
    scoreboard_free(a->board);
    arena_cleanup(&a->arena);
    free(a->entries);
    free(a);
}
