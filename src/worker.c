/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "net/loop.h"
#include "net/net.h"
#include "rescue/rescue.h"
#include "supervisor/worker_channel.h"
#include "supervisor/worker_pulse.h"
#include "supervisor/worker_signals.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SIGNAL_IDLE_MS = 250 }; /* for requests that are on their way on kept connections */

struct worker {
    worker_config config;
    void *loop;
    const script_host *script;
    server *server;
    net *net;
    channel *channel;
    scoreboard *board;
    uint32_t slot; /* this worker's place in it */
    app_share share;
    score *score;
    pulse *pulse;
    worker_signals *signals;
    metrics *metrics;
    observer *observer;
    networks *trusted; /* NULL: the command line says nothing */
    void (*on_end)(void *data);
    void *data;
    bool is_draining, is_stopping, is_held;
    bool has_resigned; /* the supervisor knows that another is to take its place */
};

/* ---- What it is told at birth ---- */

char *worker_config_write(const worker_config *config)
{
    json_t *quantities = json_object();
    for (size_t i = 0; i < option_row_count; i++) {
        options copy = config->options;
        json_object_set_new(quantities, option_rows[i].flag,
                            json_integer((json_int_t)*options_field(&copy, &option_rows[i])));
    }
    for (size_t i = 0; i < text_option_row_count; i++) {
        options copy = config->options;
        json_object_set_new(quantities, text_option_rows[i].flag,
                            json_string(options_text(&copy, &text_option_rows[i])));
    }
    json_t *root = json_pack("{s:s, s:b, s:i, s:o}", "manifest", config->manifest, "development",
                             config->is_development, "listeners", (int)config->listeners, "options",
                             quantities);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

int worker_config_read(worker_config *out, const char *text, char *why, size_t why_size)
{
    json_t *root = text == NULL ? NULL : json_loads(text, 0, NULL);
    const char *manifest = json_string_value(json_object_get(root, "manifest"));
    const json_t *quantities = json_object_get(root, "options");
    json_int_t const listeners = json_integer_value(json_object_get(root, "listeners"));
    if (manifest == NULL || listeners < 1 || listeners > WORKER_LISTENERS ||
        !json_is_object(quantities)) {
        snprintf(why, why_size, "a worker is started by `capra start`, not by hand: %s is not set",
                 WORKER_VARIABLE);
        json_decref(root);
        return CAPRA_E_INVALID;
    }
    options_init(&out->options);
    for (size_t i = 0; i < option_row_count; i++) {
        const json_t *value = json_object_get(quantities, option_rows[i].flag);
        if (json_is_integer(value))
            *options_field(&out->options, &option_rows[i]) = (uint64_t)json_integer_value(value);
    }
    for (size_t i = 0; i < text_option_row_count; i++) {
        const text_option_row *row = &text_option_rows[i];
        const char *value = json_string_value(json_object_get(quantities, row->flag));
        const char *expected;
        if (value != NULL)
            options_set_text(&out->options, row, value, &expected);
    }
    snprintf(out->manifest, sizeof out->manifest, "%s", manifest);
    out->listeners = (uint32_t)listeners;
    out->is_development = json_is_true(json_object_get(root, "development"));
    json_decref(root);
    return 0;
}

/* ---- The end ---- */

static void on_net_closed(void *data)
{
    worker *w = data;
    rescue_end();
    if (w->channel != NULL)
        channel_close(w->channel);
    pulse_stop(w->pulse);
    worker_signals_stop(w->signals);
    server_abandon(w->server);
    server_free(w->server);
    observer_close(w->observer);
    metrics_free(w->metrics);
    networks_free(w->trusted);
    scoreboard_free(w->board);
    void (*on_end)(void *) = w->on_end;
    void *owner = w->data;
    free(w);
    on_end(owner);
}

void worker_stop(worker *w)
{
    if (w->is_stopping)
        return;
    w->is_stopping = true;
    net_close(w->net, on_net_closed, w);
}

static void drain(worker *w, uint32_t idle_ms)
{
    w->is_draining = true;
    score_set(&w->score->state, SCORE_DRAINING);
    server_drain(w->server);
    net_drain(w->net, idle_ms, w->config.options.shutdown_ms);
}

/* ---- What happens to it ---- */

/* With every thread that is lost, blocking handlers have fewer. */
static void resign(worker *w)
{
    w->has_resigned = true;
    channel_send(w->channel, MESSAGE_RESIGNED, 0);
}

static bool on_turn(void *owner)
{
    worker *w = owner;
    rescue_enter();
    uint64_t const expire_ms = server_expire(w->server, loop_now_ms(w->loop));
    bool const has_more = server_turn(w->server);
    uint32_t const wait_ms = observer_turn(w->observer);
    if (wait_ms > 0)
        net_wake(w->net, wait_ms);
    if (expire_ms > 0)
        net_wake(w->net, expire_ms);
    rescue_leave();
    if (server_is_stuck(w->server) && !w->has_resigned)
        resign(w);
    if (w->is_draining && !w->is_held && net_is_done(w->net) && !server_waits(w->server))
        worker_stop(w);
    return has_more;
}

static void on_overdue(void *owner)
{
    worker *w = owner;
    uint32_t const count = net_connection_count(w->net);
    if (count > 0)
        log_line(LOG_WARN, "%u connections have not finished in time and are cut", count);
    if (w->is_held)
        log_line(LOG_WARN, "work behind answers (waitUntil) has not finished in time and is cut");
    worker_stop(w);
}

static void on_room(void *owner)
{
    worker *w = owner;
    server_move_on(w->server);
}

static void reload(worker *w)
{
    char why[1024];
    app *fresh;
    int const error = app_load(&fresh, w->config.manifest, w->share, why, sizeof why);
    if (error != 0) {
        log_line(LOG_ERROR, "the new build is not served: %s", why);
        return;
    }
    server_set_app(w->server, fresh);
    if (w->script != NULL)
        w->script->routes(w->script->data, app_manifest(fresh));
    channel_send(w->channel, MESSAGE_RELOADED, app_route_count(fresh));
    app_release(fresh);
}

static void on_message(void *owner, const message *m)
{
    worker *w = owner;
    switch (m->kind) {
    case MESSAGE_RELOAD:
        reload(w);
        break;
    case MESSAGE_DRAIN:
        drain(w, m->value);
        break;
    case MESSAGE_FINISH:
        drain(w, m->value);
        net_keep_taking(w->net);
        break;
    default:
        break; /* from a newer supervisor */
    }
}

/* Sent to the worker itself; the next one is there as soon as this one has gone. */
static void on_stop_signal(void *owner)
{
    worker *w = owner;
    if (!w->is_draining)
        drain(w, SIGNAL_IDLE_MS);
}

/* Nobody would ever stop it. */
static void on_supervisor_gone(void *owner)
{
    worker *w = owner;
    drain(w, 1);
    net_keep_taking(w->net);
}

/* ---- The start ---- */

enum { SPARED_DESCRIPTORS = 32 };

/* Each connection is a descriptor. Some are left for what handlers open: they have more to lose
 * than a client that waits for a moment. */
static uint32_t bound_connections(uint32_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    rlim_t const all = limit.rlim_cur;
    rlim_t const spared = all / 8 > SPARED_DESCRIPTORS ? all / 8 : SPARED_DESCRIPTORS;
    rlim_t const most = all > 2 * spared ? all - spared : all / 2;
    if (wanted <= most)
        return wanted;
    if (wanted != DEFAULT_CONNECTIONS) /* somebody has asked for it */
        log_line(
            LOG_WARN,
            "with %llu descriptors (ulimit -n) at most %llu connections are open at once, not %u as "
            "--max-connections allows",
            (unsigned long long)all, (unsigned long long)most, wanted);
    return (uint32_t)most;
}

static int open_net(worker *w, void *loop)
{
    int sockets[WORKER_LISTENERS];
    int const behind = WORKER_LISTEN_FD + (int)w->config.listeners;
    bool const is_native = w->share == APP_NATIVES;
    for (uint32_t i = 0; i < w->config.listeners; i++)
        sockets[i] = WORKER_LISTEN_FD + (int)i;
    net_options how = options_for_net(&w->config.options);
    how.connections = bound_connections(how.connections);
    how.trusted = w->trusted;
    how.sockets = sockets;
    how.socket_count = is_native ? 0 : w->config.listeners; /* others accept for it */
    how.parcel_socket = options_isolate(&w->config.options) ? behind : 0;
    how.board = w->board;
    how.slot = w->slot;
    net_events const events = { .conn = server_conn_events,
                                .conn_owner = w->server,
                                .on_turn = on_turn,
                                .on_room = on_room,
                                .on_overdue = on_overdue,
                                .owner = w };
    return net_open(&w->net, loop, &how, &events, server_memory(w->server));
}

/* Its own place in the supervisor's table, or a table of its own where there is none to share. */
static void open_scoreboard(worker *w)
{
    const char *text = getenv(WORKER_SLOT_VARIABLE);
    w->slot = text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 10);
    if (text == NULL || scoreboard_open(&w->board, WORKER_SCOREBOARD_FD) != 0 ||
        w->slot >= scoreboard_slots(w->board)) {
        scoreboard_free(w->board);
        if (scoreboard_new(&w->board, 1, 0) != 0)
            abort(); /* there is no memory */
        w->slot = 0;
    }
    w->score = scoreboard_at(w->board, w->slot);
    score_set(&w->score->pid, (uint32_t)getpid());
}

/* Without memory to share, nobody would see what it counts. */
static int open_observer(worker *w, char *why, size_t why_size)
{
    if (getenv(WORKER_SLOT_VARIABLE) == NULL || metrics_open(&w->metrics, WORKER_METRICS_FD) != 0)
        w->metrics = NULL;
    bool const counts = strcmp(w->config.options.metrics, "on") == 0;
    observer_tally const tally = { .shared = counts ? w->metrics : NULL, .slot = w->slot };
    return observer_open(&w->observer, &w->config.options, w->config.is_development, tally, why,
                         why_size);
}

/* Who looks at a breakpoint holds the loop for as long as that takes. */
static bool is_debugged(void)
{
    const char *node_options = getenv("NODE_OPTIONS");
    return node_options != NULL && strstr(node_options, "--inspect") != NULL;
}

/* What the supervisor has started it for. */
static app_share find_share(const worker *w)
{
    switch (score_get(&w->score->group)) {
    case SCORE_GROUP_SCRIPTS:
        return APP_SCRIPTS;
    case SCORE_GROUP_NATIVES:
        return APP_NATIVES;
    default:
        return APP_WHOLE;
    }
}

/* A worker that does not know its part, because its supervisor is of another version, must not take
 * connections for routes that it cannot run. */
static int load(const worker *w, app **out, char *why, size_t why_size)
{
    int const error = app_load(out, w->config.manifest, w->share, why, why_size);
    if (error != 0 || w->script != NULL || !options_isolate(&w->config.options))
        return error;
    for (uint32_t i = 0; i < app_route_count(*out); i++) {
        const app_route *r = app_find(*out, i);
        if (r->kind != APP_SCRIPT)
            continue;
        snprintf(why, why_size,
                 "%s is JavaScript, and this worker runs none: the server that has started it is "
                 "of another version; stop it, and start this one",
                 r->file);
        return CAPRA_E_INVALID;
    }
    return 0;
}

int worker_start(worker **out, void *loop, const worker_config *config, const script_host *script,
                 void (*on_end)(void *data), void *data, char *why, size_t why_size)
{
    app *a;
    worker *w = memory_take(sizeof *w);
    *w = (worker){
        .config = *config, .loop = loop, .script = script, .on_end = on_end, .data = data
    };
    rescue_prepare();
    open_scoreboard(w);
    w->share = find_share(w);
    int error = load(w, &a, why, why_size);
    if (error != 0) {
        scoreboard_free(w->board);
        free(w);
        return error;
    }

    networks *trusted = NULL;
    if (config->options.trust_proxy[0] != '\0')
        error = networks_parse(&trusted, slice_text(config->options.trust_proxy), why, why_size);
    if (error == 0)
        error = open_observer(w, why, why_size);
    if (error != 0)
        return error; /* the process ends, and all goes with it */
    w->server = server_new(&config->options, a, script, w->observer);
    server_set_loop(w->server, loop);
    server_set_score(w->server, w->score);
    w->trusted = trusted;
    if (trusted != NULL)
        server_set_trusted(w->server, trusted);
    if (script != NULL)
        script->routes(script->data, app_manifest(a));
    uint32_t const routes = app_route_count(a);
    app_release(a);

    channel_events const events = { on_message, on_supervisor_gone, w };
    error = channel_open(&w->channel, loop, WORKER_CHANNEL_FD, &events);
    if (error == 0)
        error = open_net(w, loop);
    if (error != 0) {
        snprintf(why, why_size, "the inherited sockets cannot be used: %s", strerror(errno));
        return error;
    }
    w->pulse = pulse_start(loop, w->score);
    score_set(&w->score->state, SCORE_SERVING);
    rescue_config const rescued = { .server = w->server,
                                    .net = w->net,
                                    .loop = loop,
                                    .stall_ms = is_debugged() ? 0 : config->options.stall_ms };
    rescue_begin(&rescued);
    w->signals = worker_signals_start(loop, on_stop_signal, w);
    channel_send(w->channel, MESSAGE_READY, routes);
    *out = w;
    return 0;
}

server *worker_server(worker *w)
{
    return w->server;
}

void worker_hold(worker *w, bool is_held)
{
    w->is_held = is_held;
}
