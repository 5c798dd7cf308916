/* SPDX-License-Identifier: MIT */
#include "worker_pulse.h"

#include "base/arena.h"
#include "base/program_pages.h"

#include <stdlib.h>
#include <uv.h>

struct pulse {
    uv_timer_t timer;
    score *score;
    uint64_t due_ns; /* when the next beat should be */
    uint32_t beats;
};

/* Behind the start, and now and then: compilers and collectors come by seldom. */
enum { FIRST_RELEASE_BEATS = 2000 / PULSE_MS, RELEASE_BEATS = 60000 / PULSE_MS };

static void on_beat(uv_timer_t *timer)
{
    pulse *p = timer->data;
    uint64_t const now = scoreboard_now_ns();
    size_t resident;
    score_set(&p->score->lag_ns, now > p->due_ns ? now - p->due_ns : 0);
    score_set(&p->score->idle_ns, uv_metrics_idle_time(timer->loop));
    if (uv_resident_set_memory(&resident) == 0)
        score_set(&p->score->memory_bytes, resident);
    score_set(&p->score->beat_ns, now);
    if (p->beats++ % RELEASE_BEATS == FIRST_RELEASE_BEATS)
        program_pages_release();
    p->due_ns = now + (uint64_t)PULSE_MS * 1000000;
}

pulse *pulse_start(void *loop, score *slot)
{
    pulse *p = memory_take(sizeof *p);
    *p = (pulse){ .score = slot, .due_ns = scoreboard_now_ns() };
    uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    uv_timer_init(loop, &p->timer);
    p->timer.data = p;
    on_beat(&p->timer);
    uv_timer_start(&p->timer, on_beat, PULSE_MS, PULSE_MS);
    uv_unref((uv_handle_t *)&p->timer); /* it alone keeps no loop running */
    return p;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void pulse_stop(pulse *p)
{
    if (p != NULL)
        uv_close((uv_handle_t *)&p->timer, on_closed);
}
