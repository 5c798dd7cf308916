/* SPDX-License-Identifier: MIT */
#include "supervisor.h"

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "builder.h"
#include "worker_channel.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

typedef enum child_state {
    CHILD_STARTING, /* spawned; has not said that it serves */
    CHILD_SERVING,
    CHILD_DRAINING, /* told to finish; has until its deadline */
    CHILD_STATES
} child_state;

typedef enum child_event {
    EVENT_READY,    /* it says that it serves */
    EVENT_EXITED,   /* the process is gone */
    EVENT_DRAIN,    /* it is no longer wanted */
    EVENT_DEADLINE, /* it has taken too long for what it should do */
    CHILD_EVENTS
} child_event;

typedef struct supervisor supervisor;

typedef struct child {
    supervisor *supervisor;
    list link;
    uv_process_t process;
    uv_timer_t deadline;
    channel *channel;
    child_state state;
    uint32_t generation, slot;
    uint64_t started_ms;
    uint32_t routes;
    int handles_open;
    bool is_gone;
} child;

struct supervisor {
    const supervisor_config *config;
    uv_loop_t loop;
    uv_signal_t signals[3];
    uv_timer_t restart;
    builder *builder;
    scoreboard *board;
    list children;
    uint32_t generation;  /* of the newest workers; older ones go when these serve */
    char *const *command; /* of the newest workers */
    uint32_t failures;    /* in a row, of workers that died young */
    int exit_code;
    bool is_stopping, was_ready, is_restart_due;
};

enum {
    START_MS = 30000, /* for a worker to say that it serves */
    YOUNG_MS = 5000,  /* one that dies earlier than this has failed to live */
    FIRST_DELAY_MS = 100,
    LONGEST_DELAY_MS = 10000,
    STOP_IDLE_MS = 250,    /* for requests that are on their way on kept connections */
    KILL_MS = 500,         /* a worker keeps the time for shutting down itself, if it can */
    RELOAD_IDLE_MS = 2000, /* nobody waits for the old generation's end */
};

static void start_missing(supervisor *s);
static void stop(supervisor *s);

/* ---- One worker ---- */

static void on_child_closed(uv_handle_t *handle)
{
    child *c = handle->data;
    if (--c->handles_open == 0)
        free(c);
}

static void release(child *c)
{
    list_remove(&c->link);
    scoreboard_retire(c->supervisor->board, c->slot);
    if (c->channel != NULL)
        channel_close(c->channel);
    uv_close((uv_handle_t *)&c->process, on_child_closed);
    uv_close((uv_handle_t *)&c->deadline, on_child_closed);
}

static void handle(child *c, child_event event);

static void on_child_deadline(uv_timer_t *timer)
{
    handle(timer->data, EVENT_DEADLINE);
}

static void on_child_exit(uv_process_t *process, int64_t status, int signal)
{
    child *c = process->data;
    supervisor *s = c->supervisor;
    c->is_gone = true;
    if (c->state != CHILD_DRAINING && signal != 0)
        log_line(LOG_ERROR, "worker %d was ended by signal %d (%s)", process->pid, signal,
                 strsignal(signal));
    else if (c->state != CHILD_DRAINING)
        log_line(LOG_ERROR, "worker %d ended by itself with exit code %d", process->pid,
                 (int)status);
    handle(c, EVENT_EXITED);
    if (s->is_stopping && list_empty(&s->children))
        stop(s);
}

static void on_child_message(void *owner, const message *m)
{
    child *c = owner;
    if (m->kind == MESSAGE_READY) {
        c->routes = m->value;
        handle(c, EVENT_READY);
    }
}

static void on_child_silent(void *owner)
{
    child *c = owner;
    channel_close(c->channel);
    c->channel = NULL; /* its exit is reported by itself */
}

/* The environment of all workers, and behind it the one line that is this worker's; to be freed. */
static char **make_environment(const supervisor *s, char *own_line)
{
    size_t count = 0;
    while (s->config->environment[count] != NULL)
        count++;
    char **all = memory_take((count + 2) * sizeof *all);
    memcpy(all, s->config->environment, count * sizeof *all);
    all[count] = own_line;
    all[count + 1] = NULL;
    return all;
}

static int spawn(supervisor *s, child *c, char *const *command, int channel_fd)
{
    char line[64];
    snprintf(line, sizeof line, "%s=%u", s->config->slot_variable, c->slot);
    char **environment = make_environment(s, line);
    uv_stdio_container_t stdio[] = {
        { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO },
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
        { .flags = UV_INHERIT_FD, .data.fd = channel_fd },
        { .flags = UV_INHERIT_FD, .data.fd = scoreboard_fd(s->board) },
        [WORKER_LISTEN_FD + WORKER_LISTENERS - 1] = { .flags = UV_IGNORE },
    };
    for (uint32_t i = 0; i < s->config->listener_count; i++) {
        stdio[WORKER_LISTEN_FD + i].flags = UV_INHERIT_FD;
        stdio[WORKER_LISTEN_FD + i].data.fd = s->config->listeners[i];
    }
    /* A session of its own: Ctrl-C in a terminal is for the supervisor, who then drains. */
    uv_process_options_t const options = {
        .exit_cb = on_child_exit,
        .file = command[0],
        .args = (char **)(uintptr_t)command,
        .env = environment,
        .cwd = s->config->directory,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = (int)(WORKER_LISTEN_FD + s->config->listener_count),
        .stdio = stdio,
    };
    int const error = uv_spawn(&s->loop, &c->process, &options);
    free(environment);
    return error;
}

static bool start_one(supervisor *s, char *const *command)
{
    int pair[2];
    int const slot = scoreboard_claim(s->board, s->generation);
    if (slot < 0) {
        log_line(LOG_ERROR, "there are %u workers already; no more can be started",
                 scoreboard_slots(s->board));
        return false;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        scoreboard_retire(s->board, (uint32_t)slot);
        return false;
    }

    child *c = memory_take(sizeof *c);
    *c = (child){
        .supervisor = s, .generation = s->generation, .slot = (uint32_t)slot, .handles_open = 2
    };
    c->started_ms = uv_now(&s->loop);
    list_init(&c->link);
    list_append(&s->children, &c->link);
    uv_timer_init(&s->loop, &c->deadline);
    c->deadline.data = c->process.data = c;

    channel_events const events = { on_child_message, on_child_silent, c };
    int const error = spawn(s, c, command, pair[1]);
    close(pair[1]);
    if (error != 0 || channel_open(&c->channel, &s->loop, pair[0], &events) != 0) {
        log_line(LOG_ERROR, "%s cannot be started: %s", command[0], uv_strerror(error));
        release(c);
        return false;
    }
    uv_timer_start(&c->deadline, on_child_deadline, START_MS, 0);
    return true;
}

/* ---- What each event does ---- */

static void ask_to_drain(child *c)
{
    bool const is_stopping = c->supervisor->is_stopping;
    if (c->channel != NULL)
        channel_send(c->channel, MESSAGE_DRAIN, is_stopping ? STOP_IDLE_MS : RELOAD_IDLE_MS);
}

static void begin_drain(child *c)
{
    supervisor *s = c->supervisor;
    c->state = CHILD_DRAINING;
    ask_to_drain(c);
    uv_timer_start(&c->deadline, on_child_deadline, s->config->shutdown_ms + KILL_MS, 0);
}

static uint32_t count_serving(const supervisor *s)
{
    uint32_t count = 0;
    list_each (link, &s->children) {
        const child *c = LIST_OWNER(link, child, link);
        count += c->state == CHILD_SERVING && c->generation == s->generation;
    }
    return count;
}

static void drain_older(supervisor *s)
{
    for (list *link = s->children.next, *next; link != &s->children; link = next) {
        next = link->next;
        child *c = LIST_OWNER(link, child, link);
        if (c->generation != s->generation)
            handle(c, EVENT_DRAIN);
    }
}

static void admit(child *c)
{
    supervisor *s = c->supervisor;
    c->state = CHILD_SERVING;
    uv_timer_stop(&c->deadline);
    if (count_serving(s) < s->config->workers)
        return;
    drain_older(s);
    if (!s->was_ready) {
        s->was_ready = true;
        s->config->on_ready(s->config->data, c->routes);
    }
}

static void forget(child *c)
{
    release(c);
}

static void on_restart(uv_timer_t *timer)
{
    supervisor *s = timer->data;
    s->is_restart_due = false;
    start_missing(s);
}

/* The next one is started at once; one that keeps dying, ever more slowly. */
static void replace(child *c)
{
    supervisor *s = c->supervisor;
    bool const died_young = uv_now(&s->loop) - c->started_ms < YOUNG_MS;
    release(c);
    s->failures = died_young ? s->failures + 1 : 0;
    uint64_t delay = 0;
    if (s->failures > 1)
        delay = (uint64_t)FIRST_DELAY_MS << (s->failures > 8 ? 8 : s->failures - 2);
    if (delay > LONGEST_DELAY_MS)
        delay = LONGEST_DELAY_MS;
    if (delay > 0)
        log_line(LOG_WARN, "the next worker is started in %.1f s", (double)delay / 1000);
    if (!s->is_restart_due) {
        s->is_restart_due = true;
        uv_timer_start(&s->restart, on_restart, delay, 0);
    }
}

/* A worker that never served: nothing is known to be good yet, so the first ones end the start. In
 * development the next build may mend it. */
static void back_off(child *c)
{
    supervisor *s = c->supervisor;
    if (s->was_ready || s->builder != NULL) {
        replace(c);
        return;
    }
    release(c);
    s->exit_code = 1;
    stop(s);
}

static void kill_hard(child *c)
{
    log_line(LOG_WARN, "worker %d has not finished in time and is killed", c->process.pid);
    uv_process_kill(&c->process, SIGKILL);
}

static void ignore(child *c)
{
    (void)c;
}

typedef void (*child_action)(child *c);

/* What each event does to a worker in each state. Every pair has an answer. */
static const child_action actions[CHILD_STATES][CHILD_EVENTS] = {
    /*                   ready    exited    drain        deadline  */
    [CHILD_STARTING] = { admit, back_off, begin_drain, kill_hard },
    [CHILD_SERVING] = { ignore, replace, begin_drain, ignore },
    [CHILD_DRAINING] = { ignore, forget, ask_to_drain, kill_hard },
};

static void handle(child *c, child_event event)
{
    actions[c->state][event](c);
}

/* ---- All of them ---- */

static void start_missing(supervisor *s)
{
    const char *error = NULL;
    if (s->is_stopping)
        return;
    char *const *command = s->config->worker_command(s->config->data, &error);
    if (command == NULL) {
        log_line(LOG_ERROR, "%s", error);
        return;
    }
    s->command = command;
    uint32_t count = 0;
    list_each (link, &s->children) {
        count += LIST_OWNER(link, child, link)->generation == s->generation;
    }
    for (; count < s->config->workers; count++) {
        if (!start_one(s, command)) {
            s->exit_code = 1;
            stop(s);
            return;
        }
    }
}

/* New workers; the old ones drain when all new ones serve. */
static void start_generation(supervisor *s)
{
    s->generation++;
    s->failures = 0;
    start_missing(s);
}

static void kill_all(supervisor *s)
{
    list_each (link, &s->children) {
        uv_process_kill(&LIST_OWNER(link, child, link)->process, SIGKILL);
    }
}

static void begin_stop(supervisor *s)
{
    s->is_stopping = true;
    if (s->builder != NULL)
        builder_stop(s->builder);
    for (list *link = s->children.next, *next; link != &s->children; link = next) {
        next = link->next;
        handle(LIST_OWNER(link, child, link), EVENT_DRAIN);
    }
    for (uint32_t i = 0; i < s->config->listener_count; i++)
        close(s->config->listeners[i]);
}

/* Once asks everyone to finish; again, or with nobody left, it ends. */
static void stop(supervisor *s)
{
    if (!s->is_stopping)
        begin_stop(s);
    if (list_empty(&s->children))
        uv_stop(&s->loop);
}

static void on_signal(uv_signal_t *signal, int number)
{
    supervisor *s = signal->data;
    if (number == SIGHUP) {
        if (!s->is_stopping)
            start_generation(s);
        return;
    }
    if (s->is_stopping)
        kill_all(s); /* a second signal: whoever sent it does not want to wait */
    stop(s);
}

/* ---- Development ---- */

/* The first route in JavaScript asks for other workers than routes in C do. */
static void on_built(void *owner)
{
    supervisor *s = owner;
    const char *error;
    if (list_empty(&s->children) ||
        s->config->worker_command(s->config->data, &error) != s->command) {
        start_generation(s);
        return;
    }
    list_each (link, &s->children) {
        child *c = LIST_OWNER(link, child, link);
        if (c->channel != NULL)
            channel_send(c->channel, MESSAGE_RELOAD, 0);
    }
}

static void on_builder_end(void *owner)
{
    supervisor *s = owner;
    if (s->is_stopping)
        return;
    log_line(LOG_ERROR, "the compiler has ended; see above why");
    s->exit_code = 1;
    stop(s);
}

/* ---- The run ---- */

static void watch_signals(supervisor *s)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

static void close_handle(uv_handle_t *handle, void *data)
{
    (void)data;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

int supervisor_run(const supervisor_config *config)
{
    supervisor s = { .config = config };
    if (scoreboard_new(&s.board, SCOREBOARD_SLOTS, 0) != 0) {
        log_line(LOG_ERROR, "no memory to share with workers: %s", strerror(errno));
        return 1;
    }
    list_init(&s.children);
    uv_loop_init(&s.loop);
    uv_timer_init(&s.loop, &s.restart);
    s.restart.data = &s;
    watch_signals(&s);

    if (config->compiler != NULL) {
        builder_events const events = { on_built, on_builder_end, &s };
        s.builder = builder_start(&s.loop, config->compiler, config->directory, &events);
        if (s.builder == NULL)
            return 1;
    } else {
        start_missing(&s);
    }
    uv_run(&s.loop, UV_RUN_DEFAULT);

    builder_free(s.builder);
    uv_walk(&s.loop, close_handle, NULL);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    uv_loop_close(&s.loop);
    scoreboard_free(s.board);
    return s.exit_code;
}
