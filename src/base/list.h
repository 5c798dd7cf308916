/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_LIST_H
#define CAPRA_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A ring of links that live inside their owners.
 *
 *     ┌──────┐   ┌───────┐   ┌───────┐
 *  ┌─▶│ head │──▶│ first │──▶│ last  │──┐
 *  │  └──────┘   └───────┘   └───────┘  │
 *  └────────────────────────────────────┘
 *
 * The head owns nothing. A link that is in no list points to itself, so it can be
 * removed at any time, twice too. */
typedef struct list {
    struct list *next, *prev;
} list;

#define LIST_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const list *l)
{
    return l->next == l;
}

static inline void list_remove(list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Adds at the end, out of whichever list the link was in. */
static inline void list_append(list *head, list *link)
{
    list_remove(link);
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

/* Moves all that `from` holds to the empty `to`. */
static inline void list_take(list *to, list *from)
{
    list_init(to);
    if (list_empty(from))
        return;
    *to = *from;
    to->next->prev = to;
    to->prev->next = to;
    list_init(from);
}

#define list_each(link, head) for (list *link = (head)->next; link != (head); link = link->next)

#endif
