/* SPDX-License-Identifier: MIT */
#include "admin.h"

#include "address.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "net/net.h"
#include "observe/snapshot.h"
#include "server.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct admin {
    const admin_config *config;
    admin_place place;
    char address[4200];
    int socket;
    double started_at;
    uint64_t started_ns;
    const supervisor *supervisor;
    options options;
    scoreboard *board; /* of its own one connection counter */
    server *server;
    net *net;
    snapshot snapshot;
    snapshot_history history;
};

/* It is asked now and then, by few. */
enum { CONNECTIONS = 64, HEAD_BYTES = 8192, BODY_BYTES = 1024, IDLE_MS = 60000, SLOW_MS = 5000 };

/* ---- Looking ---- */

static const char *const phases[] = {
    [SUPERVISOR_STARTING] = "starting",
    [SUPERVISOR_SERVING] = "serving",
    [SUPERVISOR_DRAINING] = "draining",
};

/* Of a socket that listens, Linux says in these two how many connections wait in it and how many
 * may. */
static int64_t measure_queue(const admin_config *config)
{
    int64_t queue = -1;
#ifdef __linux__
    for (uint32_t i = 0; i < config->listener_count; i++) {
        struct tcp_info info;
        socklen_t length = sizeof info;
        if (getsockopt(config->listeners[i], IPPROTO_TCP, TCP_INFO, &info, &length) == 0)
            queue = (queue < 0 ? 0 : queue) + info.tcpi_unacked;
    }
#else
    (void)config;
#endif
    return queue;
}

static uint64_t measure_memory(void)
{
    char text[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    const char *line = fgets(text, sizeof text, file);
    fclose(file);
    const char *second = line == NULL ? NULL : strchr(line, ' '); /* the first one is virtual */
    uint64_t const pages = second == NULL ? 0 : strtoul(second, NULL, 10);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static const snapshot *look(admin *a)
{
    uint64_t const now_ns = scoreboard_now_ns();
    supervisor_facts facts;
    supervisor_get_facts(a->supervisor, &facts);
    snapshot *s = &a->snapshot;
    s->version = a->config->version;
    s->phase = phases[facts.phase];
    s->pid = getpid();
    s->started_at = a->started_at;
    s->uptime_s = (double)(now_ns - a->started_ns) / 1e9;
    s->generation = facts.generation;
    s->wanted = facts.wanted;
    s->reloads = facts.reloads;
    s->refused = facts.refused;
    s->started = facts.started;
    s->died = facts.died;
    s->queue = facts.phase == SUPERVISOR_DRAINING ? -1 : measure_queue(a->config);
    s->memory_bytes = measure_memory();
    s->metrics = a->config->metrics;
    snapshot_fill(s, &a->history, supervisor_scoreboard(a->supervisor), now_ns);
    return s;
}

/* ---- The routes ---- */

static void answer(capra_response *res, int status, const char *type, capra_slice text)
{
    capra_response_header(res, "Cache-Control", "no-store");
    capra_response_bytes(res, status, type, text.data, text.length);
}

static void show_life(capra_request *req, capra_response *res)
{
    (void)req;
    answer(res, 200, "text/plain; charset=utf-8", slice_text("ok\n"));
}

static void show_readiness(capra_request *req, capra_response *res)
{
    const admin *a = capra_request_state(req);
    char text[32];
    supervisor_phase const phase = supervisor_get_phase(a->supervisor);
    snprintf(text, sizeof text, "%s\n", phases[phase]);
    answer(res, phase == SUPERVISOR_SERVING ? 200 : 503, "text/plain; charset=utf-8",
           slice_text(text));
}

static void show_metrics(capra_request *req, capra_response *res)
{
    buffer text = { 0 };
    snapshot_write_prometheus(look(capra_request_state(req)), &text);
    answer(res, 200, "text/plain; version=0.0.4; charset=utf-8", buffer_slice(&text));
    buffer_cleanup(&text);
}

static void show_status(capra_request *req, capra_response *res)
{
    char *text = snapshot_write_json(look(capra_request_state(req)));
    answer(res, 200, "application/json", slice_text(text));
    free(text);
}

/* The signal does it, as if it had come from outside, and after this answer. */
static void reload(capra_request *req, capra_response *res)
{
    (void)req;
    kill(getpid(), SIGHUP);
    answer(res, 202, "text/plain; charset=utf-8", slice_text("reloading\n"));
}

static void stop(capra_request *req, capra_response *res)
{
    (void)req;
    kill(getpid(), SIGTERM);
    answer(res, 202, "text/plain; charset=utf-8", slice_text("stopping\n"));
}

static const app_entry entries[] = {
    { .pattern = "/livez", .method = HTTP_GET, .run = show_life, .body_limit = BODY_BYTES },
    { .pattern = "/readyz", .method = HTTP_GET, .run = show_readiness, .body_limit = BODY_BYTES },
    { .pattern = "/metrics", .method = HTTP_GET, .run = show_metrics, .body_limit = BODY_BYTES },
    { .pattern = "/status", .method = HTTP_GET, .run = show_status, .body_limit = BODY_BYTES },
    /* From here on only for who may open the socket's file. */
    { .pattern = "/reload", .method = HTTP_POST, .run = reload, .body_limit = BODY_BYTES },
    { .pattern = "/stop", .method = HTTP_POST, .run = stop, .body_limit = BODY_BYTES },
};
enum { ENTRIES = sizeof entries / sizeof *entries, READING_ENTRIES = ENTRIES - 2 };

/* ---- Listening ---- */

/* Sockets of servers that were killed. */
static void remove_leftovers(const char *folder)
{
    DIR *all = opendir(folder);
    if (all == NULL)
        return;
    for (struct dirent *one; (one = readdir(all)) != NULL;) {
        char *end, path[4500];
        long const pid = strtol(one->d_name, &end, 10);
        if (pid <= 0 || strcmp(end, ".sock") != 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
        unlink(path);
    }
    closedir(all);
}

/* More than one server may run in a project; each has a socket of its own. */
static int listen_in_project(admin *a)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%.4000s/.capra", a->config->directory);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return -1;
    snprintf(folder, sizeof folder, "%.4000s/.capra/run", a->config->directory);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return -1;
    remove_leftovers(folder);
    a->place.is_unix = true;
    int const length =
        snprintf(a->place.path, sizeof a->place.path, "%s/%d.sock", folder, (int)getpid());
    if ((size_t)length >= sizeof a->place.path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return admin_place_listen(&a->place);
}

static int listen_at(admin *a, char *why, size_t why_size)
{
    const char *address = a->config->address;
    if (strcmp(address, "auto") == 0) {
        a->socket = listen_in_project(a);
        if (a->socket < 0)
            log_line(LOG_WARN,
                     "%s/.capra/run has no room for the admin socket, so `capra status` will not "
                     "find this server: %s",
                     a->config->directory, strerror(errno));
        return 0;
    }
    if (!admin_place_read(&a->place, address)) {
        snprintf(why, why_size,
                 "--admin: found `%s`, expected a port, an address with a port such as "
                 "127.0.0.1:9090, unix:/path, auto or off",
                 address);
        return CAPRA_E_INVALID;
    }
    a->socket = admin_place_listen(&a->place);
    if (a->socket >= 0)
        return 0;
    snprintf(why, why_size, "--admin: cannot listen on %s: %s", address, strerror(errno));
    return CAPRA_E_SYSTEM;
}

int admin_listen(admin **out, const admin_config *config, char *why, size_t why_size)
{
    *out = NULL;
    if (strcmp(config->address, "off") == 0)
        return 0;
    admin *a = memory_take(sizeof *a);
    memset(a, 0, sizeof *a);
    a->config = config;
    a->socket = -1;
    a->started_at = (double)time(NULL);
    a->started_ns = scoreboard_now_ns();
    int const error = listen_at(a, why, why_size);
    if (a->socket < 0) {
        free(a);
        return error;
    }
    admin_place_print(a->address, sizeof a->address, &a->place, a->socket);
    *out = a;
    return 0;
}

const char *admin_address(const admin *a)
{
    return a == NULL ? NULL : a->address;
}

/* ---- Serving ---- */

static bool on_turn(void *owner)
{
    admin *a = owner;
    return server_turn(a->server);
}

static void on_overdue(void *owner)
{
    (void)owner; /* it is never drained: it answers until the last worker has gone */
}

static void make_server(admin *a)
{
    char why[256];
    app *made;
    uint32_t const count = a->place.is_unix ? ENTRIES : READING_ENTRIES;
    options_init(&a->options);
    a->options.head_bytes = HEAD_BYTES;
    if (app_make(&made, entries, count, a, why, sizeof why) != 0)
        abort(); /* the table above is wrong */
    a->server = server_new(&a->options, made, NULL, NULL);
    app_release(made);
}

void admin_open(admin *a, supervisor *s, void *loop)
{
    if (a == NULL)
        return;
    a->supervisor = s;
    make_server(a);
    net_options how = {
        .deadlines_ms = { [CONN_IDLE] = IDLE_MS,
                          [CONN_HEAD] = SLOW_MS,
                          [CONN_BODY] = SLOW_MS,
                          [CONN_WRITE] = SLOW_MS,
                          [CONN_HALF] = SLOW_MS,
                          [CONN_LINGER] = SLOW_MS },
        .connections = CONNECTIONS,
        .sockets = &a->socket,
        .socket_count = 1,
        .slot = 0,
    };
    net_events const events = { .conn = server_conn_events,
                                .conn_owner = a->server,
                                .on_turn = on_turn,
                                .on_overdue = on_overdue,
                                .owner = a };
    if (scoreboard_new(&a->board, 1, 0) == 0) {
        how.board = a->board;
        if (net_open(&a->net, loop, &how, &events, server_memory(a->server)) == 0)
            return;
    }
    a->net = NULL;
    log_line(LOG_WARN, "the admin listener at %s does not answer: %s", a->address, strerror(errno));
}

static void on_closed(void *data)
{
    admin *a = data;
    server_free(a->server);
    scoreboard_free(a->board);
    free(a);
}

void admin_close(admin *a)
{
    if (a == NULL)
        return;
    if (a->place.is_unix)
        unlink(a->place.path);
    if (a->net != NULL)
        net_close(a->net, on_closed, a);
    else
        on_closed(a);
}
