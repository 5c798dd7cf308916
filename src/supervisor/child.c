/* SPDX-License-Identifier: MIT */
#include "child.h"

#include "base/arena.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { END_MS = 5000 /* from a worker's last word to its end */ };

static void on_closed(uv_handle_t *handle)
{
    child *c = handle->data;
    if (--c->handles_open == 0)
        free(c);
}

void child_release(child *c)
{
    list_remove(&c->link);
    scoreboard_retire(c->family->board, c->slot);
    if (c->channel != NULL)
        channel_close(c->channel);
    uv_close((uv_handle_t *)&c->process, on_closed);
    uv_close((uv_handle_t *)&c->deadline, on_closed);
}

static void on_deadline(uv_timer_t *timer)
{
    child *c = timer->data;
    if (c->channel != NULL) {
        c->family->on_event(c, EVENT_DEADLINE);
        return;
    }
    log_line(LOG_WARN, "worker %d had nothing left to do and did not end; it is killed",
             c->process.pid);
    child_kill(c);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
    child *c = process->data;
    if (c->state != CHILD_DRAINING && signal != 0)
        log_line(LOG_ERROR, "worker %d was ended by signal %d (%s)", process->pid, signal,
                 strsignal(signal));
    else if (c->state != CHILD_DRAINING)
        log_line(LOG_ERROR, "worker %d ended by itself with exit code %d", process->pid,
                 (int)status);
    c->family->on_event(c, EVENT_EXITED);
}

static void on_message(void *owner, const message *m)
{
    child *c = owner;
    if (m->kind == MESSAGE_READY) {
        c->routes = m->value;
        c->family->on_event(c, EVENT_READY);
    } else if (m->kind == MESSAGE_RESIGNED) {
        c->family->on_event(c, EVENT_RESIGNED);
    }
}

/* Its exit is reported by itself, and at once. But a worker that is Node may come to a halt on its
 * way out, in a listener of `exit`, or where V8 waits for its own threads. */
static void on_silent(void *owner)
{
    child *c = owner;
    child_set_deadline(c, END_MS);
    channel_close(c->channel);
    c->channel = NULL;
}

/* ---- The start ---- */

/* The environment of all workers, and behind it the one line that is this worker's; to be freed. */
static char **make_environment(const supervisor_config *config, char *own_line)
{
    size_t count = 0;
    while (config->environment[count] != NULL)
        count++;
    char **all = memory_take((count + 2) * sizeof *all);
    memcpy(all, config->environment, count * sizeof *all);
    all[count] = own_line;
    all[count + 1] = NULL;
    return all;
}

static void inherit(uv_stdio_container_t *as, int fd)
{
    as->flags = UV_INHERIT_FD;
    as->data.fd = fd;
}

static int spawn(child *c, char *const *command, int channel_fd)
{
    const supervisor_config *config = c->family->config;
    uv_stdio_container_t stdio[WORKER_LISTEN_FD + WORKER_LISTENERS + 1] = { { .flags =
                                                                                  UV_IGNORE } };
    inherit(&stdio[STDOUT_FILENO], STDOUT_FILENO);
    inherit(&stdio[STDERR_FILENO], STDERR_FILENO);
    inherit(&stdio[WORKER_CHANNEL_FD], channel_fd);
    inherit(&stdio[WORKER_SCOREBOARD_FD], scoreboard_fd(c->family->board));
    inherit(&stdio[WORKER_METRICS_FD], config->metrics_fd);
    bool const is_native = c->group == SCORE_GROUP_NATIVES;
    for (uint32_t i = 0; i < config->listener_count && !is_native; i++)
        inherit(&stdio[WORKER_LISTEN_FD + i], config->listeners[i]);
    if (c->family->ends[is_native] >= 0)
        inherit(&stdio[WORKER_LISTEN_FD + config->listener_count], c->family->ends[is_native]);
    char line[64];
    snprintf(line, sizeof line, "%s=%u", config->slot_variable, c->slot);
    char **environment = make_environment(config, line);
    /* A session of its own: Ctrl-C in a terminal is for the supervisor, who then drains. */
    uv_process_options_t const options = {
        .exit_cb = on_exit_of,
        .file = command[0],
        .args = (char **)(uintptr_t)command,
        .env = environment,
        .cwd = config->directory,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = (int)(WORKER_LISTEN_FD + config->listener_count + 1),
        .stdio = stdio,
    };
    int const error = uv_spawn(&c->family->loop, &c->process, &options);
    free(environment);
    return error;
}

static child *make(child_family *family, uint32_t generation, score_group group)
{
    int const slot = scoreboard_claim(family->board, generation, group);
    if (slot < 0) {
        log_line(LOG_ERROR, "there are %u workers already; no more can be started",
                 scoreboard_slots(family->board));
        return NULL;
    }
    child *c = memory_take(sizeof *c);
    *c = (child){ .family = family,
                  .group = group,
                  .generation = generation,
                  .slot = (uint32_t)slot,
                  .handles_open = 2,
                  .started_ms = uv_now(&family->loop) };
    list_init(&c->link);
    list_append(&family->children, &c->link);
    uv_timer_init(&family->loop, &c->deadline);
    c->deadline.data = c->process.data = c;
    return c;
}

child *child_start(child_family *family, char *const *command, uint32_t generation,
                   score_group group)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        log_line(LOG_ERROR, "%s cannot be started: %s", command[0], strerror(errno));
        return NULL;
    }
    child *c = make(family, generation, group);
    channel_events const events = { on_message, on_silent, c };
    int const error = c == NULL ? UV_EAGAIN : spawn(c, command, pair[1]);
    close(pair[1]);
    if (error == 0 && channel_open(&c->channel, &family->loop, pair[0], &events) == 0)
        return c;
    if (error != 0)
        close(pair[0]);
    if (c == NULL)
        return NULL;
    log_line(LOG_ERROR, "%s cannot be started: %s", command[0], uv_strerror(error));
    child_release(c);
    return NULL;
}

/* ---- What it is told ---- */

void child_tell(child *c, message_kind kind, uint32_t value)
{
    if (c->channel != NULL)
        channel_send(c->channel, kind, value);
}

void child_set_deadline(child *c, uint64_t ms)
{
    if (c->channel == NULL) /* there is nothing but its end to wait for */
        return;
    if (ms == 0)
        uv_timer_stop(&c->deadline);
    else
        uv_timer_start(&c->deadline, on_deadline, ms, 0);
}

void child_kill(child *c)
{
    uv_process_kill(&c->process, SIGKILL);
}
