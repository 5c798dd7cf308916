/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include "base/arena.h"
#include "net/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/close_range.h>
#include <sys/syscall.h>
#endif

enum {
    LOOK_MS = 1000,   /* at the most between two looks */
    SHORTEST_MS = 10, /* at the least */
    LOOKS = 8,        /* within the shortest time that anybody may hold the loop */
    ANSWER_MS = 100,  /* for a loop that was asked */
    POLL_MS = 5,      /* between two looks for its answer */
};

struct watch {
    watch_config config;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_ending;
    bool is_deaf;                /* this time the loop has to be interrupted by force */
    _Atomic uint32_t steps;      /* odd: in a visit */
    _Atomic uint64_t held_ms;    /* since the loop was last seen to move */
    _Atomic uint64_t allowed_ms; /* 0: not asked yet */
};

/* What can be seen of the loop from outside. */
typedef struct look {
    uint32_t steps;
    uint64_t slept_ns;
    uint64_t at_ms;
} look;

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static look look_now(watch *w)
{
    return (look){ atomic_load_explicit(&w->steps, memory_order_relaxed),
                   loop_slept_ns(w->config.loop), now_ms() };
}

/* A loop that counts no sleep is taken to sleep wherever it is not in a visit. */
static bool has_moved(const look *before, const look *after)
{
    if (before->steps != after->steps || before->slept_ns != after->slept_ns)
        return true;
    return after->slept_ns == 0 && after->steps % 2 == 0;
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static uint64_t look_ms(const watch *w)
{
    return clamp(w->config.limit_ms(w->config.data) / LOOKS, SHORTEST_MS, LOOK_MS);
}

/* A clock that somebody sets must not lengthen a wait. macOS knows no other clock here, but waits
 * for a length of time. */
#ifdef __APPLE__
static void init_wake(pthread_cond_t *wake)
{
    pthread_cond_init(wake, NULL);
}

static int await_wake(watch *w, uint64_t until_ms)
{
    uint64_t const now = now_ms(), ms = until_ms > now ? until_ms - now : 0;
    struct timespec const length = { (time_t)(ms / 1000), (long)(ms % 1000 * 1000000) };
    return pthread_cond_timedwait_relative_np(&w->wake, &w->lock, &length);
}
#else
static void init_wake(pthread_cond_t *wake)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

static int await_wake(watch *w, uint64_t until_ms)
{
    struct timespec const until = { (time_t)(until_ms / 1000), (long)(until_ms % 1000 * 1000000) };
    return pthread_cond_timedwait(&w->wake, &w->lock, &until);
}
#endif

/* False when the watch is to end. */
static bool sleep_for(watch *w, uint64_t ms)
{
    uint64_t const until = now_ms() + ms;
    while (!w->is_ending && await_wake(w, until) == 0)
        ;
    return !w->is_ending;
}

static bool is_answered(watch *w)
{
    for (int waited = 0; waited < ANSWER_MS && atomic_load(&w->allowed_ms) == 0; waited += POLL_MS)
        if (!sleep_for(w, POLL_MS))
            return true;
    return atomic_load(&w->allowed_ms) != 0;
}

/* Asks, and asks again when there comes no answer; who did not hear the first time will not later.
 */
static void knock(watch *w)
{
    atomic_store(&w->allowed_ms, 0);
    if (!w->is_deaf) {
        w->config.knock(w->config.data, false);
        if (is_answered(w))
            return;
        w->is_deaf = true;
    }
    w->config.knock(w->config.data, true);
    is_answered(w);
}

static uint64_t next_knock_ms(const watch *w)
{
    uint64_t const allowed = atomic_load(&w->allowed_ms);
    return allowed != 0 ? allowed : w->config.limit_ms(w->config.data);
}

/* From `held` to `due`, but for at most `longest`. */
static uint64_t time_to(uint64_t due, uint64_t held, uint64_t longest)
{
    return clamp(due > held ? due - held : 0, POLL_MS, longest);
}

/* How much longer the loop has stood still than when last looked at; at first, since it last looked
 * at the clock itself, which it does whenever it wakes. Time in which the watch itself did not run
 * (the process was stopped, or the machine slept) is nobody's fault and does not count. */
static uint64_t time_held(const watch *w, const look *before, const look *now, uint64_t waited_ms)
{
    bool const is_first = atomic_load(&w->held_ms) == 0;
    uint64_t const since = is_first ? loop_now_ms(w->config.loop) : before->at_ms;
    return clamp(now->at_ms > since ? now->at_ms - since : 0, 0, 2 * waited_ms);
}

static void observe(watch *w)
{
    look last = look_now(w);
    uint64_t wait = look_ms(w), knocked = 0;
    while (sleep_for(w, wait)) {
        look const now = look_now(w);
        uint64_t held = atomic_load(&w->held_ms) + time_held(w, &last, &now, wait + knocked);
        if (has_moved(&last, &now)) {
            held = 0;
            w->is_deaf = false;
            atomic_store(&w->allowed_ms, 0);
        }
        atomic_store(&w->held_ms, held);
        last = now;
        knocked = 0;
        if (held >= next_knock_ms(w)) {
            knock(w);
            knocked = 2 * ANSWER_MS;
        }
        wait = held == 0 ? look_ms(w) : time_to(next_knock_ms(w), held, look_ms(w));
    }
}

/* While two threads share a table of descriptors, the kernel counts who uses each of them: two
 * atomic steps more for every recv and send. This thread needs none but for messages, so it takes
 * a table of its own, and the loop is alone with the other one. In Node there are more threads
 * anyway, and V8's interrupt may write to a descriptor. A kernel before Linux 5.9 refuses, and all
 * stays shared. */
static void leave_descriptors(void)
{
#if defined(SYS_close_range) && defined(CLOSE_RANGE_UNSHARE) && !defined(CAPRA_IN_NODE)
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE);
#endif
}

static void *run(void *data)
{
    watch *w = data;
    leave_descriptors();
    pthread_mutex_lock(&w->lock);
    observe(w);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* No signal is for this thread. */
static void start(watch *w)
{
    enum { STACK_BYTES = 64 * 1024 };
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&w->thread, &attributes, run, w) != 0)
        abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

watch *watch_new(const watch_config *config)
{
    watch *w = memory_take(sizeof *w);
    *w = (watch){ .config = *config };
    pthread_mutex_init(&w->lock, NULL);
    init_wake(&w->wake);
    start(w);
    return w;
}

void watch_free(watch *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->is_ending = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void step(watch *w)
{
    uint32_t const steps = atomic_load_explicit(&w->steps, memory_order_relaxed);
    atomic_store_explicit(&w->steps, steps + 1, memory_order_relaxed);
}

void watch_enter(watch *w)
{
    step(w);
}

void watch_leave(watch *w)
{
    step(w);
}

uint64_t watch_held_ms(const watch *w)
{
    return atomic_load(&w->held_ms);
}

void watch_allow(watch *w, uint64_t ms)
{
    atomic_store(&w->allowed_ms, ms);
}
