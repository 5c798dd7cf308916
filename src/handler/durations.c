/* SPDX-License-Identifier: MIT */
#include "durations.h"

#include "base/arena.h"

#include <stdlib.h>

typedef struct duration_queue {
    struct duration_queue *next;
    uint64_t length_ms;
    list waiting;
} duration_queue;

void durations_cleanup(durations *d)
{
    while (d->queues != NULL) {
        duration_queue *q = d->queues;
        d->queues = q->next;
        free(q);
    }
}

static duration_queue *queue_of(durations *d, uint64_t length_ms)
{
    duration_queue *q = d->queues;
    while (q != NULL && q->length_ms != length_ms)
        q = q->next;
    if (q != NULL)
        return q;
    q = memory_take(sizeof *q);
    *q = (duration_queue){ .next = d->queues, .length_ms = length_ms };
    list_init(&q->waiting);
    d->queues = q;
    return q;
}

/* Behind all that are due no later; that is nearly always the end. */
static void insert(duration_queue *q, duration *each)
{
    list *before = q->waiting.prev;
    while (before != &q->waiting && LIST_OWNER(before, duration, link)->due_ms > each->due_ms)
        before = before->prev;
    list_append(before->next, &each->link);
}

void durations_start(durations *d, duration *each, uint64_t since_ms, uint64_t length_ms)
{
    list_init(&each->link);
    each->length_ms = length_ms;
    each->due_ms = since_ms + length_ms;
    insert(queue_of(d, length_ms), each);
}

static duration *head(const duration_queue *q)
{
    return list_empty(&q->waiting) ? NULL : LIST_OWNER(q->waiting.next, duration, link);
}

duration *durations_due(durations *d, uint64_t now_ms)
{
    for (duration_queue *q = d->queues; q != NULL; q = q->next) {
        duration *first = head(q);
        if (first != NULL && first->due_ms <= now_ms) {
            list_remove(&first->link);
            return first;
        }
    }
    return NULL;
}

uint64_t durations_next(const durations *d)
{
    uint64_t next = 0;
    for (const duration_queue *q = d->queues; q != NULL; q = q->next) {
        const duration *first = head(q);
        if (first != NULL && (next == 0 || first->due_ms < next))
            next = first->due_ms;
    }
    return next;
}
