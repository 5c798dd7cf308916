/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_BUFFER_H
#define CAPRA_BASE_BUFFER_H

#include "slice.h"

/* Bytes that wait: filled at the end, used from the front.
 *
 *     data         start           end          capacity
 *      │   used      │    waiting    │     room     │
 *
 * An empty buffer has no memory. */
typedef struct buffer {
    char *data;
    size_t start, end, capacity;
} buffer;

/* Frees its memory. It is empty then, and may be used again. */
void buffer_cleanup(buffer *b);

/* Makes room for `size` more bytes behind the waiting ones and returns where they go.
 * The pointer is good until the next call that may make room. */
char *buffer_room(buffer *b, size_t size);

/* Copies `size` bytes behind the waiting ones. */
void buffer_append(buffer *b, const void *data, size_t size);

static inline void buffer_append_slice(buffer *b, capra_slice s)
{
    buffer_append(b, s.data, s.length);
}

static inline size_t buffer_length(const buffer *b)
{
    return b->end - b->start;
}

static inline capra_slice buffer_slice(const buffer *b)
{
    return slice_of(b->data == NULL ? "" : b->data + b->start, buffer_length(b));
}

/* `size` bytes that were written into the room now wait. */
static inline void buffer_added(buffer *b, size_t size)
{
    b->end += size;
}

/* `size` bytes from the front are done with. */
static inline void buffer_used(buffer *b, size_t size)
{
    b->start += size;
    if (b->start == b->end)
        b->start = b->end = 0;
}

#endif
