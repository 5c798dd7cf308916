/* SPDX-License-Identifier: MIT */
#include "timer.h"

#include "base/arena.h"

#include <stdlib.h>
#include <uv.h>

struct timer {
    uv_timer_t handle;
    void (*on_due)(void *data);
    void *data;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_timer(uv_timer_t *handle)
{
    timer *t = handle->data;
    void (*on_due)(void *) = t->on_due;
    void *data = t->data;
    timer_stop(t);
    on_due(data);
}

timer *timer_start(void *loop, uint64_t ms, void (*on_due)(void *data), void *data)
{
    timer *t = memory_take(sizeof *t);
    *t = (timer){ .on_due = on_due, .data = data };
    uv_timer_init(loop, &t->handle);
    t->handle.data = t;
    uv_update_time(loop); /* a handler may have taken long */
    uv_timer_start(&t->handle, on_timer, ms, 0);
    return t;
}

void timer_stop(timer *t)
{
    uv_close((uv_handle_t *)&t->handle, on_closed);
}
