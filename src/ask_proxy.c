/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "base/error.h"
#include "base/log.h"

/* The project's proxy (`proxy.ts`): a script that is asked about a request before a route is looked
 * for. It answers the request itself, or says that it is to go on: as it is, to another path, or
 * with other header fields.
 *
 *     find_route ─▶ asked ─▶ passed ─▶ find_route goes on behind its redirects
 *
 * Whoever listens to `request` on `res.socket.server`, as socket.io does, is asked in the same way,
 * at the very beginning of find_route.
 *
 * While it is asked the request's body stays where it is. A proxy that reads it is given all of it
 * at once, and what it was given is kept for the route. */

static verdict go_on(capra_request *req)
{
    return req->proxied->is_heard ? pipeline_find_behind_listeners(req)
                                  : pipeline_find_behind_proxy(req);
}

static void keep_question(capra_request *req, const proxied *question)
{
    capra_slice const head = slice_of(req->data, req->head.length);
    capra_slice const before = req->proxied != NULL ? req->proxied->before : head;
    req->proxied = arena_take(&req->arena, sizeof *req->proxied);
    *req->proxied = *question;
    req->proxied->before = before;
}

static verdict ask(capra_request *req, const proxied *question,
                   void (*call)(void *data, capra_request *req))
{
    server *s = req->server;
    keep_question(req, question);
    if (!req->collects) { /* else who was asked before has read it */
        body_init(&req->body, &req->head, app_get_settings(req->app)->proxy_body_limit);
        pace_init(&req->pace, &s->body_pace);
    }
    pipeline_enter(s);
    req->id = ids_give(&s->ids, req);
    s->running = req;
    req->handler_ms = s->now_ms;
    conn *c = req->conn;
    call(s->script->data, req);
    if (c->is_closing || req->res.state == RESPONSE_ENDED)
        return LATER;
    if (req->proxied->has_passed)
        return go_on(req);
    req->stage = STAGE_PROXY;
    pipeline_limit(req);
    return stage_await_proxy(req);
}

/* It was asked in another worker, and what it said then holds. */
static verdict repeat(capra_request *req, const proxied *question, const proxy_changes *said)
{
    keep_question(req, question);
    server_pass_on(req, said);
    return go_on(req);
}

verdict pipeline_ask_proxy(capra_request *req, const rules_walk *w)
{
    const script_host *script = req->server->script;
    const proxy_changes *said = pipeline_said(req, ASKED_PROXY);
    proxied const question = { .walk = *w };
    if (said != NULL)
        return repeat(req, &question, said);
    if (script != NULL)
        return ask(req, &question, script->proxy);
    if (app_get_share(req->app) == APP_NATIVES)
        return ELSEWHERE;
    response_page(&req->res, 500);
    return ANSWERED;
}

verdict pipeline_ask_listeners(capra_request *req)
{
    proxied const question = { .is_heard = true };
    const proxy_changes *said = pipeline_said(req, ASKED_LISTENER);
    return said != NULL ? repeat(req, &question, said)
                        : ask(req, &question, req->server->script->heard);
}

void server_hear(server *s, bool is_heard)
{
    s->is_heard = is_heard;
}

static verdict hand_over_body(capra_request *req)
{
    server *s = req->server;
    conn *c = req->conn;
    req->is_told_of_end = true;
    req->whole_body = buffer_slice(&req->collected);
    pipeline_enter(s);
    if (req->whole_body.length > 0)
        s->script->body(s->script->data, req->id, req->whole_body);
    if (!c->is_closing && req->id != 0)
        s->script->body_end(s->script->data, req->id);
    return LATER;
}

/* Who is asked reads the body. */
static verdict collect(capra_request *req)
{
    conn *c = req->conn;
    req->collects = true;
    int const error = pipeline_collect_body(req);
    if (error != 0)
        return pipeline_fail_body(req, error,
                                  error == CAPRA_E_BODY_LONG ? SCRIPT_LONG_BODY : SCRIPT_BAD_BODY);
    if (req->body.is_done)
        return hand_over_body(req);
    if (c->has_ended)
        return pipeline_fail_body(req, CAPRA_E_BODY_CUT, SCRIPT_BAD_BODY);
    return pipeline_await_body(req) ? LATER
                                    : pipeline_fail_body(req, CAPRA_E_BODY_SLOW, SCRIPT_BAD_BODY);
}

verdict stage_await_proxy(capra_request *req)
{
    if (req->proxied->has_passed) {
        req->stage = STAGE_ROUTE;
        return go_on(req);
    }
    if (req->flows && !req->is_told_of_end) {
        if (body_check(&req->body) != 0)
            return pipeline_fail_body(req, CAPRA_E_BODY_LONG, SCRIPT_LONG_BODY);
        return collect(req);
    }
    return pipeline_await_script(req);
}

/* ---- What it says ---- */

/* The body that is on its way does not change with what is said of it. */
static bool has_same_framing(const http_head *a, const http_head *b)
{
    return a->framing == b->framing && a->content_length == b->content_length &&
           a->minor == b->minor && a->keeps_alive == b->keeps_alive;
}

/* The head with other fields. Its request line is as it was, and the target's parts stay where
 * they are, but for what is looked up by its place in the head. */
static int change_head(capra_request *req, capra_slice text)
{
    static const http_limits no_limits = { .head_bytes = UINT32_MAX,
                                           .target_bytes = UINT32_MAX,
                                           .fields = HTTP_HEAD_FIELDS };
    capra_slice const end = slice_text("\r\n\r\n");
    char *data = arena_take(&req->arena, text.length + end.length);
    memcpy(data, text.data, text.length);
    memcpy(data + text.length, end.data, end.length);
    http_head head;
    http_head_init(&head);
    long const length = http_head_parse(&head, data, text.length + end.length, &no_limits);
    if (length != (long)(text.length + end.length))
        return length < 0 ? (int)length : CAPRA_E_INVALID;
    if (!has_same_framing(&head, &req->head))
        return CAPRA_E_FRAMING;

    capra_slice const old = request_visible_head(req);
    size_t const at = (size_t)(req->target.origin.data - old.data);
    if (at < old.length)
        req->target.origin.data = data + at;
    req->head = head;
    req->data = data;
    req->res.data = data;
    req->proxied->walk.data = data;
    return 0;
}

void server_pass_on(capra_request *req, const proxy_changes *changes)
{
    proxied *p = req->proxied;
    if (p == NULL || p->has_passed || req->res.state != RESPONSE_OPEN)
        return;
    pipeline_take_id(req);
    p->has_passed = true;
    if (app_get_share(req->app) != APP_WHOLE)
        pipeline_keep_said(req, p->is_heard ? ASKED_LISTENER : ASKED_PROXY, changes);
    req->flows = req->is_told_of_end = req->is_told_of_half_close = false;
    if (changes->target.data != NULL)
        p->target = arena_copy(&req->arena, changes->target);
    response_add_preset(&req->res, changes->lines, changes->cookies, &req->arena);
    p->error = changes->head.length > 0 ? change_head(req, changes->head) : 0;
    if (p->error != 0)
        log_line(LOG_ERROR, "the proxy has given the request header fields that none can have: %s",
                 error_message(p->error));
    if (req->stage == STAGE_PROXY)
        list_append(&req->server->ready, &req->conn->ready);
}
