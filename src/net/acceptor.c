/* SPDX-License-Identifier: MIT */
#include "acceptor.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "spread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    BATCH = 32,       /* taken at once, when no other worker serves */
    REST = 4096,      /* taken at the end, at most: as many as can have waited */
    TROUBLE_MS = 100, /* to wait after the system had no descriptor or memory for a connection */
};

typedef struct gate {
    uv_poll_t poll;
    int socket;
} gate;

struct acceptor {
    const scoreboard *board;
    uint32_t slot;
    acceptor_events events;
    spread spread;
    uv_timer_t pause;
    bool is_paused, is_troubled, is_closing;
    void (*on_closed)(void *owner);
    void *closed_owner;
    uint32_t handles_open;
    uint32_t gate_count;
    gate gates[];
};

static int accept_at(const gate *g)
{
#ifdef __linux__
    return accept4(g->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    int const socket = accept(g->socket, NULL, NULL);
    if (socket >= 0) {
        fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
        fcntl(socket, F_SETFD, FD_CLOEXEC);
    }
    return socket;
#endif
}

/* Others may have been faster, and a client may have gone; that is no trouble. */
static bool is_trouble(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* ---- Standing back ---- */

static void on_readable(uv_poll_t *poll, int status, int events);

static void open_gates(acceptor *a)
{
    a->is_paused = false;
    for (uint32_t i = 0; i < a->gate_count; i++)
        uv_poll_start(&a->gates[i].poll, UV_READABLE, on_readable);
}

static void on_pause_over(uv_timer_t *timer)
{
    open_gates(timer->data);
}

/* For `ms`; 0: until acceptor_resume. */
static void pause_for(acceptor *a, uint64_t ms)
{
    a->is_paused = true;
    for (uint32_t i = 0; i < a->gate_count; i++)
        uv_poll_stop(&a->gates[i].poll);
    if (ms > 0)
        uv_timer_start(&a->pause, on_pause_over, ms, 0);
}

void acceptor_resume(acceptor *a)
{
    if (a->is_paused && !a->is_closing && !uv_is_active((uv_handle_t *)&a->pause))
        open_gates(a);
}

/* ---- Taking ---- */

/* False when there is none, for whatever reason. */
static bool take_one(acceptor *a, const gate *g)
{
    int const socket = accept_at(g);
    if (socket >= 0) {
        a->is_troubled = false;
        a->events.on_socket(a->events.owner, socket);
        return true;
    }
    if (is_trouble(errno)) {
        if (!a->is_troubled)
            log_line(LOG_WARN, "connections have to wait: %s", strerror(errno));
        a->is_troubled = true;
        pause_for(a, TROUBLE_MS);
    }
    return false;
}

/* One for each waking, so that the others, who woke as well, get theirs. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    acceptor *a = poll->data;
    const gate *g = (const gate *)(const void *)poll;
    const score *emptiest = scoreboard_emptiest(a->board, a->slot);
    (void)status;
    (void)events;
    if (spread_waits(&a->spread, scoreboard_at(a->board, a->slot), emptiest, uv_now(poll->loop))) {
        pause_for(a, SPREAD_WAIT_MS);
        return;
    }
    for (int left = emptiest == NULL ? BATCH : 1; left > 0 && !a->is_closing; left--) {
        if (!a->events.has_room(a->events.owner)) {
            pause_for(a, 0);
            return;
        }
        if (!take_one(a, g))
            return;
    }
}

void acceptor_take_rest(acceptor *a)
{
    for (uint32_t i = 0; i < a->gate_count; i++)
        for (int left = REST; left > 0 && take_one(a, &a->gates[i]); left--)
            continue;
}

/* ---- The start and the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    acceptor *a = handle->data;
    if (--a->handles_open > 0)
        return;
    void (*on_closed)(void *) = a->on_closed;
    void *owner = a->closed_owner;
    free(a);
    on_closed(owner);
}

static void ignore(void *owner)
{
    (void)owner;
}

int acceptor_open(acceptor **out, void *loop, const int *sockets, uint32_t count,
                  const scoreboard *board, uint32_t slot, const acceptor_events *events)
{
    acceptor *a = memory_take(sizeof *a + count * sizeof *a->gates);
    *a = (acceptor){ .board = board, .slot = slot, .events = *events, .handles_open = 1 };
    uv_timer_init(loop, &a->pause);
    a->pause.data = a;
    for (uint32_t i = 0; i < count; i++) {
        gate *g = &a->gates[i];
        g->socket = sockets[i];
        int const error = uv_poll_init_socket(loop, &g->poll, g->socket);
        if (error != 0) {
            acceptor_close(a, ignore, NULL);
            errno = -error;
            return CAPRA_E_SYSTEM;
        }
        g->poll.data = a;
        a->gate_count++;
        a->handles_open++;
    }
    open_gates(a);
    *out = a;
    return 0;
}

void acceptor_close(acceptor *a, void (*on_closed)(void *owner), void *owner)
{
    a->is_closing = true;
    a->on_closed = on_closed;
    a->closed_owner = owner;
    uv_close((uv_handle_t *)&a->pause, on_handle_closed);
    /* The sockets at once: who connects to the last process that has them, and is not taken, would
     * be reset when they close. */
    for (uint32_t i = 0; i < a->gate_count; i++) {
        uv_close((uv_handle_t *)&a->gates[i].poll, on_handle_closed);
        close(a->gates[i].socket);
    }
}
