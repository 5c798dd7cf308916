/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_ARENA_H
#define CAPRA_BASE_ARENA_H

#include "slice.h"

/* Memory that dies all at once: what a request makes goes with the request. Blocks
 * come from malloc; an arena that nobody used has none.
 *
 * Memory running out ends the process (see style, "memory"), so nothing here
 * returns NULL. */
typedef struct arena_block arena_block;

typedef struct arena {
    arena_block *blocks; /* newest first */
    char *at, *end;      /* what is free in the newest */
} arena;

/* Empty: the first block is made when something is taken. */
void arena_init(arena *a);

/* Frees everything that was taken from it. It may be used again. */
void arena_cleanup(arena *a);

/* `size` bytes, aligned for any type, not cleared; lent until arena_cleanup. */
void *arena_take(arena *a, size_t size);

/* A copy with a zero byte behind it, which the slice does not count. */
capra_slice arena_copy(arena *a, capra_slice s);

/* malloc and realloc that end the process instead of failing. */
void *memory_take(size_t size);
void *memory_grow(void *old, size_t size);

#endif
