/* SPDX-License-Identifier: MIT */
#include "wake.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

struct wake {
    uv_async_t async;
    pthread_mutex_t lock; /* of the three that follow */
    wake_task *first, **last;
    bool is_closed;
    int holders; /* the handle, until libuv is done with it, and the owner */
};

static wake_task *take_all(wake *w)
{
    pthread_mutex_lock(&w->lock);
    wake_task *first = w->first;
    w->first = NULL;
    w->last = &w->first;
    pthread_mutex_unlock(&w->lock);
    return first;
}

static void run_all(wake *w)
{
    wake_task *task = take_all(w);
    while (task != NULL) {
        wake_task *next = task->next;
        task->run(task); /* its memory may be gone afterwards */
        task = next;
    }
}

static void on_async(uv_async_t *async)
{
    run_all(async->data);
}

wake *wake_open(void *loop)
{
    wake *w = memory_take(sizeof *w);
    *w = (wake){ .holders = 2 };
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    uv_async_init(loop, &w->async, on_async);
    uv_unref((uv_handle_t *)&w->async);
    w->async.data = w;
    return w;
}

void wake_post(wake *w, wake_task *task)
{
    pthread_mutex_lock(&w->lock);
    if (!w->is_closed) {
        task->next = NULL;
        *w->last = task;
        w->last = &task->next;
        uv_async_send(&w->async);
    }
    pthread_mutex_unlock(&w->lock);
}

static void release(wake *w)
{
    if (--w->holders > 0)
        return;
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void wake_close(wake *w)
{
    run_all(w);
    pthread_mutex_lock(&w->lock);
    w->is_closed = true;
    pthread_mutex_unlock(&w->lock);
    run_all(w);
    uv_close((uv_handle_t *)&w->async, on_closed);
}

void wake_free(wake *w)
{
    release(w);
}
