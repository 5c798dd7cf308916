/* SPDX-License-Identifier: MIT */
#include "doorbell.h"

#include "base/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

struct doorbell {
    void (*on_ring)(void *owner);
    void *owner;
    bool is_on;
    uint32_t handles_open, count;
    uv_poll_t polls[];
};

static void on_readable(uv_poll_t *poll, int status, int events)
{
    const doorbell *d = poll->data;
    (void)status;
    (void)events;
    if (d->is_on)
        d->on_ring(d->owner);
}

doorbell *doorbell_open(void *loop, const int *sockets, uint32_t count,
                        void (*on_ring)(void *owner), void *owner)
{
    doorbell *d = memory_take(sizeof *d + count * sizeof *d->polls);
    *d = (doorbell){ .on_ring = on_ring, .owner = owner };
    for (; d->count < count; d->count++) {
        int const error = uv_poll_init_socket(loop, &d->polls[d->count], sockets[d->count]);
        if (error != 0) {
            doorbell_close(d);
            errno = -error;
            return NULL;
        }
        d->polls[d->count].data = d;
    }
    return d;
}

void doorbell_turn(doorbell *d, bool is_on)
{
    if (d->is_on == is_on)
        return;
    d->is_on = is_on;
    for (uint32_t i = 0; i < d->count; i++) {
        if (is_on)
            uv_poll_start(&d->polls[i], UV_READABLE, on_readable);
        else
            uv_poll_stop(&d->polls[i]);
    }
}

static void on_closed(uv_handle_t *handle)
{
    doorbell *d = handle->data;
    if (--d->handles_open == 0)
        free(d);
}

void doorbell_close(doorbell *d)
{
    if (d == NULL)
        return;
    d->is_on = false;
    d->handles_open = d->count;
    if (d->count == 0) {
        free(d);
        return;
    }
    for (uint32_t i = 0, count = d->count; i < count; i++)
        uv_close((uv_handle_t *)&d->polls[i], on_closed);
}
