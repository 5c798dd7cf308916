/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include "arena.h"

#include <assert.h>
#include <stdlib.h>

enum { SMALLEST_BYTES = 1024 };

void buffer_cleanup(buffer *b)
{
    free(b->data);
    *b = (buffer){ 0 };
}

char *buffer_room(buffer *b, size_t size)
{
    if (b->capacity - b->end >= size && b->data != NULL)
        return b->data + b->end;

    assert(b->start <= b->end && b->end <= b->capacity && (b->data != NULL || b->capacity == 0));
    size_t const waiting = buffer_length(b);
    if (b->start > 0 && b->capacity - waiting >= size && b->start >= waiting) {
        memcpy(b->data, b->data + b->start, waiting);
    } else {
        size_t capacity = b->capacity < SMALLEST_BYTES ? SMALLEST_BYTES : b->capacity;
        while (capacity - waiting < size)
            capacity *= 2;
        char *data = memory_take(capacity);
        if (waiting > 0)
            memcpy(data, b->data + b->start, waiting);
        free(b->data);
        b->data = data;
        b->capacity = capacity;
    }
    b->start = 0;
    b->end = waiting;
    return b->data + b->end;
}

void buffer_append(buffer *b, const void *data, size_t size)
{
    if (size == 0)
        return;
    memcpy(buffer_room(b, size), data, size);
    b->end += size;
}
