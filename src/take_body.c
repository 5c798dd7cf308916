/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "base/error.h"

#include <stdio.h>
#include <time.h>

enum { SMALL_BODY_BYTES = 4 * 1024 };

/* In the words that Next's users know. */
verdict pipeline_refuse_length(capra_request *req)
{
    char text[96];
    const char *limit =
        req->route != NULL ? req->route->limit_text : app_get_settings(req->app)->proxy_limit_text;
    int const length = snprintf(text, sizeof text, "Body exceeded %s limit", limit);
    if (req->server->responses.as_next) {
        req->is_refused = true;
        req->body.limit = -1; /* the rest of it is dropped */
        req->body.error = 0;
    } else {
        req->res.closes = true;
    }
    response_refusal(&req->res, 413, slice_of(text, (size_t)length));
    return ANSWERED;
}

verdict stage_check_policy(capra_request *req)
{
    int64_t const most = (int64_t)req->server->options.body_bytes;
    int64_t limit = req->route->reads_body ? req->route->body_limit : -1;
    if (most > 0 && (limit < 0 || limit > most))
        limit = most;
    if (req->collects) {
        req->body.limit = limit;
    } else {
        body_init(&req->body, &req->head, limit);
        pace_init(&req->pace, &req->server->body_pace);
    }
    return body_check(&req->body) == 0 ? PASS : pipeline_refuse_length(req);
}

static void send_continue(capra_request *req)
{
    if (!req->head.expects_continue || req->has_continued || req->body.received > 0)
        return;
    req->has_continued = true;
    if (response_interim(&req->res, 100, (capra_slice){ 0 }) == 0)
        list_append(&req->server->dirty, &req->conn->dirty);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool pipeline_await_body(capra_request *req)
{
    conn *c = req->conn;
    uint64_t const bytes = req->body.received - req->paced_bytes;
    req->paced_bytes = req->body.received;
    if (!pace_wait(&req->pace, &req->server->body_pace, now_ms(), bytes))
        return false;
    send_continue(req);
    c->transport->set_deadline(c, CONN_BODY);
    if (c->is_paused)
        c->transport->resume(c);
    return true;
}

void pipeline_leave_body(capra_request *req)
{
    if (req->pace.since_ms != 0)
        pace_stop(&req->pace, now_ms());
}

/* A body that came with its head needs no copy. Where the handler reads it as a stream that is the
 * case for small ones, which then cost it no further call. */
static bool take_whole_body(capra_request *req)
{
    conn *c = req->conn;
    size_t const most = req->route->reads_body ? SIZE_MAX : SMALL_BODY_BYTES;
    if (req->body.framing != HTTP_BODY_LENGTH || req->collected.data != NULL || req->collects ||
        req->body.left > most || conn_input(c).length < req->body.left)
        return false;
    req->whole_body = slice_of(conn_input(c).data, (size_t)req->body.left);
    conn_input_read(c, (size_t)req->body.left);
    conn_input_pin(c);
    req->body.received = req->body.left;
    req->body.is_done = true;
    return true;
}

int pipeline_collect_body(capra_request *req)
{
    for (size_t used = 1; used > 0 && !req->body.is_done;) {
        capra_slice piece;
        int const error = pipeline_take_piece(req, &used, &piece);
        if (error != 0)
            return error;
        if (!workload_take_bytes(&req->server->load, &req->load, piece.length))
            return CAPRA_E_BUSY;
        buffer_append_slice(&req->collected, piece);
    }
    return 0;
}

verdict stage_take_body(capra_request *req)
{
    conn *c = req->conn;
    bool const is_whole = req->route->reads_body || req->collects;
    if (req->body.is_done || take_whole_body(req) || !is_whole)
        return PASS;

    int const error = pipeline_collect_body(req);
    if (error == CAPRA_E_BODY_LONG)
        return pipeline_refuse_length(req);
    if (error != 0)
        return pipeline_refuse(req, error);
    req->whole_body = buffer_slice(&req->collected);
    if (req->body.is_done)
        return PASS;
    if (c->has_ended)
        return pipeline_refuse(req, CAPRA_E_BODY_CUT);
    return pipeline_await_body(req) ? LATER : pipeline_refuse(req, CAPRA_E_BODY_SLOW);
}
