/* SPDX-License-Identifier: MIT */
#include "supervisor.h"

#include "base/list.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "builder.h"
#include "child.h"
#include "doorbell.h"
#include "load.h"
#include "returns.h"
#include "run_file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

/* Workers of one kind. Each kind is counted, and started ever more slowly, by itself: when code in
 * C keeps killing its workers, the others need not wait. */
typedef struct team {
    supervisor *supervisor;
    bool is_native;    /* for routes in C alone */
    uint32_t failures; /* in a row, of workers that died young */
    uv_timer_t restart;
    bool is_restart_due;
} team;

struct supervisor {
    const supervisor_config *config;
    child_family family;
    team acceptors, natives;
    uv_signal_t signals[3];
    uv_timer_t watch, sweep;
    builder *builder;
    doorbell *doorbell;
    scale scale;
    load load;
    uint32_t generation;  /* of the workers that are wanted; others go when these serve */
    uint32_t newest;      /* generation that there ever was */
    uint32_t announced;   /* generation that served last */
    uint32_t refused;     /* reloads that came to nothing */
    uint32_t planned;     /* generation whose plan is known */
    worker_plan plan;     /* of that one; the command is that of the newest workers */
    worker_plan kept;     /* of the generation that served last, to go back to */
    uint32_t resigned;    /* workers, no two of them with much time between */
    uint64_t resigned_ms; /* when the last one did */
    uint64_t started, died;
    int exit_code;
    bool is_stopping, was_ready;
};

enum {
    START_MS = 30000, /* for a worker to say that it serves */
    YOUNG_MS = 2000,  /* one that dies earlier than this has failed to live */
    GROWN_MS = 5000,  /* what one needs by then, it needs to live */
    FIRST_DELAY_MS = 100,
    LONGEST_DELAY_MS = 10000,
    FIRST_STAY_MS = 1000, /* of a worker that has resigned, when it is not the first one */
    LONGEST_STAY_MS = 60000,
    CALM_MS = 600000,      /* after so long without one, the next is the first again */
    STOP_IDLE_MS = 250,    /* for requests that are on their way on kept connections */
    KILL_MS = 500,         /* a worker keeps the time for shutting down itself, if it can */
    RELOAD_IDLE_MS = 2000, /* nobody waits for the old generation's end */
    WATCH_MS = 500,        /* between two looks at the scoreboard */
    SOON_MS = 1000,        /* worth waiting for, rather than an answer that says to come again */
    SWEEP_MS = 100,        /* between two looks at what is handed over and nobody takes */
};

static void start_missing(team *t);
static void start_all_missing(supervisor *s);
static void settle(supervisor *s);
static void stop(supervisor *s);

static supervisor *supervisor_of(const child *c)
{
    return LIST_OWNER(c->family, supervisor, family);
}

/* One of those that are meant to serve from now on. */
static bool is_current(const child *c)
{
    return c->generation == supervisor_of(c)->generation && !c->is_replaced &&
           c->state != CHILD_DRAINING;
}

static bool is_of(const child *c, const team *t)
{
    return (c->group == SCORE_GROUP_NATIVES) == t->is_native;
}

static team *team_of(const child *c)
{
    supervisor *s = supervisor_of(c);
    return is_of(c, &s->natives) ? &s->natives : &s->acceptors;
}

/* Those for routes in C go and come with the others. */
static uint32_t count_wanted(const team *t)
{
    const supervisor *s = t->supervisor;
    if (!t->is_native)
        return s->scale.wanted;
    return s->plan.natives != NULL && s->scale.wanted > 0 ? s->config->natives : 0;
}

static uint32_t count_current(const team *t, bool only_serving)
{
    uint32_t count = 0;
    list_each (link, &t->supervisor->family.children) {
        const child *c = LIST_OWNER(link, child, link);
        count += is_of(c, t) && is_current(c) && (!only_serving || c->state == CHILD_SERVING);
    }
    return count;
}

static bool is_complete(const team *t)
{
    return count_current(t, true) >= count_wanted(t);
}

/* ---- What each event does ---- */

static void handle(child *c, child_event event);

static void ask_to_drain(child *c)
{
    const supervisor *s = supervisor_of(c);
    if (!s->is_stopping)
        child_tell(c, MESSAGE_DRAIN, RELOAD_IDLE_MS);
    else
        child_tell(c, s->config->natives > 0 ? MESSAGE_FINISH : MESSAGE_DRAIN, STOP_IDLE_MS);
}

static void begin_drain(child *c)
{
    c->state = CHILD_DRAINING;
    ask_to_drain(c);
    child_set_deadline(c, supervisor_of(c)->config->shutdown_ms + KILL_MS);
}

static void admit(child *c)
{
    c->state = CHILD_SERVING;
    child_set_deadline(c, 0);
    settle(supervisor_of(c));
}

static void forget(child *c)
{
    supervisor *s = supervisor_of(c);
    child_release(c);
    if (s->is_stopping && list_empty(&s->family.children))
        stop(s);
}

static void on_restart(uv_timer_t *timer)
{
    team *t = timer->data;
    t->is_restart_due = false;
    start_missing(t);
}

/* At once; when workers keep dying, ever more slowly. */
static void start_later(team *t)
{
    uint64_t delay = 0;
    if (t->failures > 1)
        delay = (uint64_t)FIRST_DELAY_MS << (t->failures > 8 ? 8 : t->failures - 2);
    if (delay > LONGEST_DELAY_MS)
        delay = LONGEST_DELAY_MS;
    if (delay > 0)
        log_line(LOG_WARN, "the next worker is started in %.1f s", (double)delay / 1000);
    if (!t->is_restart_due) {
        t->is_restart_due = true;
        uv_timer_start(&t->restart, on_restart, delay, 0);
    }
}

/* One that never served has failed to live, however long it has tried. */
static void replace(child *c)
{
    supervisor *s = supervisor_of(c);
    team *t = team_of(c);
    bool const has_failed =
        c->state == CHILD_STARTING || uv_now(&s->family.loop) - c->started_ms < YOUNG_MS;
    child_release(c);
    s->died++;
    t->failures = has_failed ? t->failures + 1 : 0;
    start_later(t);
}

static child *find_older(const supervisor *s)
{
    list_each (link, &s->family.children) {
        child *c = LIST_OWNER(link, child, link);
        if (c->state == CHILD_SERVING && c->generation != s->generation)
            return c;
    }
    return NULL;
}

static void write_run_file(const supervisor *s)
{
    run_state state = { .pid = getpid(), .generation = s->generation, .refused = s->refused };
    if (s->config->admin != NULL)
        snprintf(state.admin, sizeof state.admin, "%s", s->config->admin);
    if (!run_file_write(s->config->directory, &state))
        log_line(LOG_WARN,
                 "%s/.capra/run cannot be written, so `capra reload` will not find this "
                 "server: %s",
                 s->config->directory, strerror(errno));
}

/* A build that does not start is no reason to stop serving the last one. */
static void refuse_generation(supervisor *s, uint32_t kept)
{
    uint32_t const failed = s->generation;
    log_line(LOG_ERROR, "the new build does not start and is not served; the old one goes on");
    s->refused++;
    s->generation = kept;
    s->planned = kept;
    s->plan = s->kept;
    s->plan.command = NULL; /* what runs is not what is there to be run */
    for (list *link = s->family.children.next, *next; link != &s->family.children; link = next) {
        next = link->next;
        child *c = LIST_OWNER(link, child, link);
        if (c->generation == failed)
            handle(c, EVENT_DRAIN);
    }
    write_run_file(s);
}

/* Whoever starts servers (a person, systemd, Kubernetes) is told at once that this one does not,
 * and starts it again if that is wanted. Workers that still try have nothing to finish. */
static void fail_to_start(supervisor *s)
{
    log_line(LOG_ERROR, "the server does not start: a worker has ended before it could serve");
    s->exit_code = 1;
    list_each (link, &s->family.children) {
        child *c = LIST_OWNER(link, child, link);
        if (c->state == CHILD_STARTING)
            child_kill(c);
    }
    stop(s);
}

/* A worker that never served. Where nothing is known to be good yet, the first ones end the start;
 * in development the next build may mend it. */
static void back_off(child *c)
{
    supervisor *s = supervisor_of(c);
    const child *older = find_older(s);
    if (older != NULL && c->generation == s->generation) {
        s->died++;
        child_release(c);
        refuse_generation(s, older->generation);
        start_all_missing(s);
    } else if (s->was_ready || s->builder != NULL) {
        replace(c);
    } else {
        child_release(c);
        fail_to_start(s);
    }
}

/* It serves until another does. */
static void succeed(child *c)
{
    c->is_replaced = true;
    start_missing(team_of(c));
}

/* At once; when handlers keep taking threads, ever more slowly, so that not all that Capra does is
 * to start workers. */
static void resign(child *c)
{
    supervisor *s = supervisor_of(c);
    uint64_t const now = uv_now(&s->family.loop);
    if (now - s->resigned_ms > CALM_MS)
        s->resigned = 0;
    s->resigned_ms = now;
    uint64_t stay = s->resigned == 0 ? 0 : (uint64_t)FIRST_STAY_MS << (s->resigned - 1);
    if (s->resigned < 8)
        s->resigned++;
    if (stay > LONGEST_STAY_MS)
        stay = LONGEST_STAY_MS;
    log_line(LOG_WARN,
             "worker %d has lost a thread to a handler that does not come back; another takes its "
             "place%s",
             c->process.pid, stay > 0 ? ", in a while: this keeps happening" : "");
    if (stay > 0)
        child_set_deadline(c, stay);
    else
        succeed(c);
}

static void give_up(child *c)
{
    log_line(LOG_ERROR,
             "worker %d has not got ready within %d s and is killed; does a CAPRA_INIT wait for "
             "something?",
             c->process.pid, START_MS / 1000);
    child_kill(c);
}

static void kill_hard(child *c)
{
    log_line(LOG_WARN, "worker %d has not finished in time and is killed", c->process.pid);
    child_kill(c);
}

static void ignore(child *c)
{
    (void)c;
}

typedef void (*child_action)(child *c);

/* Every pair has an answer. */
static const child_action actions[CHILD_STATES][CHILD_EVENTS] = {
    /*                   ready   resigned exited    drain        deadline  */
    [CHILD_STARTING] = { admit, ignore, back_off, begin_drain, give_up },
    [CHILD_SERVING] = { ignore, resign, replace, begin_drain, succeed },
    [CHILD_DRAINING] = { ignore, ignore, forget, ask_to_drain, kill_hard },
};

static void handle(child *c, child_event event)
{
    actions[c->state][event](c);
}

/* ---- All of them ---- */

static child *start_one(const team *t)
{
    supervisor *s = t->supervisor;
    char *const *command = t->is_native ? s->plan.natives : s->plan.command;
    score_group const group = t->is_native              ? SCORE_GROUP_NATIVES
                              : s->plan.natives != NULL ? SCORE_GROUP_SCRIPTS
                                                        : SCORE_GROUP_ALL;
    child *c = child_start(&s->family, command, s->generation, group);
    if (c != NULL) {
        child_set_deadline(c, START_MS);
        s->started++;
    }
    return c;
}

/* Whether there are workers for routes in C is decided once for a generation: another build may be
 * there by now, and may have been refused. */
static bool take_plan(supervisor *s, const char **error)
{
    worker_plan now;
    if (!s->config->plan(s->config->data, &now, error))
        return false;
    s->plan.command = now.command;
    if (s->planned != s->generation)
        s->plan.natives = now.natives;
    s->planned = s->generation;
    return true;
}

static void start_missing(team *t)
{
    supervisor *s = t->supervisor;
    const char *error = NULL;
    if (s->is_stopping)
        return;
    if (!take_plan(s, &error)) {
        log_line(LOG_ERROR, "%s", error);
        t->failures++;
        if (s->was_ready && s->builder == NULL)
            start_later(t); /* in development, the next build does it */
        return;
    }
    for (uint32_t count = count_current(t, false); count < count_wanted(t); count++) {
        if (start_one(t) != NULL)
            continue;
        t->failures++;
        if (s->was_ready) {
            start_later(t);
        } else {
            s->exit_code = 1;
            stop(s);
        }
        return;
    }
}

static void start_all_missing(supervisor *s)
{
    start_missing(&s->acceptors);
    if (s->config->natives > 0)
        start_missing(&s->natives);
}

/* Those of older generations, and those whose places others have taken. */
static void drain_replaced(supervisor *s)
{
    for (list *link = s->family.children.next, *next; link != &s->family.children; link = next) {
        next = link->next;
        child *c = LIST_OWNER(link, child, link);
        if (!is_current(c) && c->state != CHILD_DRAINING)
            handle(c, EVENT_DRAIN);
    }
}

static void drain_emptiest(const team *t)
{
    child *emptiest = NULL;
    list_each (link, &t->supervisor->family.children) {
        child *c = LIST_OWNER(link, child, link);
        if (is_of(c, t) && is_current(c) &&
            (emptiest == NULL || score_get(&child_score(c)->connections) <
                                     score_get(&child_score(emptiest)->connections)))
            emptiest = c;
    }
    if (emptiest != NULL)
        handle(emptiest, EVENT_DRAIN);
}

static void drain_surplus(const team *t)
{
    for (uint32_t count = count_current(t, false); count > count_wanted(t); count--)
        drain_emptiest(t);
}

static uint32_t routes_of(const supervisor *s)
{
    uint32_t routes = 0;
    list_each (link, &s->family.children) {
        const child *c = LIST_OWNER(link, child, link);
        if (is_current(c))
            routes = c->routes;
    }
    return routes;
}

static void announce(supervisor *s)
{
    s->announced = s->generation;
    s->kept = s->plan;
    write_run_file(s);
    if (!s->was_ready) {
        s->was_ready = true;
        s->config->on_ready(s->config->data, routes_of(s));
    } else {
        log_line(LOG_INFO, "the new build is served");
    }
}

/* Who is not wanted goes as soon as enough others serve. */
static void settle(supervisor *s)
{
    if (s->is_stopping)
        return;
    doorbell_turn(s->doorbell, s->scale.wanted == 0);
    if (!is_complete(&s->acceptors) || !is_complete(&s->natives))
        return;
    drain_replaced(s);
    drain_surplus(&s->acceptors);
    drain_surplus(&s->natives);
    if (s->announced != s->generation)
        announce(s);
}

/* New workers; the old ones drain when all new ones serve. */
static void start_generation(supervisor *s)
{
    worker_plan plan;
    const char *error;
    if (s->was_ready && !s->config->plan(s->config->data, &plan, &error)) {
        log_line(LOG_ERROR, "the new build is not served: %s", error);
        s->refused++;
        write_run_file(s);
        return;
    }
    s->generation = ++s->newest;
    s->acceptors.failures = s->natives.failures = 0;
    start_all_missing(s);
    settle(s);
}

static void kill_all(supervisor *s)
{
    list_each (link, &s->family.children) {
        child_kill(LIST_OWNER(link, child, link));
    }
}

static void begin_stop(supervisor *s)
{
    s->is_stopping = true;
    if (s->builder != NULL)
        builder_stop(s->builder);
    for (list *link = s->family.children.next, *next; link != &s->family.children; link = next) {
        next = link->next;
        handle(LIST_OWNER(link, child, link), EVENT_DRAIN);
    }
    doorbell_close(s->doorbell);
    for (uint32_t i = 0; i < s->config->listener_count; i++)
        close(s->config->listeners[i]);
}

/* Once asks everyone to finish; again, or with nobody left, it ends. */
static void stop(supervisor *s)
{
    if (!s->is_stopping)
        begin_stop(s);
    if (list_empty(&s->family.children))
        uv_stop(&s->family.loop);
}

/* ---- More and fewer of them ---- */

/* A connection waits, and nobody serves. */
static void on_ring(void *owner)
{
    supervisor *s = owner;
    s->load.active_ms = uv_now(&s->family.loop);
    scale_wake(&s->scale);
    start_all_missing(s);
    settle(s);
}

static void set_wanted(supervisor *s, uint32_t before)
{
    uint32_t const wanted = s->scale.wanted;
    if (wanted == 0)
        log_line(LOG_INFO,
                 "there is nothing to do: no worker stays; the next connection wakes one");
    else
        log_line(LOG_INFO, "there is %s to do: from %u to %u workers",
                 wanted > before ? "more" : "less", before, wanted);
    start_all_missing(s);
    settle(s);
}

/* One at a time, and a new one first gets the time to show what it needs: with a limit below that,
 * workers would come and go without an end. */
static void replace_large(supervisor *s)
{
    uint64_t const limit = s->config->worker_bytes, now = uv_now(&s->family.loop);
    if (limit == 0 || !is_complete(&s->acceptors) || !is_complete(&s->natives))
        return;
    list_each (link, &s->family.children) {
        child *c = LIST_OWNER(link, child, link);
        uint64_t const bytes = score_get(&child_score(c)->memory_bytes);
        if (!is_current(c) || c->state != CHILD_SERVING || bytes <= limit ||
            now - c->started_ms < GROWN_MS)
            continue;
        log_line(LOG_WARN,
                 "worker %d has grown to %.0f MiB, beyond --max-worker-memory; another "
                 "takes its place",
                 c->process.pid, (double)bytes / (1 << 20));
        c->is_replaced = true;
        start_missing(team_of(c));
        return;
    }
}

/* ---- What is handed over from one kind to the other ---- */

/* Those that drain take no more, unless all do. One that comes soon is as good as there. */
static bool has_takers(const team *t)
{
    const supervisor *s = t->supervisor;
    list_each (link, &s->family.children) {
        const child *c = LIST_OWNER(link, child, link);
        if (is_of(c, t) && (s->is_stopping || c->state != CHILD_DRAINING))
            return true;
    }
    return t->is_restart_due && uv_timer_get_due_in(&t->restart) <= SOON_MS;
}

static void on_sweep(uv_timer_t *timer)
{
    supervisor *s = timer->data;
    const int *ends = s->family.ends;
    if (!s->is_stopping && s->scale.wanted == 0) {
        if (parcel_age_ms(ends[0]) >= 0 || parcel_age_ms(ends[1]) >= 0)
            on_ring(s);
        return;
    }
    bool const takers[2] = { has_takers(&s->acceptors), has_takers(&s->natives) };
    returns_sweep(ends, takers);
}

static bool open_ends(supervisor *s)
{
    uv_timer_init(&s->family.loop, &s->sweep);
    s->sweep.data = s;
    if (s->config->natives == 0)
        return true;
    if (parcel_pair(s->family.ends) != 0) {
        log_line(LOG_ERROR, "routes in C cannot have workers of their own on this system: %s",
                 strerror(errno));
        return false;
    }
    uv_timer_start(&s->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    return true;
}

static void close_ends(const supervisor *s)
{
    for (int i = 0; i < 2; i++)
        if (s->family.ends[i] >= 0)
            close(s->family.ends[i]);
}

static void on_watch(uv_timer_t *timer)
{
    supervisor *s = timer->data;
    scale_sample sample;
    if (s->is_stopping)
        return;
    load_measure(&s->load, &s->family, &sample);
    uint32_t const before = s->scale.wanted;
    if (scale_decide(&s->scale, &sample) != before)
        set_wanted(s, before);
    replace_large(s);
}

/* Where nothing can change, nobody looks. */
static void watch_load(supervisor *s)
{
    const supervisor_config *c = s->config;
    scale_init(&s->scale, &c->scale);
    s->load.active_ms = uv_now(&s->family.loop);
    uv_timer_init(&s->family.loop, &s->watch);
    s->watch.data = s;
    if (c->scale.min < c->scale.max || c->worker_bytes > 0)
        uv_timer_start(&s->watch, on_watch, WATCH_MS, WATCH_MS);
}

/* ---- Signals ---- */

static void on_signal(uv_signal_t *signal, int number)
{
    supervisor *s = signal->data;
    if (number == SIGHUP) {
        if (!s->is_stopping)
            start_generation(s);
        return;
    }
    if (s->config->tells_signal && !s->is_stopping)
        s->exit_code = 128 + number;
    if (s->is_stopping)
        kill_all(s); /* a second signal: whoever sent it does not want to wait */
    stop(s);
}

/* ---- Development ---- */

/* The first route in JavaScript asks for other workers than routes in C do. */
/* Running workers take a new build as it is. What was started with other variables, or is another
 * program, is replaced. */
static void on_built(void *owner, bool is_new_environment)
{
    supervisor *s = owner;
    worker_plan plan;
    const char *error;
    if (list_empty(&s->family.children) || is_new_environment ||
        !s->config->plan(s->config->data, &plan, &error) || plan.command != s->plan.command) {
        start_generation(s);
        return;
    }
    list_each (link, &s->family.children) {
        child_tell(LIST_OWNER(link, child, link), MESSAGE_RELOAD, 0);
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

supervisor_phase supervisor_get_phase(const supervisor *s)
{
    if (s->is_stopping)
        return SUPERVISOR_DRAINING;
    return s->was_ready ? SUPERVISOR_SERVING : SUPERVISOR_STARTING;
}

void supervisor_get_facts(const supervisor *s, supervisor_facts *out)
{
    *out = (supervisor_facts){ .phase = supervisor_get_phase(s),
                               .generation = s->generation,
                               .wanted = count_wanted(&s->acceptors) + count_wanted(&s->natives),
                               .reloads = s->newest - 1,
                               .refused = s->refused,
                               .started = s->started,
                               .died = s->died };
}

const scoreboard *supervisor_scoreboard(const supervisor *s)
{
    return s->family.board;
}

static void watch_signals(supervisor *s)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uv_signal_init(&s->family.loop, &s->signals[i]);
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

static bool open_all(supervisor *s)
{
    const supervisor_config *config = s->config;
    if (scoreboard_new(&s->family.board, SCOREBOARD_SLOTS, 0) != 0) {
        log_line(LOG_ERROR, "no memory to share with workers: %s", strerror(errno));
        return false;
    }
    s->doorbell =
        doorbell_open(&s->family.loop, config->listeners, config->listener_count, on_ring, s);
    if (s->doorbell == NULL) {
        log_line(LOG_ERROR, "the listening sockets cannot be watched: %s", strerror(errno));
        return false;
    }
    if (!open_ends(s))
        return false;
    if (config->compiler == NULL)
        return true;
    builder_events const events = { on_built, on_builder_end, s };
    s->builder = builder_start(&s->family.loop, config->compiler, config->directory, &events);
    return s->builder != NULL;
}

static void open_team(team *t)
{
    uv_timer_init(&t->supervisor->family.loop, &t->restart);
    t->restart.data = t;
}

int supervisor_run(const supervisor_config *config)
{
    supervisor s = { .config = config,
                     .generation = 1,
                     .newest = 1,
                     .acceptors = { .supervisor = &s },
                     .natives = { .supervisor = &s, .is_native = true },
                     .family = { .config = config, .ends = { -1, -1 }, .on_event = handle } };
    list_init(&s.family.children);
    uv_loop_init(&s.family.loop);
    open_team(&s.acceptors);
    open_team(&s.natives);
    watch_signals(&s);
    watch_load(&s);
    if (!open_all(&s))
        return 1; /* the process ends, and all goes with it */
    if (config->on_open != NULL)
        config->on_open(config->data, &s, &s.family.loop);
    if (s.builder == NULL)
        start_all_missing(&s);
    uv_run(&s.family.loop, UV_RUN_DEFAULT);

    if (config->on_close != NULL)
        config->on_close(config->data);
    run_file_remove(config->directory);
    builder_free(s.builder);
    uv_walk(&s.family.loop, close_handle, NULL);
    uv_run(&s.family.loop, UV_RUN_DEFAULT);
    uv_loop_close(&s.family.loop);
    close_ends(&s);
    scoreboard_free(s.family.board);
    return s.exit_code;
}
