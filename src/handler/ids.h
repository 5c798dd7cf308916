/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HANDLER_IDS_H
#define CAPRA_HANDLER_IDS_H

#include <capra.h>

/* Names for requests, for those who may ask after one that is long gone. An id is a slot, and a
 * generation that tells the slot's requests apart; it stays a small integer in JavaScript.
 * 0 is no id. */
enum { IDS_SLOT_BITS = 20, IDS_SLOT_MASK = (1 << IDS_SLOT_BITS) - 1 };

typedef struct ids {
    struct ids_slot *slots;
    uint32_t count, free; /* slot 0 is never used */
} ids;

/* All zero is an empty one. Frees what it has taken for itself; requests are their owner's. */
void ids_cleanup(ids *names);

/* A name for `req`, its own until ids_forget. */
uint32_t ids_give(ids *names, capra_request *req);

/* `id` names nothing from now on. It was given and not yet forgotten. */
void ids_forget(ids *names, uint32_t id);

/* Whom `id` names; NULL when that is nobody, or nobody any more. */
capra_request *ids_find(const ids *names, uint32_t id);

#endif
