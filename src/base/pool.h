/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_POOL_H
#define CAPRA_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

/* Blocks of one size, the last one given back being the first one taken again: it is
 * still in the processor's cache. At most `keep` unused ones are kept, the rest is freed. */
typedef struct pool {
    struct pool_block *spare;
    size_t block_bytes;
    uint32_t spare_count, keep;
} pool;

/* `block_bytes` is at least the size of a pointer. */
void pool_init(pool *p, size_t block_bytes, uint32_t keep);

/* Frees the spare blocks; those that are out may still be given back, then cleaned up again. */
void pool_cleanup(pool *p);

/* A block, not cleared; yours until pool_give. */
void *pool_take(pool *p);
void pool_give(pool *p, void *block);

#endif
