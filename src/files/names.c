/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <stdlib.h>

/* FNV-1a. What is hashed into a full set is asked for by clients, and makes no chain longer. */
static uint32_t hash(capra_slice name)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < name.length; i++)
        h = (h ^ (unsigned char)name.data[i]) * 16777619U;
    return h;
}

/* Where the name is, or where it would go. */
static capra_slice *find(const names *n, capra_slice name)
{
    uint32_t at = hash(name) & (n->capacity - 1);
    while (n->places[at].data != NULL && !slice_equal(n->places[at], name))
        at = (at + 1) & (n->capacity - 1);
    return &n->places[at];
}

static void grow(names *n)
{
    enum { FIRST = 64 };
    names old = *n;
    n->capacity = old.capacity == 0 ? FIRST : old.capacity * 2;
    n->places = memory_take(n->capacity * sizeof *n->places);
    for (uint32_t i = 0; i < n->capacity; i++)
        n->places[i] = (capra_slice){ 0 };
    for (uint32_t i = 0; i < old.capacity; i++)
        if (old.places[i].data != NULL)
            *find(n, old.places[i]) = old.places[i];
    free(old.places);
}

void names_cleanup(names *n)
{
    free(n->places);
    arena_cleanup(&n->arena);
    *n = (names){ 0 };
}

void names_add(names *n, capra_slice name)
{
    if (n->count >= n->capacity / 2)
        grow(n);
    capra_slice *place = find(n, name);
    if (place->data != NULL)
        return;
    *place = arena_copy(&n->arena, name);
    n->count++;
}

bool names_have(const names *n, capra_slice name)
{
    return n->count > 0 && find(n, name)->data != NULL;
}
