/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_CHILD_H
#define CAPRA_SUPERVISOR_CHILD_H

#include "base/list.h"
#include "base/scoreboard.h"
#include "message.h"
#include "supervisor.h"
#include "worker_channel.h"

#include <uv.h>

/* A worker as its supervisor sees it: the process, the channel to it, its slot in the scoreboard,
 * and a deadline for what it should do next. What events mean is the supervisor's to say. */

typedef enum child_state {
    CHILD_STARTING, /* spawned; has not said that it serves */
    CHILD_SERVING,
    CHILD_DRAINING, /* told to finish; has until its deadline */
    CHILD_STATES
} child_state;

typedef enum child_event {
    EVENT_READY,    /* it says that it serves */
    EVENT_RESIGNED, /* it asks for another in its place */
    EVENT_EXITED,   /* the process is gone */
    EVENT_DRAIN,    /* it is no longer wanted */
    EVENT_DEADLINE, /* it has taken too long for what it should do */
    CHILD_EVENTS
} child_event;

typedef struct child child;

/* What all workers of a supervisor have in common. */
typedef struct child_family {
    const supervisor_config *config;
    scoreboard *board;
    uv_loop_t loop;
    list children;
    int ends[2]; /* where connections are handed over: that of workers for routes in C is the
                    second; -1 where there are none */
    void (*on_event)(child *c, child_event event);
} child_family;

struct child {
    child_family *family;
    list link;
    uv_process_t process;
    uv_timer_t deadline;
    channel *channel; /* NULL: it has closed its end, and has only to end itself */
    child_state state;
    score_group group;
    uint32_t generation, slot;
    uint64_t started_ms;
    uint32_t routes;
    int handles_open;
    bool is_replaced;          /* it goes when others serve in its place */
    uint64_t beat_ns, idle_ns; /* when its load was measured last */
    double busy;               /* what came of that, 0 to 1 */
};

/* Starts a worker; NULL, and a line in the log, when it cannot be. */
child *child_start(child_family *family, char *const *command, uint32_t generation,
                   score_group group);

/* Nothing is sent to one that does not listen any more. */
void child_tell(child *c, message_kind kind, uint32_t value);

/* EVENT_DEADLINE comes in `ms`, instead of one that is due; 0: never. For one that has closed its
 * channel it never comes: that one is killed when it does not end soon. */
void child_set_deadline(child *c, uint64_t ms);

/* SIGKILL: the end of its process comes as EVENT_EXITED. */
void child_kill(child *c);

/* Its process is gone, or was never there. The memory goes when the loop has closed the handles. */
void child_release(child *c);

/* What it says of itself. */
static inline const score *child_score(const child *c)
{
    return scoreboard_at(c->family->board, c->slot);
}

#endif
