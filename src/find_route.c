/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "base/error.h"
#include "parity.h"
#include "policy/upgrade.h"

/* A worker for routes in C serves nothing else: who listens to all requests, or takes connections
 * for other protocols, is with the scripts, and so is whoever answers what is no route. */
static bool is_for_scripts(const capra_request *req)
{
    return app_get_share(req->app) == APP_NATIVES;
}

static verdict leave_to_scripts(const capra_request *req)
{
    if (req->file != NULL)
        file_close(req->file);
    return ELSEWHERE;
}

static verdict redirect(capra_request *req, int status, capra_slice target)
{
    if (is_for_scripts(req))
        return leave_to_scripts(req);
    response_redirect(&req->res, status, target);
    return ANSWERED;
}

/* The same path without its last slash. */
static verdict redirect_slash(capra_request *req)
{
    bool const is_strict = app_get_settings(req->app)->is_strict_parity;
    capra_slice path = req->target.path;
    while (path.length > 1 && path.data[path.length - 1] == '/')
        path.length--;
    return redirect(req, 308, rules_join(path, req->target.query, is_strict, &req->arena));
}

static verdict answer_page(capra_request *req, int status)
{
    response_page(&req->res, status);
    return ANSWERED;
}

/* What was found has parameters. */
static bool is_dynamic(const capra_request *req)
{
    const capra_slice *names;
    return req->file == NULL &&
           route_table_params(app_table(req->app), req->match.route, &names) > 0;
}

/* A public file comes before all routes. */
static route_result match_path(capra_request *req, capra_slice path)
{
    const app *a = req->app;
    open_file found;
    if (!files_open(app_files(a), &found, path, &req->arena))
        return req->server->responses.as_next
                   ? route_table_match_bytes(app_table(a), path, &req->match)
                   : route_table_match(app_table(a), path, &req->match);
    req->file = arena_take(&req->arena, sizeof found);
    *req->file = found;
    return ROUTE_FOUND;
}

static verdict answer_file(capra_request *req)
{
    if (is_for_scripts(req))
        return leave_to_scripts(req);
    http_method const method = req->head.method;
    if (method != HTTP_GET && method != HTTP_HEAD) {
        file_close(req->file);
        response_page_with(&req->res, 405, slice_text("Allow: GET\r\nAllow: HEAD\r\n"));
        return ANSWERED;
    }
    file_answer(req->file, &req->res);
    req->stage = STAGE_RUNNING; /* its bytes follow */
    return LATER;
}

static route_result match_walk(capra_request *req, const rules_walk *w)
{
    capra_slice path;
    if (!rules_inner_path(w, &path))
        return ROUTE_NONE;
    return match_path(req, path);
}

/* Literal routes come before the rewrites behind the files, dynamic ones after them. */
static route_result find_rewritten(capra_request *req, rules_walk *w)
{
    for (uint32_t at = 0; rules_rewrite(w, RULES_BEFORE_FILES, &at);)
        if (w->elsewhere.data != NULL)
            return ROUTE_FOUND;
    route_result found = match_walk(req, w);
    if (found == ROUTE_FOUND && !is_dynamic(req))
        return found;
    for (rules_list which = RULES_AFTER_FILES; which <= RULES_FALLBACK; which++) {
        for (uint32_t at = 0; rules_rewrite(w, which, &at);) {
            if (w->elsewhere.data != NULL)
                return ROUTE_FOUND;
            found = match_walk(req, w);
            if (found != ROUTE_NONE)
                return found;
        }
        if (found != ROUTE_NONE)
            return found;
    }
    return found;
}

static verdict answer_not_found(capra_request *req)
{
    server *s = req->server;
    if (is_for_scripts(req))
        return leave_to_scripts(req);
    capra_slice const path = req->target.path;
    bool const is_known =
        s->responses.as_next && parity_is_known(app_table(req->app), path, &req->arena);
    response_not_found(&req->res, path, is_known);
    return ANSWERED;
}

static bool wants_upgrade(const capra_request *req)
{
    return req->head.first[HTTP_FIELD_UPGRADE] != 0 &&
           upgrade_is_wanted(&req->head, req->data, req->server->responses.as_next);
}

/* Whether somebody takes the connection. */
static bool offer(capra_request *req)
{
    server *s = req->server;
    conn *c = req->conn;
    if (s->script == NULL)
        return false;
    pipeline_enter(s);
    req->id = ids_give(&s->ids, req);
    s->script->upgrade(s->script->data, req);
    if (!c->is_closing)
        pipeline_take_id(req);
    return c->is_closing;
}

/* Nobody here speaks another protocol. What does not exist, does not in any; but Next closes the
 * connection without a word, and where there is no route it leaves the client waiting. */
static verdict decline_upgrade(capra_request *req, bool is_found)
{
    conn *c = req->conn;
    bool const as_next = req->server->responses.as_next;
    if (!is_found && !as_next)
        return PASS;
    if (req->file != NULL)
        file_close(req->file);
    if (!as_next)
        return pipeline_refuse(req, CAPRA_E_UPGRADE);
    if (is_found) {
        c->transport->close(c);
        return LATER;
    }
    req->stage = STAGE_HELD;
    c->transport->set_deadline(c, CONN_IDLE);
    return LATER;
}

static verdict take_route(capra_request *req, route_result found)
{
    server *s = req->server;
    if (wants_upgrade(req)) {
        if (is_for_scripts(req))
            return leave_to_scripts(req);
        if (offer(req))
            return LATER;
        verdict const v = decline_upgrade(req, found == ROUTE_FOUND);
        if (v != PASS)
            return v;
    }
    switch (found) {
    case ROUTE_NONE:
        return answer_not_found(req);
    case ROUTE_BAD_ESCAPE:
        return answer_page(req, 400);
    case ROUTE_FOUND:
        break;
    }
    if (req->file != NULL)
        return answer_file(req);
    if (s->responses.as_next)
        parity_change_params(req, app_table(req->app));
    req->route = app_find(req->app, req->match.route);
    /* What the proxy has begun to read goes along when it has been read. */
    return req->route->kind == APP_ELSEWHERE && !req->collects ? ELSEWHERE : PASS;
}

static capra_slice join_lines(capra_request *req, capra_slice a, capra_slice b)
{
    if (a.length == 0 || b.length == 0)
        return a.length == 0 ? b : a;
    char *joined = arena_take(&req->arena, a.length + b.length);
    memcpy(joined, a.data, a.length);
    memcpy(joined + a.length, b.data, b.length);
    return slice_of(joined, a.length + b.length);
}

/* What leads to another host has no route; these are its limits. */
static const app_route forwarding = { .pattern = "(elsewhere)",
                                      .file = "a rewrite to another host",
                                      .kind = APP_SCRIPT,
                                      .message = "There is no Node to pass it on",
                                      .body_limit = -1,
                                      .limit_text = "" };

static verdict forward(capra_request *req, capra_slice address)
{
    if (is_for_scripts(req))
        return leave_to_scripts(req);
    if (wants_upgrade(req) && !offer(req))
        return decline_upgrade(req, true);
    if (req->conn->is_closing)
        return LATER;
    req->elsewhere = address;
    req->route = &forwarding;
    return PASS;
}

/* From where the walk stands to a route. */
static verdict find_by_walk(capra_request *req, rules_walk *w)
{
    route_result const found = find_rewritten(req, w);
    if (w->elsewhere.data != NULL)
        return forward(req, w->elsewhere);
    if (found == ROUTE_FOUND && w->is_rewritten) {
        req->hidden_names = rules_hidden(w, is_dynamic(req));
        req->rewritten_query = w->query.data == NULL ? slice_of("", 0) : w->query;
        req->target.query = w->query;
    }
    rules_strip_target(w->rules, &req->target);
    return take_route(req, found);
}

/* What next.config says stands between the target and the table of routes. */
static verdict find_by_rules(capra_request *req, const rules *r)
{
    rules_walk w;
    rules_walk_init(&w, r, &req->head, req->data, &req->target, &req->arena);
    capra_slice location;
    int const status = rules_redirect(&w, &location);
    if (status != 0 && !wants_upgrade(req))
        return redirect(req, status, location);
    req->res.preset = join_lines(req, req->res.preset, rules_fields(&w));
    if (rules_want_proxy(&w))
        return pipeline_ask_proxy(req, &w);
    return find_by_walk(req, &w);
}

/* A new build may have come while somebody was asked, and its routes are those that can be run. */
static void take_newest_app(capra_request *req)
{
    app_release(req->app);
    req->app = app_hold(req->server->app);
}

/* The proxy gives whole addresses only of other hosts. */
static bool is_address(capra_slice target)
{
    static const char *const schemes[] = { "http://", "https://" };
    for (int i = 0; i < 2; i++) {
        size_t const length = strlen(schemes[i]);
        if (target.length > length && memcmp(target.data, schemes[i], length) == 0)
            return true;
    }
    return false;
}

verdict pipeline_find_behind_proxy(capra_request *req)
{
    proxied *p = req->proxied;
    http_target target;
    if (p->error == 0 && is_address(p->target)) {
        take_newest_app(req);
        return forward(req, p->target);
    }
    if (p->error == 0 && p->target.data != NULL)
        p->error = http_target_parse(&target, p->target, &req->arena);
    if (p->error != 0)
        return answer_page(req, 500);
    if (p->target.data != NULL) {
        p->walk.path = target.path;
        p->walk.query = target.query;
        p->walk.is_rewritten = true;
    }
    take_newest_app(req);
    p->walk.rules = app_rules(req->app);
    return p->walk.rules == NULL ? take_route(req, match_path(req, p->walk.path))
                                 : find_by_walk(req, &p->walk);
}

/* Who wants to speak another protocol follows no redirects, WebSockets in browsers above all. */
static verdict find_by_target(capra_request *req)
{
    server *s = req->server;
    capra_slice const raw = slice_of(req->data + req->head.target, req->head.target_length);
    if (req->target.is_asterisk) {
        response_head const head = { .status = req->head.method == HTTP_OPTIONS ? 204 : 400 };
        response_send(&req->res, &head, (capra_slice){ 0 });
        return ANSWERED;
    }
    if (s->responses.as_next && req->target.authority.data != NULL)
        return redirect(req, 308, raw); /* for the slashes in it, to itself */
    if (req->target.has_empty_segment && !wants_upgrade(req))
        return redirect(req, 308, http_target_collapse(req->target.origin, &req->arena));
    const rules *r = app_rules(req->app);
    if (r != NULL)
        return find_by_rules(req, r);
    capra_slice const path = req->target.path;
    if (path.length > 1 && path.data[path.length - 1] == '/' && !wants_upgrade(req))
        return redirect_slash(req);
    return take_route(req, match_path(req, path));
}

verdict pipeline_find_behind_listeners(capra_request *req)
{
    take_newest_app(req);
    return find_by_target(req);
}

/* What another worker has begun to find. */
static verdict find_again(capra_request *req)
{
    server *s = req->server;
    if (!pipeline_take_handed_body(req))
        return pipeline_refuse(req, CAPRA_E_BUSY);
    bool const is_heard =
        pipeline_said(req, ASKED_LISTENER) != NULL || (s->is_heard && !wants_upgrade(req));
    return is_heard ? pipeline_ask_listeners(req) : find_by_target(req);
}

verdict stage_find_route(capra_request *req)
{
    server *s = req->server;
    req->app = app_hold(s->app);
    capra_slice const raw = slice_of(req->data + req->head.target, req->head.target_length);
    int const error = http_target_parse(&req->target, raw, &req->arena);
    body_init(&req->body, &req->head, -1);
    if (error != 0)
        return pipeline_refuse(req, error);
    if (!workload_take_request(&s->load, &req->load)) {
        response_error(&req->res, CAPRA_E_BUSY); /* the connection may go on */
        return ANSWERED;
    }
    if (req->handed != NULL)
        return find_again(req);
    bool const is_heard = s->is_heard && !wants_upgrade(req);
    return is_heard ? pipeline_ask_listeners(req) : find_by_target(req);
}
