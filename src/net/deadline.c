/* SPDX-License-Identifier: MIT */
#include "deadline.h"

static void wake_at(deadlines *d, uint64_t at);

static void on_timer(uv_timer_t *timer)
{
    deadlines *d = timer->data;
    uint64_t const now = uv_now(d->loop);
    uint64_t earliest = 0;
    d->wakes_at = 0;
    for (int kind = CONN_NO_DEADLINE + 1; kind < CONN_DEADLINES; kind++) {
        list *queue = &d->queues[kind];
        while (!list_empty(queue)) {
            conn *c = LIST_OWNER(queue->next, conn, timing);
            if (c->deadline_at > now) {
                if (earliest == 0 || c->deadline_at < earliest)
                    earliest = c->deadline_at;
                break;
            }
            list_remove(&c->timing);
            d->on_deadline(c);
        }
    }
    if (earliest != 0)
        wake_at(d, earliest);
}

static void wake_at(deadlines *d, uint64_t at)
{
    if (d->wakes_at != 0 && d->wakes_at <= at)
        return;
    uint64_t const now = uv_now(d->loop);
    d->wakes_at = at;
    uv_timer_start(&d->timer, on_timer, at > now ? at - now : 0, 0);
}

void deadlines_init(deadlines *d, uv_loop_t *loop, const uint64_t length_ms[CONN_DEADLINES],
                    void (*on_deadline)(conn *c))
{
    *d = (deadlines){ .loop = loop, .on_deadline = on_deadline };
    uv_timer_init(loop, &d->timer);
    d->timer.data = d;
    for (int kind = 0; kind < CONN_DEADLINES; kind++) {
        d->length_ms[kind] = length_ms[kind];
        list_init(&d->queues[kind]);
    }
}

void deadlines_set(deadlines *d, conn *c, conn_deadline kind)
{
    c->deadline = kind;
    if (kind == CONN_NO_DEADLINE || d->length_ms[kind] == 0) {
        list_remove(&c->timing);
        return;
    }
    c->deadline_at = uv_now(d->loop) + d->length_ms[kind];
    list_append(&d->queues[kind], &c->timing);
    wake_at(d, c->deadline_at);
}

void deadlines_shorten(deadlines *d, conn_deadline kind, uint64_t length_ms)
{
    list waiting;
    if (d->length_ms[kind] != 0 && d->length_ms[kind] <= length_ms)
        return;
    d->length_ms[kind] = length_ms;
    list_take(&waiting, &d->queues[kind]);
    while (!list_empty(&waiting))
        deadlines_set(d, LIST_OWNER(waiting.next, conn, timing), kind);
}

void deadlines_close(deadlines *d, uv_close_cb on_close)
{
    uv_close((uv_handle_t *)&d->timer, on_close);
}
