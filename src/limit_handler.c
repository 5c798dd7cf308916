/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "base/error.h"
#include "base/log.h"

/* How long a handler may take to answer. A route's own limit is for the whole answer, as on the
 * platforms that keep it; the general one is there for those that forget to answer, and ends when
 * the answer begins, for a stream may go on for hours. */

/* 0: it does not say; neither does the proxy, which is asked before there is a route. */
static uint64_t own_limit(const capra_request *req)
{
    return req->route == NULL ? 0 : req->route->max_duration_ms;
}

static bool is_general(const capra_request *req)
{
    return own_limit(req) == 0 && !req->has_own_limit;
}

void pipeline_limit(capra_request *req)
{
    server *s = req->server;
    uint64_t const own = own_limit(req);
    uint64_t const length = own != 0 ? own : s->max_duration_ms;
    if (req->has_own_limit)
        return;
    if (length != 0 && (own != 0 || req->res.state == RESPONSE_OPEN))
        durations_start(&s->durations, &req->limit, req->handler_ms, length);
}

void server_limit(capra_request *req, uint64_t ms)
{
    req->has_own_limit = true;
    duration_stop(&req->limit);
    durations_start(&req->server->durations, &req->limit, req->handler_ms, ms);
}

void pipeline_answer_begins(capra_request *req)
{
    if (duration_runs(&req->limit) && is_general(req))
        duration_stop(&req->limit);
}

static void log_late(const capra_request *req, uint64_t length_ms)
{
    bool const general = is_general(req);
    log_line(LOG_ERROR, "%s %.*s (%s) has not been answered within %s %.10g s",
             http_method_name(req->head.method), (int)req->head.target_length,
             req->data + req->head.target, req->route == NULL ? "the proxy" : req->route->file,
             general ? "--max-duration," : "its maxDuration of", (double)length_ms / 1000);
}

/* To the handler it is as if the client had gone; one in C hears of it when its connection goes on.
 * What either still says meets a request that has ended. */
static void expire(capra_request *req)
{
    server *s = req->server;
    uint32_t const id = req->id;
    log_late(req, req->limit.length_ms);
    if (req->res.state == RESPONSE_STREAMING) {
        req->conn->transport->close(req->conn);
        return;
    }
    pipeline_take_id(req);
    pipeline_refuse(req, CAPRA_E_HANDLER_SLOW);
    if (id == 0)
        return;
    pipeline_enter(s);
    s->script->ended(s->script->data, id, SCRIPT_TIMED_OUT);
}

/* The time that a client takes for its body is not the handler's; only a route's own limit is for
 * both. */
static bool reads_on(const capra_request *req)
{
    return is_general(req) && req->flows && !req->body.is_done;
}

/* 0: never. */
static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a != 0 && (b == 0 || a < b) ? a : b;
}

uint64_t server_expire(server *s, uint64_t now_ms)
{
    duration *due;
    s->now_ms = now_ms;
    while ((due = durations_due(&s->durations, now_ms)) != NULL) {
        capra_request *req = LIST_OWNER(due, capra_request, limit);
        if (reads_on(req))
            durations_start(&s->durations, due, now_ms, due->length_ms);
        else
            expire(req);
    }
    pipeline_leave(s);
    uint64_t next = durations_next(&s->durations);
    if (s->overdue.queues != NULL) {
        native_expire(s);
        next = sooner(next, durations_next(&s->overdue));
    }
    return next == 0 ? 0 : next - now_ms;
}
