/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The first block is all that most requests take, and of a size that malloc keeps at hand for its
 * thread; glibc does so up to 1032 bytes. */
enum { FIRST_BYTES = 1008, BLOCK_BYTES = 4096 };

struct arena_block {
    arena_block *older;
    alignas(max_align_t) char data[];
};

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "capra: out of memory (%zu bytes asked for)\n", size);
    abort();
}

void *memory_take(size_t size)
{
    void *memory = malloc(size == 0 ? 1 : size);
    if (memory == NULL)
        out_of_memory(size);
    return memory;
}

void *memory_grow(void *old, size_t size)
{
    void *memory = realloc(old, size == 0 ? 1 : size);
    if (memory == NULL)
        out_of_memory(size);
    return memory;
}

void arena_init(arena *a)
{
    *a = (arena){ 0 };
}

void arena_cleanup(arena *a)
{
    for (arena_block *block = a->blocks, *older; block != NULL; block = older) {
        older = block->older;
        free(block);
    }
    arena_init(a);
}

static void add_block(arena *a, size_t size)
{
    arena_block *block = memory_take(sizeof(arena_block) + size);
    block->older = a->blocks;
    a->blocks = block;
    a->at = block->data;
    a->end = block->data + size;
}

static size_t block_for(const arena *a, size_t size)
{
    size_t const usual = a->blocks == NULL ? FIRST_BYTES : BLOCK_BYTES;
    return size > usual ? size : usual;
}

void *arena_take(arena *a, size_t size)
{
    size_t const align = alignof(max_align_t);
    if (size > SIZE_MAX - BLOCK_BYTES)
        out_of_memory(size);
    size = (size + align - 1) / align * align;
    if (a->at == NULL || size > (size_t)(a->end - a->at))
        add_block(a, block_for(a, size));
    void *memory = a->at;
    a->at += size;
    return memory;
}

capra_slice arena_copy(arena *a, capra_slice s)
{
    char *copy = arena_take(a, s.length + 1);
    if (s.length > 0)
        memcpy(copy, s.data, s.length);
    copy[s.length] = '\0';
    return slice_of(copy, s.length);
}
