/* SPDX-License-Identifier: MIT */
#include "worker_signals.h"

#include "base/arena.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

static const int numbers[] = { SIGTERM, SIGINT };
enum { COUNT = sizeof numbers / sizeof *numbers };

struct worker_signals {
    uv_signal_t handles[COUNT];
    int open;
    void (*on_stop)(void *owner);
    void *owner;
};

static void on_signal(uv_signal_t *handle, int number)
{
    worker_signals *s = handle->data;
    (void)number;
    s->on_stop(s->owner);
}

worker_signals *worker_signals_start(void *loop, void (*on_stop)(void *owner), void *owner)
{
    worker_signals *s = memory_take(sizeof *s);
    *s = (worker_signals){ .open = COUNT, .on_stop = on_stop, .owner = owner };
    for (int i = 0; i < COUNT; i++) {
        uv_signal_init(loop, &s->handles[i]);
        s->handles[i].data = s;
        uv_signal_start(&s->handles[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&s->handles[i]); /* it alone keeps no loop running */
    }
    return s;
}

static void on_closed(uv_handle_t *handle)
{
    worker_signals *s = handle->data;
    if (--s->open == 0)
        free(s);
}

void worker_signals_stop(worker_signals *s)
{
    for (int i = 0; s != NULL && i < COUNT; i++)
        uv_close((uv_handle_t *)&s->handles[i], on_closed);
}
