/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include "base/arena.h"

#include <stdlib.h>
#include <uv.h>

void *loop_new(void)
{
    uv_loop_t *loop = memory_take(sizeof *loop);
    uv_loop_init(loop);
    return loop;
}

void loop_run(void *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
}

void loop_stop(void *loop)
{
    uv_stop(loop);
}

void loop_free(void *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    free(loop);
}

uint64_t loop_slept_ns(void *loop)
{
    return uv_metrics_idle_time(loop);
}

uint64_t loop_now_ms(const void *loop)
{
    return uv_now(loop);
}
