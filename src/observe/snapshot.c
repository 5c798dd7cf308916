/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

static const char *const state_names[] = {
    [SCORE_FREE] = "free",
    [SCORE_STARTING] = "starting",
    [SCORE_SERVING] = "serving",
    [SCORE_DRAINING] = "draining",
};

const char *snapshot_state_name(score_state state)
{
    return state <= SCORE_DRAINING ? state_names[state] : "unknown";
}

const char *snapshot_group_name(score_group group)
{
    return group == SCORE_GROUP_SCRIPTS   ? "scripts"
           : group == SCORE_GROUP_NATIVES ? "natives"
                                          : NULL;
}

/* What a loop has not slept, it was busy. A worker writes both words in one beat, so the share is
 * that between two of its beats, however far apart we look; at the first look, that since its
 * start.
 */
static double measure_busy(snapshot_history *history, uint32_t slot, const score *from)
{
    uint32_t const pid = score_get(&from->pid);
    uint64_t const beat = score_get(&from->beat_ns), idle = score_get(&from->idle_ns);
    bool const is_same = history->slots[slot].pid == pid;
    uint64_t const since = is_same ? history->slots[slot].beat_ns : score_get(&from->started_ns);
    if (beat <= since)
        return is_same ? history->slots[slot].busy : -1;
    uint64_t const slept = idle - (is_same ? history->slots[slot].idle_ns : 0);
    uint64_t const passed = beat - since;
    history->slots[slot].busy = slept >= passed ? 0 : 1 - (double)slept / (double)passed;
    history->slots[slot].pid = pid;
    history->slots[slot].beat_ns = beat;
    history->slots[slot].idle_ns = idle;
    return history->slots[slot].busy;
}

static double seconds_since(uint64_t then_ns, uint64_t now_ns)
{
    return then_ns == 0 || then_ns > now_ns ? 0 : (double)(now_ns - then_ns) / 1e9;
}

/* A loop that is stuck does not even say by how much it is late. */
static double measure_lag(const score *from, uint64_t now_ns)
{
    double const said = (double)score_get(&from->lag_ns) / 1e9;
    double const silent = seconds_since(score_get(&from->beat_ns), now_ns) - 1;
    return silent > said ? silent : said;
}

static void add_worker(snapshot *s, snapshot_history *history, uint32_t slot, const score *from,
                       uint64_t now_ns)
{
    score_state const state = score_get(&from->state);
    if (state == SCORE_FREE)
        return;
    snapshot_worker *w = &s->workers[s->worker_count++];
    *w = (snapshot_worker){
        .slot = slot,
        .pid = score_get(&from->pid),
        .generation = score_get(&from->generation),
        .state = state,
        .group = score_get(&from->group),
        .connections = score_get(&from->connections),
        .in_flight = score_get(&from->in_flight),
        .requests = score_get(&from->requests),
        .memory_bytes = score_get(&from->memory_bytes),
        .uptime_s = seconds_since(score_get(&from->started_ns), now_ns),
        .busy = measure_busy(history, slot, from),
        .lag_s = measure_lag(from, now_ns),
    };
    s->accepted += score_get(&from->accepted);
    s->handed_over += score_get(&from->handed_over);
    s->has_groups |= w->group != SCORE_GROUP_ALL;
    s->requests += w->requests;
    s->connections += w->connections;
    s->in_flight += w->in_flight;
}

void snapshot_fill(snapshot *s, snapshot_history *history, const scoreboard *board, uint64_t now_ns)
{
    const score *past = scoreboard_past(board);
    s->accepted = score_get(&past->accepted);
    s->requests = score_get(&past->requests);
    s->handed_over = score_get(&past->handed_over);
    s->has_groups = s->handed_over > 0;
    s->connections = s->in_flight = s->worker_count = 0;
    for (uint32_t slot = 0; slot < scoreboard_used(board); slot++)
        add_worker(s, history, slot, scoreboard_at(board, slot), now_ns);
}
