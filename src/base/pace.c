/* SPDX-License-Identifier: MIT */
#include "pace.h"

void pace_init(pace *p, const pace_rule *rule)
{
    *p = (pace){ .left_ms = (int64_t)rule->patience_ms };
}

/* What so many bytes are worth; never more than a full account. */
static int64_t earned_ms(const pace_rule *rule, uint64_t bytes)
{
    if (bytes == 0)
        return 0;
    uint64_t const rate = rule->bytes_per_s;
    if (rate == 0 || bytes / rate > rule->patience_ms / 1000)
        return (int64_t)rule->patience_ms;
    return (int64_t)(bytes / rate * 1000 + bytes % rate * 1000 / rate);
}

bool pace_wait(pace *p, const pace_rule *rule, int64_t now_ms, uint64_t bytes)
{
    int64_t const full = (int64_t)rule->patience_ms;
    if (full == 0)
        return true;
    pace_stop(p, now_ms);
    p->since_ms = now_ms;
    p->left_ms += earned_ms(rule, bytes);
    if (p->left_ms > full)
        p->left_ms = full;
    return p->left_ms > 0;
}

void pace_stop(pace *p, int64_t now_ms)
{
    if (p->since_ms != 0)
        p->left_ms -= now_ms - p->since_ms;
    p->since_ms = 0;
}
