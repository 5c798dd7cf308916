/* SPDX-License-Identifier: MIT */
#include "worker_channel.h"

#include "base/arena.h"
#include "base/error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct channel {
    uv_pipe_t pipe;
    channel_events events;
    char bytes[sizeof(message) * 16];
    size_t length; /* of a message that has come in part */
};

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    channel *c = handle->data;
    *out = uv_buf_init(c->bytes + c->length, (unsigned)(sizeof c->bytes - c->length));
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* An event may close the channel; its memory lasts until the loop's next turn. */
static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *bytes)
{
    (void)bytes;
    channel *c = stream->data;
    if (size < 0) {
        uv_read_stop(stream);
        c->events.on_end(c->events.owner);
        return;
    }
    c->length += (size_t)size;
    size_t at = 0;
    for (; c->length - at >= sizeof(message) && !uv_is_closing((uv_handle_t *)stream);
         at += sizeof(message)) {
        message m;
        memcpy(&m, c->bytes + at, sizeof m);
        if (m.version == MESSAGE_VERSION)
            c->events.on_message(c->events.owner, &m);
    }
    c->length -= at;
    memmove(c->bytes, c->bytes + at, c->length);
}

int channel_open(channel **out, void *loop, int fd, const channel_events *events)
{
    channel *c = memory_take(sizeof *c);
    *c = (channel){ .events = *events };
    uv_pipe_init(loop, &c->pipe, 0);
    c->pipe.data = c;
    int error = uv_pipe_open(&c->pipe, fd);
    if (error == 0)
        error = uv_read_start((uv_stream_t *)&c->pipe, on_room, on_read);
    if (error != 0) {
        channel_close(c);
        errno = -error;
        return CAPRA_E_SYSTEM;
    }
    *out = c;
    return 0;
}

void channel_send(channel *c, message_kind kind, uint32_t value)
{
    message m = { .version = MESSAGE_VERSION, .kind = (uint8_t)kind, .value = value };
    uv_buf_t bytes = uv_buf_init((char *)&m, sizeof m);
    uv_try_write((uv_stream_t *)&c->pipe, &bytes, 1);
}

void channel_close(channel *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->pipe))
        uv_close((uv_handle_t *)&c->pipe, on_closed);
}
