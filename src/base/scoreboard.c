/* SPDX-License-Identifier: MIT */
#include "scoreboard.h"

#include "arena.h"
#include "error.h"
#include "shared_memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCOREBOARD_VERSION = 1 };

/* At the front of the shared memory. All but `used` is written once. */
typedef struct header {
    _Alignas(64) uint32_t version;
    uint32_t slots, counters, row_bytes;
    _Atomic uint32_t used;
} header;

struct scoreboard {
    header *shared;
    shared_memory memory; /* that it stands in */
};

static char *row(const scoreboard *b, uint32_t slot)
{
    return (char *)b->shared + sizeof(header) + (size_t)slot * b->shared->row_bytes;
}

static size_t bytes_of(const header *h)
{
    return sizeof *h + ((size_t)h->slots + 1) * h->row_bytes;
}

/* ---- The memory ---- */

static scoreboard *wrap(shared_memory memory)
{
    scoreboard *b = memory_take(sizeof *b);
    *b = (scoreboard){ .shared = memory.bytes, .memory = memory };
    return b;
}

int scoreboard_new(scoreboard **out, uint32_t slots, uint32_t counters)
{
    size_t const row_bytes = (sizeof(score) + counters * sizeof(uint64_t) + 63) / 64 * 64;
    header const h = { .version = SCOREBOARD_VERSION,
                       .slots = slots,
                       .counters = counters,
                       .row_bytes = (uint32_t)row_bytes };
    shared_memory memory;
    int const error = shared_memory_new(&memory, "capra-scoreboard", bytes_of(&h));
    if (error != 0)
        return error;
    *out = wrap(memory);
    memcpy((*out)->shared, &h, sizeof h);
    return 0;
}

static bool is_valid(const scoreboard *b)
{
    const header *h = b->shared;
    return h->version == SCOREBOARD_VERSION && h->row_bytes >= sizeof(score) &&
           h->row_bytes % 64 == 0 &&
           h->row_bytes >= sizeof(score) + h->counters * sizeof(uint64_t) &&
           bytes_of(h) == b->memory.length;
}

int scoreboard_open(scoreboard **out, int fd)
{
    shared_memory memory;
    int const error = shared_memory_open(&memory, fd, sizeof(header));
    if (error != 0)
        return error;
    scoreboard *b = wrap(memory);
    if (!is_valid(b)) {
        scoreboard_free(b);
        return CAPRA_E_INVALID;
    }
    *out = b;
    return 0;
}

void scoreboard_free(scoreboard *b)
{
    if (b == NULL)
        return;
    shared_memory_cleanup(&b->memory);
    free(b);
}

/* ---- Looking ---- */

int scoreboard_fd(const scoreboard *b)
{
    return b->memory.fd;
}

uint32_t scoreboard_slots(const scoreboard *b)
{
    return b->shared->slots;
}

score *scoreboard_at(const scoreboard *b, uint32_t slot)
{
    return (score *)(void *)row(b, slot);
}

_Atomic uint64_t *scoreboard_counters(const scoreboard *b, uint32_t slot)
{
    return (_Atomic uint64_t *)(void *)(row(b, slot) + sizeof(score));
}

const score *scoreboard_past(const scoreboard *b)
{
    return scoreboard_at(b, b->shared->slots);
}

const _Atomic uint64_t *scoreboard_past_counters(const scoreboard *b)
{
    return scoreboard_counters(b, b->shared->slots);
}

uint32_t scoreboard_used(const scoreboard *b)
{
    return score_get(&b->shared->used);
}

uint64_t scoreboard_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Whether both do the same work. */
static bool is_beside(const scoreboard *b, uint32_t one, uint32_t other)
{
    bool const is_native = score_get(&scoreboard_at(b, one)->group) == SCORE_GROUP_NATIVES;
    return is_native == (score_get(&scoreboard_at(b, other)->group) == SCORE_GROUP_NATIVES);
}

const score *scoreboard_emptiest(const scoreboard *b, uint32_t slot)
{
    const score *emptiest = NULL;
    uint32_t fewest = 0;
    for (uint32_t at = 0; at < scoreboard_used(b); at++) {
        const score *other = scoreboard_at(b, at);
        uint32_t const connections = score_get(&other->connections);
        if (at == slot || score_get(&other->state) != SCORE_SERVING || !is_beside(b, at, slot))
            continue;
        if (emptiest == NULL || connections < fewest) {
            emptiest = other;
            fewest = connections;
        }
    }
    return emptiest;
}

bool scoreboard_others_are_done(const scoreboard *b, uint32_t slot)
{
    for (uint32_t at = 0; at < scoreboard_used(b); at++) {
        const score *other = scoreboard_at(b, at);
        uint32_t const state = score_get(&other->state);
        if (is_beside(b, at, slot) || state == SCORE_FREE)
            continue;
        if (state != SCORE_DRAINING || score_get(&other->connections) > 0)
            return false;
    }
    return true;
}

/* ---- Slots come and go ---- */

static void clear(scoreboard *b, uint32_t slot)
{
    memset(row(b, slot), 0, b->shared->row_bytes);
}

int scoreboard_claim(scoreboard *b, uint32_t generation, score_group group)
{
    for (uint32_t slot = 0; slot < b->shared->slots; slot++) {
        score *s = scoreboard_at(b, slot);
        if (score_get(&s->state) != SCORE_FREE)
            continue;
        score_set(&s->generation, generation);
        score_set(&s->group, group);
        score_set(&s->started_ns, scoreboard_now_ns());
        score_set(&s->state, SCORE_STARTING);
        if (slot >= scoreboard_used(b))
            score_set(&b->shared->used, slot + 1);
        return (int)slot;
    }
    return -1;
}

void scoreboard_retire(scoreboard *b, uint32_t slot)
{
    const score *s = scoreboard_at(b, slot);
    score *past = scoreboard_at(b, b->shared->slots);
    score_add(&past->accepted, score_get(&s->accepted));
    score_add(&past->requests, score_get(&s->requests));
    score_add(&past->handed_over, score_get(&s->handed_over));
    const _Atomic uint64_t *counters = scoreboard_counters(b, slot);
    _Atomic uint64_t *sums = scoreboard_counters(b, b->shared->slots);
    for (uint32_t i = 0; i < b->shared->counters; i++)
        score_add(&sums[i], score_get(&counters[i]));
    clear(b, slot); /* SCORE_FREE is 0 */
}
