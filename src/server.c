/* SPDX-License-Identifier: MIT */
#include "server.h"

#include "base/error.h"
#include "base/log.h"
#include "parity.h"
#include "policy/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The pipeline: one request through every stage, in order.
 *
 *     read_head ─▶ find_route ─▶ check_policy ─▶ take_body ─▶ run_handler ─▶ follow
 *
 * A connection serves its requests one after the other, so answers are in order by themselves.
 * Reading only puts connections on `ready`; a turn of the loop serves all of them, inside one
 * visit to the script host, and sends each connection's answers with one write. */

/* A stage passes the request on, or has answered it, or waits for something to happen. */
typedef enum verdict { PASS, ANSWERED, LATER } verdict;

enum {
    TURN_REQUESTS = 64,   /* of one connection, before the others have their turn */
    TURN_ROUNDS = 16,     /* of a turn, before the loop looks at its sockets again */
    SPARE_REQUESTS = 256, /* kept for the next */
    SLOT_BITS = 20,       /* ids: a slot, and a generation that tells its requests apart */
    SLOT_MASK = (1 << SLOT_BITS) - 1,
    GENERATION_MASK = 0x7ff, /* ids stay small integers in JavaScript */
    DRAIN_BYTES = 16 * 1024, /* a writer of less is not told when they have gone */
    OUT_BYTES = 64 * 1024,   /* with as much unsent, the next request of a connection waits */
    SMALL_BODY_BYTES = 4 * 1024,
    TURN_PULLS = 4, /* pieces of bodies that are pulled, before the loop looks again */
};

typedef struct slot {
    capra_request *request;
    uint32_t generation;
    uint32_t next_free;
} slot;

struct server {
    options options;
    http_limits limits;
    app *app;
    const script_host *script;
    conn_memory memory;
    pool requests;
    list ready, dirty;
    response_clock clock;
    response_settings responses;
    compressor *compressor;
    slot *slots;
    uint32_t slot_count, free_slot; /* slot 0 is never used: id 0 is no id */
    uint32_t in_flight;
    uint32_t pulls; /* in this turn */
    bool is_inside; /* the script host has been entered in this turn */
    bool is_draining;
    bool logs_requests;
};

/* ---- Names for the script host ---- */

static void give_id(server *s, capra_request *req)
{
    if (s->free_slot == 0) {
        uint32_t const old = s->slot_count, count = old == 0 ? 64 : old * 2;
        s->slots = memory_grow(s->slots, count * sizeof *s->slots);
        for (uint32_t i = old; i < count; i++)
            s->slots[i] = (slot){ .next_free = i + 1 < count ? i + 1 : 0 };
        s->free_slot = old == 0 ? 1 : old;
        s->slot_count = count;
    }
    uint32_t const index = s->free_slot;
    slot *sl = &s->slots[index];
    s->free_slot = sl->next_free;
    sl->request = req;
    sl->generation = (sl->generation + 1) & GENERATION_MASK;
    req->id = sl->generation << SLOT_BITS | index;
}

static void take_id(server *s, capra_request *req)
{
    if (req->id == 0)
        return;
    uint32_t const index = req->id & SLOT_MASK;
    s->slots[index].request = NULL;
    s->slots[index].next_free = s->free_slot;
    s->free_slot = index;
    req->id = 0;
}

capra_request *server_request(server *s, uint32_t id)
{
    uint32_t const index = id & SLOT_MASK;
    if (index >= s->slot_count || s->slots[index].request == NULL)
        return NULL;
    return s->slots[index].request->id == id ? s->slots[index].request : NULL;
}

static void enter(server *s)
{
    if (!s->is_inside) {
        s->is_inside = true;
        s->script->enter(s->script->data);
    }
}

static void leave(server *s)
{
    if (s->is_inside) {
        s->is_inside = false;
        s->script->leave(s->script->data);
    }
}

/* ---- The life of a request ---- */

static const response_events on_response;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static capra_request *request_new(server *s, conn *c)
{
    capra_request *req = pool_take(&s->requests);
    memset(req, 0, offsetof(capra_request, head));
    req->server = s;
    req->conn = c;
    http_head_init(&req->head);
    arena_init(&req->arena);
    c->request = req;
    s->in_flight++;
    if (s->logs_requests)
        req->started_ns = now_ns();
    return req;
}

static void request_free(capra_request *req)
{
    server *s = req->server;
    take_id(s, req);
    response_cleanup(&req->res);
    buffer_cleanup(&req->collected);
    buffer_cleanup(&req->trailers);
    arena_cleanup(&req->arena);
    app_release(req->app);
    s->in_flight--;
    pool_give(&s->requests, req);
}

static void log_request(const capra_request *req)
{
    capra_slice const target =
        slice_of(req->data + req->head.target, req->head.target_length); /* base path included */
    double const ms = (double)(now_ns() - req->started_ns) / 1e6;
    if (req->target.origin.data != NULL)
        log_line(LOG_INFO, "%s %.*s %d in %.*f ms", http_method_name(req->head.method),
                 (int)target.length, target.data, req->res.status, ms < 10 ? 1 : 0, ms);
}

/* A message has been written completely. Its request goes on to the end in the next round. */
static void on_answered(capra_response *res)
{
    capra_request *req = LIST_OWNER(res, capra_request, res);
    server *s = req->server;
    take_id(s, req);
    if (!req->conn->is_closing) {
        list_append(&s->dirty, &req->conn->dirty);
        if (req->stage == STAGE_RUNNING)
            list_append(&s->ready, &req->conn->ready);
    }
}

/* Uses the next piece of the body, and keeps what it has of trailers. */
static int take_piece(capra_request *req, size_t *used, capra_slice *piece)
{
    int const error = body_take(&req->body, conn_input(req->conn), used, piece);
    conn_input_read(req->conn, *used);
    if (error == 0 && req->body.chunked.trailer.length > 0)
        buffer_append_slice(&req->trailers, req->body.chunked.trailer);
    return error;
}

/* Reads what has come of a body that nobody wants. True when that was all of it. */
static bool skip_body(capra_request *req)
{
    size_t used = 1;
    while (!req->body.is_done && used > 0) {
        capra_slice piece;
        if (body_take(&req->body, conn_input(req->conn), &used, &piece) != 0)
            return false;
        conn_input_read(req->conn, used);
    }
    return req->body.is_done;
}

/* What is left of a body would be taken for the next request. Next tells the client of no end, and
 * there comes none while it drains; here the connection ends with the answer, said or not. */
static void on_answering(capra_response *res, bool is_whole)
{
    capra_request *req = LIST_OWNER(res, capra_request, res);
    server *s = req->server;
    if ((s->is_draining && !s->responses.as_next) || req->stage < STAGE_ROUTE)
        res->closes = true;
    else if (is_whole && !skip_body(req) && !req->is_refused)
        res->closes = true;
}

/* Whoever answered is done; the rest is pulled in `follow`. */
static void on_source(capra_response *res)
{
    capra_request *req = LIST_OWNER(res, capra_request, res);
    take_id(req->server, req);
    list_append(&req->server->ready, &req->conn->ready);
}

static const response_events on_response = { .on_begin = on_answering,
                                             .on_end = on_answered,
                                             .on_source = on_source };

/* Answered and written. The connection goes on with the next request, or ends. */
static void finish(capra_request *req)
{
    server *s = req->server;
    conn *c = req->conn;
    bool const closes = req->res.closes || s->is_draining || !skip_body(req);
    if (s->logs_requests)
        log_request(req);
    conn_input_done(c);
    c->request = NULL;
    request_free(req);

    if (closes) {
        c->transport->linger(c);
        return;
    }
    c->transport->set_deadline(c, CONN_IDLE);
    if (c->is_paused)
        c->transport->resume(c);
}

static verdict refuse(capra_request *req, int code)
{
    req->res.closes = true;
    response_error(&req->res, code);
    return ANSWERED;
}

/* ---- The stages ---- */

static void begin_response(capra_request *req, bool is_parsed)
{
    conn *c = req->conn;
    response_init(&req->res, &on_response, &req->server->clock, is_parsed ? &req->head : NULL,
                  req->data, conn_output(c, &req->server->memory));
    req->res.settings = &req->server->responses;
}

static verdict read_head(capra_request *req)
{
    server *s = req->server;
    conn *c = req->conn;
    capra_slice const input = conn_input(c);
    long const length = http_head_parse(&req->head, input.data, input.length, &s->limits);

    if (length == HTTP_MORE) {
        if (c->has_ended)
            c->transport->close(c);
        else if (c->deadline != CONN_HEAD)
            c->transport->set_deadline(c, CONN_HEAD);
        return LATER;
    }
    if (length < 0) {
        begin_response(req, false);
        return refuse(req, (int)length);
    }
    conn_input_read(c, (size_t)length);
    conn_input_pin(c);
    req->data = conn_input_pinned(c);
    begin_response(req, true);
    return PASS;
}

static verdict redirect(capra_request *req, int status, capra_slice target)
{
    response_redirect(&req->res, status, target);
    return ANSWERED;
}

/* The same path without its last slash. */
static verdict redirect_slash(capra_request *req)
{
    bool const is_strict = app_get_settings(req->server->app)->is_strict_parity;
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
           route_table_params(app_table(req->server->app), req->match.route, &names) > 0;
}

/* A public file comes before all routes. */
static route_result match_path(capra_request *req, capra_slice path)
{
    const app *a = req->server->app;
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
        continue;
    route_result found = match_walk(req, w);
    if (found == ROUTE_FOUND && !is_dynamic(req))
        return found;
    for (rules_list which = RULES_AFTER_FILES; which <= RULES_FALLBACK; which++) {
        for (uint32_t at = 0; rules_rewrite(w, which, &at);) {
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
    capra_slice const path = req->target.path;
    bool const is_known =
        s->responses.as_next && parity_is_known(app_table(s->app), path, &req->arena);
    response_not_found(&req->res, path, is_known);
    return ANSWERED;
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
        return refuse(req, CAPRA_E_UPGRADE);
    if (is_found) {
        c->transport->close(c);
        return LATER;
    }
    req->stage = STAGE_HELD;
    c->transport->set_deadline(c, CONN_IDLE);
    return LATER;
}

/* Only closing ends it. */
static verdict hold(capra_request *req)
{
    conn *c = req->conn;
    if (c->has_ended)
        c->transport->close(c);
    return LATER;
}

static verdict take_route(capra_request *req, route_result found)
{
    server *s = req->server;
    if (req->head.first[HTTP_FIELD_UPGRADE] != 0 &&
        upgrade_is_wanted(&req->head, req->data, s->responses.as_next)) {
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
        parity_change_params(req, app_table(s->app));
    req->app = app_hold(s->app);
    req->route = app_find(s->app, req->match.route);
    return PASS;
}

/* What next.config says stands between the target and the table of routes. */
static verdict find_by_rules(capra_request *req, const rules *r)
{
    rules_walk w;
    rules_walk_init(&w, r, &req->head, req->data, &req->target, &req->arena);
    capra_slice location;
    int const status = rules_redirect(&w, &location);
    if (status != 0)
        return redirect(req, status, location);
    req->res.preset = rules_fields(&w);
    route_result const found = find_rewritten(req, &w);
    if (found == ROUTE_FOUND && w.is_rewritten) {
        req->hidden_names = rules_hidden(&w, is_dynamic(req));
        req->rewritten_query = w.query.data == NULL ? slice_of("", 0) : w.query;
        req->target.query = w.query;
    }
    rules_strip_target(r, &req->target);
    return take_route(req, found);
}

static verdict find_route(capra_request *req)
{
    server *s = req->server;
    capra_slice const raw = slice_of(req->data + req->head.target, req->head.target_length);
    int const error = http_target_parse(&req->target, raw, &req->arena);
    body_init(&req->body, &req->head, -1);
    if (error != 0)
        return refuse(req, error);
    if (req->target.is_asterisk) {
        response_head const head = { .status = req->head.method == HTTP_OPTIONS ? 204 : 400 };
        response_send(&req->res, &head, (capra_slice){ 0 });
        return ANSWERED;
    }
    if (s->responses.as_next && req->target.authority.data != NULL)
        return redirect(req, 308, raw); /* for the slashes in it, to itself */
    if (req->target.has_empty_segment)
        return redirect(req, 308, http_target_collapse(req->target.origin, &req->arena));
    const rules *r = app_rules(s->app);
    if (r != NULL)
        return find_by_rules(req, r);
    capra_slice const path = req->target.path;
    if (path.length > 1 && path.data[path.length - 1] == '/')
        return redirect_slash(req);
    return take_route(req, match_path(req, path));
}

/* In the words that Next's users know. */
static verdict refuse_length(capra_request *req)
{
    char text[96];
    int const length =
        snprintf(text, sizeof text, "Body exceeded %s limit", req->route->limit_text);
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

static verdict check_policy(capra_request *req)
{
    int64_t const most = (int64_t)req->server->options.body_bytes;
    int64_t limit = req->route->reads_body ? req->route->body_limit : -1;
    if (most > 0 && (limit < 0 || limit > most))
        limit = most;
    body_init(&req->body, &req->head, limit);
    return body_check(&req->body) == 0 ? PASS : refuse_length(req);
}

static void send_continue(capra_request *req)
{
    if (!req->head.expects_continue || req->has_continued || req->body.received > 0)
        return;
    req->has_continued = true;
    if (response_interim(&req->res, 100, (capra_slice){ 0 }) == 0)
        list_append(&req->server->dirty, &req->conn->dirty);
}

static void await_body(capra_request *req)
{
    conn *c = req->conn;
    send_continue(req);
    c->transport->set_deadline(c, CONN_BODY);
    if (c->is_paused)
        c->transport->resume(c);
}

/* A body that came with its head needs no copy. Where the handler reads it as a stream that is the
 * case for small ones, which then cost it no further call. */
static bool take_whole_body(capra_request *req)
{
    conn *c = req->conn;
    size_t const most = req->route->reads_body ? SIZE_MAX : SMALL_BODY_BYTES;
    if (req->body.framing != HTTP_BODY_LENGTH || req->collected.data != NULL ||
        req->body.left > most || conn_input(c).length < req->body.left)
        return false;
    req->whole_body = slice_of(conn_input(c).data, (size_t)req->body.left);
    conn_input_read(c, (size_t)req->body.left);
    conn_input_pin(c);
    req->body.received = req->body.left;
    req->body.is_done = true;
    return true;
}

static verdict take_body(capra_request *req)
{
    conn *c = req->conn;
    if (req->body.is_done || take_whole_body(req) || !req->route->reads_body)
        return PASS;

    for (size_t used = 1; used > 0 && !req->body.is_done;) {
        capra_slice piece;
        int const error = take_piece(req, &used, &piece);
        if (error == CAPRA_E_BODY_LONG)
            return refuse_length(req);
        if (error != 0)
            return refuse(req, error);
        buffer_append_slice(&req->collected, piece);
    }
    req->whole_body = buffer_slice(&req->collected);
    if (req->body.is_done)
        return PASS;
    if (c->has_ended)
        return refuse(req, CAPRA_E_BODY_CUT);
    await_body(req);
    return LATER;
}

static verdict run_native(capra_request *req)
{
    req->route->run(req, &req->res);
    if (req->res.state == RESPONSE_OPEN) {
        log_line(LOG_ERROR, "%s returned without an answer to %s %.*s", req->route->file,
                 http_method_name(req->head.method), (int)req->target.path.length,
                 req->target.path.data);
        response_error_text(&req->res, 500, slice_text("Internal Server Error"));
    }
    return req->res.source == NULL ? ANSWERED : PASS;
}

static verdict run_handler(capra_request *req)
{
    server *s = req->server;
    if (req->route->kind == APP_NATIVE)
        return run_native(req);
    if (s->script == NULL) {
        response_error_text(&req->res, 500, slice_text(req->route->message));
        return ANSWERED;
    }
    enter(s);
    give_id(s, req);
    conn *c = req->conn;
    s->script->request(s->script->data, req);
    return c->is_closing || req->res.state == RESPONSE_ENDED ? LATER : PASS;
}

/* The streamed body has failed; whoever waits for it must hear so. */
static verdict fail_body(capra_request *req, int code, script_end why)
{
    uint32_t const id = req->id;
    server *s = req->server;
    take_id(s, req);
    if (req->res.state == RESPONSE_STREAMING) {
        req->conn->transport->close(req->conn);
        return LATER;
    }
    verdict const v = code == CAPRA_E_BODY_LONG ? refuse_length(req) : refuse(req, code);
    enter(s);
    s->script->ended(s->script->data, id, why);
    return v;
}

/* A client that asks for more than it reads would have us keep all the answers. */
static bool is_full(const conn *c)
{
    return c->is_writing || buffer_length(&c->out) >= OUT_BYTES;
}

/* The next piece of the answer, once the client has taken the last one. */
static verdict pull(capra_request *req)
{
    server *s = req->server;
    conn *c = req->conn;
    c->transport->set_deadline(c, CONN_NO_DEADLINE);
    if (is_full(c))
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

/* The handler runs and has not answered yet; meanwhile its body may flow. Or it has, and what it
 * answered flows. */
static verdict follow(capra_request *req)
{
    server *s = req->server;
    conn *c = req->conn;
    if (req->res.source != NULL)
        return pull(req);
    for (size_t used = 1; req->flows && used > 0 && !req->body.is_done;) {
        capra_slice piece;
        int const error = take_piece(req, &used, &piece);
        if (error != 0)
            return fail_body(req, error,
                             error == CAPRA_E_BODY_LONG ? SCRIPT_LONG_BODY : SCRIPT_BAD_BODY);
        if (piece.length > 0) {
            enter(s);
            s->script->body(s->script->data, req->id, piece);
            if (c->is_closing || req->res.state == RESPONSE_ENDED)
                return LATER;
        }
    }
    if (req->body.is_done && req->flows && !req->is_told_of_end) {
        req->is_told_of_end = true;
        enter(s);
        s->script->body_end(s->script->data, req->id);
        return LATER;
    }
    if (!req->body.is_done && c->has_ended && conn_input(c).length == 0)
        return fail_body(req, CAPRA_E_BODY_CUT, SCRIPT_BAD_BODY);
    if (c->has_ended && !req->is_told_of_half_close) {
        req->is_told_of_half_close = true;
        enter(s);
        s->script->ended(s->script->data, req->id, SCRIPT_HALF_CLOSED);
        if (c->is_closing || req->res.state == RESPONSE_ENDED)
            return LATER;
    }
    if (req->flows && !req->body.is_done)
        await_body(req);
    else if (!c->has_ended)
        c->transport->set_deadline(c, CONN_NO_DEADLINE);
    else if (c->deadline != CONN_HALF)
        c->transport->set_deadline(c, CONN_HALF);
    return LATER;
}

typedef verdict (*stage_fn)(capra_request *req);

static const stage_fn stages[STAGES] = {
    [STAGE_HEAD] = read_head, [STAGE_ROUTE] = find_route,    [STAGE_POLICY] = check_policy,
    [STAGE_BODY] = take_body, [STAGE_HANDLER] = run_handler, [STAGE_RUNNING] = follow,
    [STAGE_HELD] = hold,
};

/* One request as far as it goes now. Closing its connection frees it, so after each stage the
 * connection is asked first. */
static void serve(capra_request *req)
{
    conn *c = req->conn;
    verdict v = PASS;
    while (v == PASS && !c->is_closing && req->res.state != RESPONSE_ENDED) {
        v = stages[req->stage](req);
        if (v == PASS)
            req->stage++;
    }
    if (!c->is_closing && req->res.state == RESPONSE_ENDED)
        finish(req);
}

/* ---- Connections ---- */

/* All requests of a connection, as far as they go now. */
static void advance(server *s, conn *c)
{
    for (int served = 0; !c->is_closing && !c->lingers; served++) {
        if (served == TURN_REQUESTS) {
            list_append(&s->ready, &c->ready);
            return;
        }
        if (c->request == NULL && conn_input(c).length == 0)
            break;
        if (c->request == NULL && is_full(c))
            return; /* until on_drained, or a flush that sends it all */
        serve(c->request != NULL ? c->request : request_new(s, c));
        if (c->request != NULL)
            return;
    }
    if (c->is_closing || c->lingers)
        return;
    conn_input_release(c, &s->memory);
    if (c->has_ended)
        c->transport->linger(c);
}

static void on_input(conn *c)
{
    server *s = c->owner;
    list_append(&s->ready, &c->ready);
}

/* All that was written has gone to the client. */
static void tell_drained(server *s, conn *c)
{
    capra_request *req = c->request;
    if (req == NULL || req->id == 0 || !req->awaits_drain)
        return;
    req->awaits_drain = false;
    enter(s);
    s->script->drained(s->script->data, req->id);
    leave(s);
}

static void on_drained(conn *c)
{
    server *s = c->owner;
    if (c->request == NULL)
        c->transport->set_deadline(c, CONN_IDLE);
    tell_drained(s, c);
    if (!c->is_closing)
        list_append(&s->ready, &c->ready);
}

/* A request that is too slow, or a connection that has been idle long enough. */
static void on_deadline(conn *c)
{
    server *s = c->owner;
    capra_request *req = c->request;
    if (req == NULL || c->deadline == CONN_HALF || req->stage == STAGE_HELD) {
        c->transport->close(c);
    } else if (c->deadline == CONN_HEAD && req->stage == STAGE_HEAD) {
        begin_response(req, false);
        refuse(req, CAPRA_E_HEAD_SLOW);
        finish(req);
    } else if (c->deadline == CONN_BODY && req->stage == STAGE_BODY) {
        refuse(req, CAPRA_E_BODY_SLOW);
        finish(req);
    } else if (c->deadline == CONN_BODY && req->stage == STAGE_RUNNING) {
        fail_body(req, CAPRA_E_BODY_SLOW, SCRIPT_BAD_BODY);
        leave(s);
    }
}

static void on_close(conn *c)
{
    server *s = c->owner;
    capra_request *req = c->request;
    if (req == NULL)
        return;
    c->request = NULL;
    uint32_t const id = req->id;
    request_free(req);
    if (id != 0) {
        bool const was_inside = s->is_inside;
        enter(s);
        s->script->ended(s->script->data, id, SCRIPT_GONE);
        if (!was_inside)
            leave(s);
    }
}

const conn_events server_conn_events = {
    .on_input = on_input,
    .on_drained = on_drained,
    .on_deadline = on_deadline,
    .on_close = on_close,
};

/* ---- Turns ---- */

static void serve_ready(server *s)
{
    list batch;
    list_take(&batch, &s->ready);
    while (!list_empty(&batch)) {
        conn *c = LIST_OWNER(batch.next, conn, ready);
        list_remove(&c->ready);
        advance(s, c);
    }
    leave(s);
}

/* Now that there is room for answers again. */
static bool has_more_to_do(const conn *c)
{
    return c->request == NULL ? conn_input(c).length > 0 : c->request->res.source != NULL;
}

static void send_written(server *s)
{
    while (!list_empty(&s->dirty)) {
        conn *c = LIST_OWNER(s->dirty.next, conn, dirty);
        list_remove(&c->dirty);
        if (c->request != NULL && c->request->res.needs_flush)
            response_flush(&c->request->res);
        c->transport->flush(c);
        if (c->is_closing || c->is_writing)
            continue;
        tell_drained(s, c);
        if (!c->is_closing && has_more_to_do(c))
            list_append(&s->ready, &c->ready);
    }
}

bool server_turn(server *s)
{
    if (list_empty(&s->ready) && list_empty(&s->dirty))
        return false;
    response_clock_set(&s->clock, (int64_t)time(NULL));
    s->pulls = 0;
    for (int round = 0; round < TURN_ROUNDS && !list_empty(&s->ready); round++)
        serve_ready(s);
    send_written(s);
    return !list_empty(&s->ready);
}

/* ---- The server itself ---- */

static void take_settings(server *s)
{
    const app_settings *settings = app_get_settings(s->app);
    s->responses = (response_settings){
        .compressor = settings->compresses ? s->compressor : NULL,
        .as_next = settings->is_strict_parity,
        .tags_pages = settings->is_strict_parity && settings->has_etags,
        .is_powered_by = settings->is_powered_by,
        .is_dev = settings->is_dev,
    };
}

server *server_new(const options *o, app *a, const script_host *script, bool logs_requests)
{
    server *s = memory_take(sizeof *s);
    *s = (server){
        .options = *o,
        .limits = { .head_bytes = (uint32_t)o->head_bytes,
                    .target_bytes = (uint32_t)o->target_bytes,
                    .fields = HTTP_HEAD_FIELDS },
        .app = app_hold(a),
        .script = script,
        .logs_requests = logs_requests,
    };
    conn_memory_init(&s->memory, (uint32_t)o->head_bytes);
    pool_init(&s->requests, sizeof(capra_request), SPARE_REQUESTS);
    list_init(&s->ready);
    list_init(&s->dirty);
    response_clock_init(&s->clock, (uint32_t)(o->keep_alive_ms / 1000));
    response_clock_set(&s->clock, (int64_t)time(NULL));
    s->compressor = compressor_new();
    take_settings(s);
    return s;
}

void server_free(server *s)
{
    if (s == NULL)
        return;
    app_release(s->app);
    conn_memory_cleanup(&s->memory);
    pool_cleanup(&s->requests);
    compressor_free(s->compressor);
    free(s->slots);
    free(s);
}

conn_memory *server_memory(server *s)
{
    return &s->memory;
}

void server_set_app(server *s, app *a)
{
    app *old = s->app;
    s->app = app_hold(a);
    take_settings(s);
    app_release(old);
}

void server_drain(server *s)
{
    s->is_draining = true;
}

uint32_t server_in_flight(const server *s)
{
    return s->in_flight;
}

void server_read_body(capra_request *req)
{
    req->flows = true;
    list_append(&req->server->ready, &req->conn->ready);
}

void server_pause_body(capra_request *req)
{
    req->flows = false;
}

void server_abort(capra_request *req)
{
    take_id(req->server, req);
    req->conn->transport->close(req->conn);
}

size_t server_wrote(capra_request *req)
{
    conn *c = req->conn;
    list_append(&req->server->dirty, &c->dirty);
    size_t const waiting = buffer_length(&c->out);
    req->awaits_drain = waiting >= DRAIN_BYTES;
    return waiting;
}
