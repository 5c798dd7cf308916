/* SPDX-License-Identifier: MIT */
#include "scale.h"

#include <stdbool.h>

void scale_init(scale *s, const scale_limits *limits)
{
    *s = (scale){ .limits = *limits };
    scale_wake(s);
}

void scale_wake(scale *s)
{
    s->wanted = s->limits.min > 0 ? s->limits.min : 1;
    s->hot_ms = s->cool_ms = 0;
}

static bool is_hot(const scale_sample *m)
{
    return m->queued > 0 || m->busy * 100 >= SCALE_HOT_PERCENT;
}

static bool is_cool(const scale_sample *m)
{
    double const total = m->busy * m->serving;
    return m->queued == 0 && m->serving > 1 && total / (m->serving - 1) * 100 <= SCALE_COOL_PERCENT;
}

static uint64_t lasted(bool is_so, uint64_t before_ms, uint64_t elapsed_ms)
{
    return is_so ? before_ms + elapsed_ms : 0;
}

uint32_t scale_decide(scale *s, const scale_sample *m)
{
    uint64_t const elapsed = s->sampled_ms == 0 ? 0 : m->now_ms - s->sampled_ms;
    uint32_t const least = s->limits.min > 0 ? s->limits.min : 1;
    s->sampled_ms = m->now_ms;
    /* What is measured while some are coming says nothing of how it will be with them. */
    if (m->starting > 0 || m->serving == 0) {
        s->hot_ms = s->cool_ms = 0;
        return s->wanted;
    }
    s->hot_ms = lasted(is_hot(m), s->hot_ms, elapsed);
    s->cool_ms = lasted(is_cool(m), s->cool_ms, elapsed);

    if (s->limits.min == 0 && m->quiet_ms >= s->limits.idle_ms) {
        s->wanted = 0;
    } else if (s->hot_ms >= SCALE_UP_MS && s->wanted < s->limits.max) {
        s->wanted += s->wanted / 2 > 0 ? s->wanted / 2 : 1;
        if (s->wanted > s->limits.max)
            s->wanted = s->limits.max;
        s->hot_ms = 0;
    } else if (s->cool_ms >= SCALE_DOWN_MS && s->wanted > least) {
        s->wanted--;
        s->cool_ms = 0;
    }
    return s->wanted;
}
