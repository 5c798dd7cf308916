/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include "arena.h"

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

struct pool_block {
    struct pool_block *next;
};

void pool_init(pool *p, size_t block_bytes, uint32_t keep)
{
    *p = (pool){ .block_bytes = block_bytes, .keep = keep };
}

void pool_cleanup(pool *p)
{
    while (p->spare != NULL)
        free(pool_take(p));
}

void *pool_take(pool *p)
{
    struct pool_block *block = p->spare;
    if (block == NULL)
        return memory_take(p->block_bytes);
    ASAN_UNPOISON_MEMORY_REGION(block, p->block_bytes);
    p->spare = block->next;
    p->spare_count--;
    return block;
}

void pool_give(pool *p, void *memory)
{
    if (p->spare_count >= p->keep) {
        free(memory);
        return;
    }
    struct pool_block *block = memory;
    block->next = p->spare;
    p->spare = block;
    p->spare_count++;
    ASAN_POISON_MEMORY_REGION(block, p->block_bytes);
}
