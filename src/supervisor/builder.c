/* SPDX-License-Identifier: MIT */
#include "builder.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/log.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

struct builder {
    uv_process_t process;
    uv_pipe_t words;
    builder_events events;
    buffer line;
};

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    builder *b = handle->data;
    *out = uv_buf_init(buffer_room(&b->line, suggested), (unsigned)suggested);
}

static void read_line(builder *b, capra_slice line)
{
    json_t *word = json_loadb(line.data, line.length, 0, NULL);
    if (json_is_string(json_object_get(word, "built")))
        b->events.on_built(b->events.owner,
                           json_is_true(json_object_get(word, "isNewEnvironment")));
    json_decref(word);
}

static void on_words(uv_stream_t *stream, ssize_t size, const uv_buf_t *bytes)
{
    (void)bytes;
    builder *b = stream->data;
    if (size < 0) {
        uv_read_stop(stream);
        return;
    }
    buffer_added(&b->line, (size_t)size);
    for (;;) {
        capra_slice const waiting = buffer_slice(&b->line);
        const char *newline = memchr(waiting.data, '\n', waiting.length);
        if (newline == NULL)
            return;
        size_t const length = (size_t)(newline - waiting.data);
        read_line(b, slice_of(waiting.data, length));
        buffer_used(&b->line, length + 1);
    }
}

static void on_exit_of_compiler(uv_process_t *process, int64_t status, int signal)
{
    (void)status;
    (void)signal;
    builder *b = process->data;
    b->events.on_end(b->events.owner);
}

builder *builder_start(void *loop, char *const *command, const char *directory,
                       const builder_events *events)
{
    builder *b = memory_take(sizeof *b);
    *b = (builder){ .events = *events };
    uv_pipe_init(loop, &b->words, 0);
    b->words.data = b->process.data = b;

    uv_stdio_container_t stdio[] = {
        { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO },
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
        { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&b->words },
    };
    uv_process_options_t const options = {
        .exit_cb = on_exit_of_compiler,
        .file = command[0],
        .args = (char **)(uintptr_t)command,
        .cwd = directory,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = sizeof stdio / sizeof *stdio,
        .stdio = stdio,
    };
    int error = uv_spawn(loop, &b->process, &options);
    if (error == 0)
        error = uv_read_start((uv_stream_t *)&b->words, on_room, on_words);
    if (error != 0) {
        log_line(LOG_ERROR, "%s cannot be started: %s", command[0], uv_strerror(error));
        return NULL; /* the process ends; the handles are the loop's */
    }
    return b;
}

void builder_stop(builder *b)
{
    uv_process_kill(&b->process, SIGTERM);
}

void builder_free(builder *b)
{
    if (b == NULL)
        return;
    buffer_cleanup(&b->line);
}
