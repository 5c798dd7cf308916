/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_TEST_FUZZ_RANDOM_H
#define CAPRA_TEST_FUZZ_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Numbers that depend on the input alone, so that what was found is found again. */

static inline uint64_t random_seed(const uint8_t *data, size_t size)
{
    uint64_t hash = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 0x100000001b3;
    return hash | 1;
}

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A cut of `stream.h`: segments short and long; `context` is the state, a uint64_t. */
static inline size_t cut_randomly(void *context, size_t at, size_t length)
{
    uint64_t const r = random_next(context);
    size_t const most = (r & 7) == 0 ? length : (r & 7) < 4 ? 3 : 40;
    size_t const segment = 1 + (size_t)(r >> 8) % most;
    return segment < length - at ? at + segment : length;
}

#endif
