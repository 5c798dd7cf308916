/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_BUILDER_H
#define CAPRA_SUPERVISOR_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

/* The compiler in development: a process that builds at each change, and says so in a line of
 * JSON on its descriptor 3: {"built": "…"} or {"failed": "…"}; with "isNewEnvironment" when the
 * `.env` files say something else than before. */
typedef struct builder builder;

typedef struct builder_events {
    /* A new manifest is there, for workers that run or, with another environment, for new ones. */
    void (*on_built)(void *owner, bool is_new_environment);
    void (*on_end)(void *owner); /* the process is gone */
    void *owner;
} builder_events;

/* NULL, and a line in the log, when it cannot be started. `loop` is a uv_loop_t. */
builder *builder_start(void *loop, char *const *command, const char *directory,
                       const builder_events *events);

/* Asks it to end. */
void builder_stop(builder *b);

/* When the loop runs no more; takes NULL. Its handles are closed by the loop's owner. */
void builder_free(builder *b);

#endif
