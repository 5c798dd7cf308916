/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NATIVE_THREADS_H
#define CAPRA_NATIVE_THREADS_H

#include <stdint.h>

/* A few threads for what waits. They are started when they are first needed, so that a process
 * that has no such work has no more threads than before. */
typedef struct threads threads;

/* Lives in something of the caller's, until `run` has been called. */
typedef struct thread_task {
    struct thread_task *next;
    void (*run)(struct thread_task *task);
} thread_task;

/* At most so many at once. To be freed. */
threads *threads_new(uint32_t most);

/* Calls `task->run` on one of the threads, in the order of asking; with none free it waits. */
void threads_run(threads *t, thread_task *task);

/* What runs on the calling thread; NULL when it is none of these. For a signal handler. */
const thread_task *threads_current(const threads *t);

/* Who has no task ends. Who has one may never be done with it: it keeps its memory, and that of the
 * threads, until the process ends. */
void threads_abandon(threads *t);

/* Waits until all that was asked for is done. */
void threads_free(threads *t);

#endif
