/* SPDX-License-Identifier: MIT */
#include "ids.h"

#include "base/arena.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64, GENERATION_MASK = 0x7ff };

typedef struct ids_slot {
    capra_request *request;
    uint32_t generation;
    uint32_t next_free;
} ids_slot;

void ids_cleanup(ids *names)
{
    free(names->slots);
}

static void grow(ids *names)
{
    uint32_t const old = names->count, count = old == 0 ? FIRST_SLOTS : old * 2;
    names->slots = memory_grow(names->slots, count * sizeof *names->slots);
    for (uint32_t i = old; i < count; i++)
        names->slots[i] = (ids_slot){ .next_free = i + 1 < count ? i + 1 : 0 };
    names->free = old == 0 ? 1 : old;
    names->count = count;
}

uint32_t ids_give(ids *names, capra_request *req)
{
    if (names->free == 0)
        grow(names);
    uint32_t const index = names->free;
    ids_slot *slot = &names->slots[index];
    names->free = slot->next_free;
    slot->request = req;
    slot->generation = (slot->generation + 1) & GENERATION_MASK;
    return slot->generation << IDS_SLOT_BITS | index;
}

void ids_forget(ids *names, uint32_t id)
{
    uint32_t const index = id & IDS_SLOT_MASK;
    names->slots[index].request = NULL;
    names->slots[index].next_free = names->free;
    names->free = index;
}

capra_request *ids_find(const ids *names, uint32_t id)
{
    uint32_t const index = id & IDS_SLOT_MASK;
    if (index >= names->count || names->slots[index].generation != id >> IDS_SLOT_BITS)
        return NULL;
    return names->slots[index].request;
}
