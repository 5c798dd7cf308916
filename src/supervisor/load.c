/* SPDX-License-Identifier: MIT */
#include "load.h"

#include "worker_pulse.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* How long a worker may say nothing before it counts as busy with one thing. */
static const uint64_t silence_ns = (uint64_t)3 * PULSE_MS * 1000000;

static double busy_share(child *c)
{
    const score *s = child_score(c);
    uint64_t const beat = score_get(&s->beat_ns), idle = score_get(&s->idle_ns);
    uint64_t const span = beat - c->beat_ns, slept = idle - c->idle_ns;
    if (scoreboard_now_ns() > beat + silence_ns)
        return 1;
    if (span == 0)
        return c->busy;
    c->busy = c->beat_ns == 0 || slept >= span ? 0 : 1 - (double)slept / (double)span;
    c->beat_ns = beat;
    c->idle_ns = idle;
    return c->busy;
}

/* Connections that the kernel has made and no worker has taken. Sockets of other kinds than TCP
 * do not tell. */
static uint32_t count_queued(const supervisor_config *config)
{
    uint32_t queued = 0;
#ifdef __linux__
    for (uint32_t i = 0; i < config->listener_count; i++) {
        struct tcp_info info;
        socklen_t length = sizeof info;
        if (getsockopt(config->listeners[i], IPPROTO_TCP, TCP_INFO, &info, &length) == 0)
            queued += info.tcpi_unacked;
    }
#else
    (void)config;
#endif
    return queued;
}

static uint64_t count_events(const scoreboard *b, bool *is_active)
{
    const score *past = scoreboard_past(b);
    uint64_t events = score_get(&past->requests) + score_get(&past->accepted);
    for (uint32_t slot = 0; slot < scoreboard_used(b); slot++) {
        const score *s = scoreboard_at(b, slot);
        events += score_get(&s->requests) + score_get(&s->accepted);
        *is_active |= score_get(&s->in_flight) > 0;
    }
    return events;
}

void load_measure(load *l, const child_family *family, scale_sample *out)
{
    double busy = 0;
    *out =
        (scale_sample){ .now_ms = uv_now(&family->loop), .queued = count_queued(family->config) };
    list_each (link, &family->children) {
        child *c = LIST_OWNER(link, child, link);
        if (c->group == SCORE_GROUP_NATIVES)
            continue; /* their number is fixed */
        out->starting += c->state == CHILD_STARTING;
        out->serving += c->state == CHILD_SERVING;
        busy += c->state == CHILD_SERVING ? busy_share(c) : 0;
    }
    out->busy = out->serving == 0 ? 0 : busy / out->serving;

    bool is_active = out->queued > 0 || out->starting > 0;
    uint64_t const events = count_events(family->board, &is_active);
    if (is_active || events != l->events)
        l->active_ms = out->now_ms;
    l->events = events;
    out->quiet_ms = out->now_ms - l->active_ms;
}
