/* SPDX-License-Identifier: MIT */
#include "threads.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/signal_stack.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
    pthread_t id;
    struct threads *owner;
    thread_task *volatile task; /* that runs there */
} place;

struct threads {
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    thread_task *first, **last;
    uint32_t most, started, idle, waiting;
    bool is_ending;
    place places[];
};

/* NULL when there is none and none will come. */
static thread_task *next_task(threads *t)
{
    pthread_mutex_lock(&t->lock);
    t->idle++;
    while (t->first == NULL && !t->is_ending)
        pthread_cond_wait(&t->has_work, &t->lock);
    t->idle--;
    thread_task *task = t->first;
    if (task != NULL) {
        t->waiting--;
        t->first = task->next;
        if (t->first == NULL)
            t->last = &t->first;
    }
    pthread_mutex_unlock(&t->lock);
    return task;
}

static void *work(void *data)
{
    place *p = data;
    signal_stack *stack = signal_stack_take();
    while ((p->task = next_task(p->owner)) != NULL)
        p->task->run(p->task);
    signal_stack_give_back(stack);
    return NULL;
}

/* Signals are for the thread that has the loop. Faults are not kept from anybody. */
static int start_quietly(place *p)
{
    sigset_t all, before;
    sigfillset(&all);
    for (size_t i = 0; i < 5; i++)
        sigdelset(&all, (int[]){ SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT }[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int const error = pthread_create(&p->id, NULL, work, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

threads *threads_new(uint32_t most)
{
    threads *t = memory_take(sizeof *t + most * sizeof *t->places);
    *t = (threads){ .most = most };
    for (uint32_t i = 0; i < most; i++)
        t->places[i] = (place){ .owner = t };
    t->last = &t->first;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->has_work, NULL);
    return t;
}

void threads_run(threads *t, thread_task *task)
{
    pthread_mutex_lock(&t->lock);
    task->next = NULL;
    *t->last = task;
    t->last = &task->next;
    t->waiting++;
    bool const needs_more = t->waiting > t->idle && t->started < t->most;
    int const error = needs_more ? start_quietly(&t->places[t->started]) : 0;
    if (needs_more && error == 0)
        t->started++;
    bool const is_stuck = t->started == 0;
    pthread_cond_signal(&t->has_work);
    pthread_mutex_unlock(&t->lock);
    if (is_stuck) {
        log_line(LOG_ERROR, "no thread can be started (%s): a blocking handler holds up all others",
                 strerror(error));
        next_task(t)->run(task);
    }
}

const thread_task *threads_current(const threads *t)
{
    for (uint32_t i = 0; i < t->started; i++)
        if (pthread_equal(t->places[i].id, pthread_self()))
            return t->places[i].task;
    return NULL;
}

static void tell_to_end(threads *t)
{
    pthread_mutex_lock(&t->lock);
    t->is_ending = true;
    pthread_cond_broadcast(&t->has_work);
    pthread_mutex_unlock(&t->lock);
}

void threads_abandon(threads *t)
{
    tell_to_end(t);
}

void threads_free(threads *t)
{
    tell_to_end(t);
    for (uint32_t i = 0; i < t->started; i++)
        pthread_join(t->places[i].id, NULL);
    pthread_cond_destroy(&t->has_work);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
