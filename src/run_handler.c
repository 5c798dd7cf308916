/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "base/error.h"
#include "base/log.h"

enum {
    OUT_BYTES = 64 * 1024, /* with as much unsent, the next request of a connection waits */
    TURN_PULLS = 4,        /* pieces of bodies that are pulled, before the loop looks again */
};

/* A handler in C has returned, and neither answered nor said that it will. */
static verdict blame(capra_request *req)
{
    bool const has_begun = req->res.state == RESPONSE_STREAMING;
    log_line(LOG_ERROR, "%s returned %s to %s %.*s", req->route->file,
             has_begun ? "in the middle of its answer" : "without an answer",
             http_method_name(req->head.method), (int)req->target.path.length,
             req->target.path.data);
    if (has_begun)
        req->conn->transport->close(req->conn);
    else
        native_send_fault(&req->res);
    return LATER;
}

static verdict run_native(capra_request *req)
{
    req->server->running = req;
    req->handler_ms = req->server->now_ms;
    req->route->run(req, &req->res);
    req->server->running = NULL;
    if (req->res.state == RESPONSE_ENDED)
        return ANSWERED;
    if (native_holds(req))
        pipeline_limit(req);
    return req->held != NULL || req->res.source != NULL ? PASS : blame(req);
}

verdict stage_run_handler(capra_request *req)
{
    server *s = req->server;
    if (req->route->kind == APP_NATIVE)
        return run_native(req);
    if (req->route->kind == APP_ELSEWHERE)
        return ELSEWHERE;
    if (s->script == NULL) {
        if (s->responses.is_dev)
            response_error_text(&req->res, 500, slice_text(req->route->message));
        else
            response_page(&req->res, 500);
        return ANSWERED;
    }
    pipeline_enter(s);
    req->id = ids_give(&s->ids, req);
    s->running = req;
    req->handler_ms = s->now_ms;
    conn *c = req->conn;
    (req->elsewhere.data != NULL ? s->script->forward : s->script->request)(s->script->data, req);
    if (c->is_closing || req->res.state == RESPONSE_ENDED)
        return LATER;
    if (req->id != 0)
        pipeline_limit(req);
    return PASS;
}

/* The streamed body has failed; whoever waits for it must hear so. */
verdict pipeline_fail_body(capra_request *req, int code, script_end why)
{
    uint32_t const id = req->id;
    server *s = req->server;
    pipeline_take_id(req);
    req->flows = false;
    if (req->res.state == RESPONSE_STREAMING) {
        req->conn->transport->close(req->conn);
        return LATER;
    }
    verdict const v =
        code == CAPRA_E_BODY_LONG ? pipeline_refuse_length(req) : pipeline_refuse(req, code);
    if (id == 0)
        return v; /* a handler in C hears of it when its request ends */
    pipeline_enter(s);
    s->script->ended(s->script->data, id, why);
    return v;
}

/* A client that asks for more than it reads would have us keep all the answers. */
bool pipeline_is_full(const conn *c)
{
    return c->is_writing || buffer_length(&c->out) >= OUT_BYTES;
}

/* The next piece of the answer, once the client has taken the last one. */
static verdict pull(capra_request *req)
{
    server *s = req->server;
    conn *c = req->conn;
    c->transport->set_deadline(c, CONN_NO_DEADLINE);
    if (pipeline_is_full(c))
        return LATER;
    if (s->pulls < TURN_PULLS) {
        s->pulls++;
        if (response_pull(&req->res) < 0) {
            c->transport->close(c);
            return LATER;
        }
    }
    list_append(&s->dirty, &c->dirty);
    return LATER;
}

/* ---- What a handler is told ---- */

void pipeline_tell_piece(capra_request *req, capra_slice piece)
{
    const script_host *host = req->server->script;
    if (req->held != NULL) {
        native_tell_piece(req, piece, false);
    } else {
        pipeline_enter(req->server);
        req->server->running = req;
        host->body(host->data, req->id, piece);
    }
}

/* A script has the body that came with its head already. */
void pipeline_tell_end(capra_request *req)
{
    const script_host *host = req->server->script;
    if (req->held != NULL) {
        native_tell_piece(req, req->whole_body, true);
    } else {
        pipeline_enter(req->server);
        req->server->running = req;
        host->body_end(host->data, req->id);
    }
}

void pipeline_tell_half_closed(capra_request *req)
{
    const script_host *host = req->server->script;
    if (req->held != NULL)
        return; /* it may still read the answer */
    pipeline_enter(req->server);
    host->ended(host->data, req->id, SCRIPT_HALF_CLOSED);
}

void pipeline_tell_drained(capra_request *req)
{
    const script_host *host = req->server->script;
    if (req->held != NULL) {
        native_tell_drained(req);
    } else if (req->id != 0) {
        pipeline_enter(req->server);
        host->drained(host->data, req->id);
        pipeline_leave(req->server);
    }
}

/* The handler runs and has not answered yet; meanwhile its body may flow. Or it has, and what it
 * answered flows. */
verdict stage_follow(capra_request *req)
{
    conn *c = req->conn;
    if (req->res.source != NULL)
        return pull(req);
    if (req->held != NULL && native_is_abandoned(req)) {
        c->transport->close(c);
        return LATER;
    }
    for (size_t used = 1; req->flows && used > 0 && !req->body.is_done;) {
        capra_slice piece;
        int const error = pipeline_take_piece(req, &used, &piece);
        if (error != 0)
            return pipeline_fail_body(
                req, error, error == CAPRA_E_BODY_LONG ? SCRIPT_LONG_BODY : SCRIPT_BAD_BODY);
        if (piece.length > 0) {
            pipeline_tell_piece(req, piece);
            if (c->is_closing || req->res.state == RESPONSE_ENDED)
                return LATER;
        }
    }
    if (req->body.is_done && req->flows && !req->is_told_of_end) {
        req->is_told_of_end = true;
        pipeline_tell_end(req);
        return LATER;
    }
    if (!req->body.is_done && c->has_ended && conn_input(c).length == 0)
        return pipeline_fail_body(req, CAPRA_E_BODY_CUT, SCRIPT_BAD_BODY);
    return pipeline_await_script(req);
}

verdict pipeline_await_script(capra_request *req)
{
    conn *c = req->conn;
    if (c->has_ended && !req->is_told_of_half_close) {
        req->is_told_of_half_close = true;
        pipeline_tell_half_closed(req);
        if (c->is_closing || req->res.state == RESPONSE_ENDED)
            return LATER;
    }
    if (req->flows && !req->body.is_done)
        return pipeline_await_body(req)
                   ? LATER
                   : pipeline_fail_body(req, CAPRA_E_BODY_SLOW, SCRIPT_BAD_BODY);
    pipeline_leave_body(req);
    if (!c->has_ended)
        c->transport->set_deadline(c, CONN_NO_DEADLINE);
    else if (c->deadline != CONN_HALF)
        c->transport->set_deadline(c, CONN_HALF);
    return LATER;
}
