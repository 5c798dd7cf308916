/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include "base/arena.h"
#include "base/list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* A hash table with chains. Its hash begins with a secret, or a client with many addresses could
 * choose those that share a chain. */

enum { KEY_BYTES = 16, NETWORK_BYTES = 8, FIRST_BUCKETS = 64 };

struct crowd_member {
    list chain;
    uint8_t key[KEY_BYTES];
    uint32_t count;
};

struct crowd {
    uint64_t secret[2];
    list *buckets; /* a power of two of them */
    uint32_t bucket_count, size;
};

static void make_key(uint8_t out[KEY_BYTES], const ip_address *from)
{
    memcpy(out, from->bytes, KEY_BYTES);
    if (!ip_is_v4(from))
        memset(out + NETWORK_BYTES, 0, KEY_BYTES - NETWORK_BYTES);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 const product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static list *bucket_of(const crowd *c, const uint8_t key[KEY_BYTES])
{
    uint64_t halves[2];
    memcpy(halves, key, sizeof halves);
    uint64_t const hash =
        mix(mix(halves[0] ^ c->secret[0], UINT64_C(0x9e3779b97f4a7c15)) ^ halves[1], c->secret[1]);
    return &c->buckets[hash & (c->bucket_count - 1)];
}

static list *make_buckets(uint32_t count)
{
    list *buckets = memory_take(count * sizeof *buckets);
    for (uint32_t i = 0; i < count; i++)
        list_init(&buckets[i]);
    return buckets;
}

crowd *crowd_new(void)
{
    crowd *c = memory_take(sizeof *c);
    *c = (crowd){ .bucket_count = FIRST_BUCKETS, .buckets = make_buckets(FIRST_BUCKETS) };
    if (getentropy(c->secret, sizeof c->secret) != 0)
        abort(); /* the system has none: there is no such system */
    c->secret[1] |= 1;
    return c;
}

void crowd_free(crowd *c)
{
    if (c == NULL)
        return;
    free(c->buckets);
    free(c);
}

static void grow(crowd *c)
{
    list *const old = c->buckets;
    uint32_t const old_count = c->bucket_count;
    c->bucket_count *= 2;
    c->buckets = make_buckets(c->bucket_count);
    for (uint32_t i = 0; i < old_count; i++) {
        while (!list_empty(&old[i])) {
            crowd_member *m = LIST_OWNER(old[i].next, crowd_member, chain);
            list_append(bucket_of(c, m->key), &m->chain);
        }
    }
    free(old);
}

static crowd_member *find(list *bucket, const uint8_t key[KEY_BYTES])
{
    list_each (at, bucket) {
        crowd_member *m = LIST_OWNER(at, crowd_member, chain);
        if (memcmp(m->key, key, KEY_BYTES) == 0)
            return m;
    }
    return NULL;
}

static crowd_member *add(crowd *c, const uint8_t key[KEY_BYTES])
{
    if (c->size == c->bucket_count)
        grow(c);
    crowd_member *m = memory_take(sizeof *m);
    *m = (crowd_member){ 0 };
    memcpy(m->key, key, KEY_BYTES);
    list_init(&m->chain);
    list_append(bucket_of(c, key), &m->chain);
    c->size++;
    return m;
}

crowd_member *crowd_enter(crowd *c, const ip_address *from, uint32_t most)
{
    uint8_t key[KEY_BYTES];
    make_key(key, from);
    crowd_member *m = find(bucket_of(c, key), key);
    if (m == NULL)
        m = add(c, key);
    if (m->count >= most)
        return NULL;
    m->count++;
    return m;
}

void crowd_leave(crowd *c, crowd_member *member)
{
    if (member == NULL || --member->count > 0)
        return;
    list_remove(&member->chain);
    free(member);
    c->size--;
}

uint32_t crowd_size(const crowd *c)
{
    return c->size;
}
