/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/shared_memory.h"

#include <stdlib.h>

enum { METRICS_VERSION = 1, OTHER_ROUTE = METRICS_ROUTES, LAST_SERIES = METRICS_SERIES - 1 };

#define METRICS_BOUND_US(us, text)   us,
#define METRICS_BOUND_TEXT(us, text) text,
const uint32_t metrics_bounds_us[] = { METRICS_BOUNDS(METRICS_BOUND_US) };
const char *const metrics_bounds[] = { METRICS_BOUNDS(METRICS_BOUND_TEXT) };

typedef struct route_entry {
    _Atomic uint64_t hash; /* of the whole pattern; 0: free */
    char name[METRICS_NAME_BYTES];
} route_entry;

typedef struct row {
    _Alignas(64) _Atomic uint64_t dropped_lines;
    metrics_tally tallies[METRICS_SERIES];
} row;

typedef struct shared {
    _Alignas(64) uint32_t version, slots;
    _Atomic uint32_t used;                   /* slots at and above this have never counted */
    route_entry routes[METRICS_ROUTES];      /* those numbered from 1 */
    _Atomic uint64_t series[METRICS_SERIES]; /* pack_key; 0: free */
    row rows[];
} shared;

struct metrics {
    shared *shared;
    shared_memory memory; /* that it stands in */
};

/* ---- The memory ---- */

static size_t bytes_of(uint32_t slots)
{
    return sizeof(shared) + (size_t)slots * sizeof(row);
}

static metrics *wrap(shared_memory memory)
{
    metrics *m = memory_take(sizeof *m);
    *m = (metrics){ .shared = memory.bytes, .memory = memory };
    return m;
}

int metrics_new(metrics **out, uint32_t slots)
{
    shared_memory memory;
    int const error = shared_memory_new(&memory, "capra-metrics", bytes_of(slots));
    if (error != 0)
        return error;
    *out = wrap(memory);
    (*out)->shared->version = METRICS_VERSION;
    (*out)->shared->slots = slots;
    return 0;
}

int metrics_open(metrics **out, int fd)
{
    shared_memory memory;
    int const error = shared_memory_open(&memory, fd, sizeof(shared));
    if (error != 0)
        return error;
    metrics *m = wrap(memory);
    if (m->shared->version != METRICS_VERSION || bytes_of(m->shared->slots) != memory.length) {
        metrics_free(m);
        return CAPRA_E_INVALID;
    }
    *out = m;
    return 0;
}

void metrics_free(metrics *m)
{
    if (m == NULL)
        return;
    shared_memory_cleanup(&m->memory);
    free(m);
}

int metrics_fd(const metrics *m)
{
    return m->memory.fd;
}

/* ---- The directory ---- */

/* Whether the word is `value`, or could be made so; other processes do the same at once. */
static bool is_mine(_Atomic uint64_t *word, uint64_t value)
{
    uint64_t found = atomic_load_explicit(word, memory_order_acquire);
    if (found == 0 && atomic_compare_exchange_strong(word, &found, value))
        return true;
    return found == value;
}

/* FNV-1a; never 0. */
static uint64_t hash_of(capra_slice s)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < s.length; i++)
        hash = (hash ^ (unsigned char)s.data[i]) * UINT64_C(1099511628211);
    return hash == 0 ? 1 : hash;
}

uint16_t metrics_route(metrics *m, capra_slice pattern)
{
    if (pattern.length == 0)
        return 0;
    uint64_t const hash = hash_of(pattern);
    for (uint32_t i = 0; i < METRICS_ROUTES - 1; i++) {
        route_entry *entry = &m->shared->routes[i];
        if (!is_mine(&entry->hash, hash))
            continue;
        /* Whoever finds it writes the name, and everyone the same: it does not matter who was
         * first, or was killed in between. */
        size_t const length =
            pattern.length < METRICS_NAME_BYTES ? pattern.length : METRICS_NAME_BYTES - 1;
        memcpy(entry->name, pattern.data, length);
        return (uint16_t)(i + 1);
    }
    return OTHER_ROUTE;
}

const char *metrics_route_name(const metrics *m, uint16_t route)
{
    if (route == 0)
        return "";
    return route >= OTHER_ROUTE ? "(other)" : m->shared->routes[route - 1].name;
}

static uint64_t pack_key(metrics_key key)
{
    return UINT64_C(1) << 48 | (uint64_t)key.route << 32 | (uint64_t)key.method << 16 | key.status;
}

static uint32_t find_series(metrics *m, metrics_key key)
{
    for (uint32_t i = 0; i < LAST_SERIES; i++)
        if (is_mine(&m->shared->series[i], pack_key(key)))
            return i;
    metrics_key const other = { .route = OTHER_ROUTE };
    is_mine(&m->shared->series[LAST_SERIES], pack_key(other));
    return LAST_SERIES;
}

/* ---- Counting ---- */

static void announce(metrics *m, uint32_t slot)
{
    uint32_t used = atomic_load(&m->shared->used);
    while (used <= slot && !atomic_compare_exchange_weak(&m->shared->used, &used, slot + 1))
        continue;
}

metrics_tally *metrics_find(metrics *m, uint32_t slot, metrics_key key)
{
    announce(m, slot);
    return &m->shared->rows[slot].tallies[find_series(m, key)];
}

static void add(_Atomic uint64_t *word, uint64_t amount)
{
    uint64_t const before = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, before + amount, memory_order_relaxed);
}

void metrics_count(metrics_tally *t, int64_t duration_ns, uint64_t request_bytes,
                   uint64_t response_bytes)
{
    uint64_t const ns = duration_ns < 0 ? 0 : (uint64_t)duration_ns;
    uint32_t bucket = 0;
    while (bucket < METRICS_BOUND_TOTAL && ns > (uint64_t)metrics_bounds_us[bucket] * 1000)
        bucket++;
    add(&t->buckets[bucket], 1);
    add(&t->sum_ns, ns);
    if (request_bytes > 0)
        add(&t->request_bytes, request_bytes);
    add(&t->response_bytes, response_bytes);
}

void metrics_count_dropped(metrics *m, uint32_t slot, uint64_t lines)
{
    announce(m, slot);
    add(&m->shared->rows[slot].dropped_lines, lines);
}

/* ---- Looking ---- */

static uint64_t get(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static uint32_t used_slots(const metrics *m)
{
    uint32_t const used = atomic_load(&m->shared->used);
    return used < m->shared->slots ? used : m->shared->slots;
}

uint32_t metrics_series_count(const metrics *m)
{
    uint32_t count = 0;
    while (count < LAST_SERIES && get(&m->shared->series[count]) != 0)
        count++;
    return count + (get(&m->shared->series[LAST_SERIES]) != 0);
}

metrics_key metrics_series_key(const metrics *m, uint32_t series)
{
    uint64_t const packed = get(&m->shared->series[series]);
    return (metrics_key){ .route = (uint16_t)(packed >> 32),
                          .method = (uint16_t)(packed >> 16),
                          .status = (uint16_t)packed };
}

void metrics_add_up(const metrics *m, uint32_t series, metrics_sum *out)
{
    uint64_t sum_ns = 0;
    *out = (metrics_sum){ 0 };
    for (uint32_t slot = 0; slot < used_slots(m); slot++) {
        const metrics_tally *t = &m->shared->rows[slot].tallies[series];
        for (uint32_t i = 0; i < METRICS_BUCKETS; i++)
            out->buckets[i] += get(&t->buckets[i]);
        sum_ns += get(&t->sum_ns);
        out->request_bytes += get(&t->request_bytes);
        out->response_bytes += get(&t->response_bytes);
    }
    for (uint32_t i = 0; i < METRICS_BUCKETS; i++)
        out->count += out->buckets[i];
    out->seconds = (double)sum_ns / 1e9;
}

uint64_t metrics_dropped(const metrics *m)
{
    uint64_t sum = 0;
    for (uint32_t slot = 0; slot < used_slots(m); slot++)
        sum += get(&m->shared->rows[slot].dropped_lines);
    return sum;
}
