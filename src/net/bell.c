/* SPDX-License-Identifier: MIT */
#include "bell.h"

#include "base/arena.h"

#include <stdlib.h>
#include <uv.h>

struct bell {
    uv_async_t async;
    void (*on_ring)(void *data);
    void *data;
};

static void on_async(uv_async_t *async)
{
    bell *b = async->data;
    b->on_ring(b->data);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

bell *bell_open(void *loop, void (*on_ring)(void *data), void *data)
{
    bell *b = memory_take(sizeof *b);
    *b = (bell){ .on_ring = on_ring, .data = data };
    uv_async_init(loop, &b->async, on_async);
    b->async.data = b;
    return b;
}

void bell_ring(bell *b)
{
    uv_async_send(&b->async);
}

void bell_close(bell *b)
{
    if (b != NULL)
        uv_close((uv_handle_t *)&b->async, on_closed);
}
