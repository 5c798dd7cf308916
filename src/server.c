/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "base/error.h"
#include "client.h"

#include <stdlib.h>
#include <time.h>

/* The pipeline: one request through every stage, in order.
 *
 *     read_head ─▶ find_route ─▶ check_policy ─▶ take_body ─▶ run_handler ─▶ follow
 *                      ├─▶ await_proxy ─▶ on behind the redirects
 *                      └─▶ hand_over ─▶ read_head of another worker
 *
 * A connection serves its requests one after the other, so answers are in order by themselves.
 * Reading only puts connections on `ready`; a turn of the loop serves all of them, inside one
 * visit to the script host, and sends each connection's answers with one write. */

enum {
    TURN_REQUESTS = 64,      /* of one connection, before the others have their turn */
    TURN_ROUNDS = 16,        /* of a turn, before the loop looks at its sockets again */
    SPARE_REQUESTS = 256,    /* kept for the next */
    DRAIN_BYTES = 16 * 1024, /* a writer of less is not told when they have gone */
    SWITCHING_PROTOCOLS = 101,
};

/* ---- Names for the script host ---- */

void pipeline_take_id(capra_request *req)
{
    duration_stop(&req->limit);
    if (req->id == 0)
        return;
    ids_forget(&req->server->ids, req->id);
    req->id = 0;
}

capra_request *server_request(server *s, uint32_t id)
{
    return ids_find(&s->ids, id);
}

/* ---- The life of a request ---- */

static const response_events on_response;

capra_request *pipeline_begin(server *s, conn *c)
{
    capra_request *req = pool_take(&s->requests);
    memset(req, 0, offsetof(capra_request, head));
    req->server = s;
    req->conn = c;
    http_head_init(&req->head);
    arena_init(&req->arena);
    c->request = req;
    score_add(&s->score->in_flight, 1);
    req->started_ns = s->turn_ns;
    return req;
}

static void destroy(server *s);

void pipeline_free(capra_request *req)
{
    server *s = req->server;
    if (s->running == req)
        s->running = NULL;
    pipeline_take_id(req);
    if (req->held != NULL || req->farewells != NULL)
        native_end(req);
    response_cleanup(&req->res);
    buffer_cleanup(&req->collected);
    workload_give_back(&s->load, &req->load);
    buffer_cleanup(&req->trailers);
    arena_cleanup(&req->arena);
    app_release(req->app);
    score_add(&s->score->in_flight, -1);
    pool_give(&s->requests, req);
    if (s->is_orphan && server_in_flight(s) == 0)
        destroy(s);
}

/* The connection is done with it; a handler in C that has not answered yet is not. */
static void leave(capra_request *req)
{
    duration_stop(&req->limit);
    if (native_holds(req))
        native_cancel(req);
    else
        pipeline_free(req);
}

/* A message has been written completely. Its request goes on to the end in the next round. */
static void on_answered(capra_response *res)
{
    capra_request *req = LIST_OWNER(res, capra_request, res);
    server *s = req->server;
    pipeline_take_id(req);
    if (!req->conn->is_closing) {
        list_append(&s->dirty, &req->conn->dirty);
        if (req->stage == STAGE_RUNNING || req->stage == STAGE_PROXY)
            list_append(&s->ready, &req->conn->ready);
    }
}

/* Uses the next piece of the body, and keeps what it has of trailers. */
int pipeline_take_piece(capra_request *req, size_t *used, capra_slice *piece)
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
    if (!is_whole)
        pipeline_answer_begins(req);
}

/* Whoever answered is done; the rest is pulled in `follow`. */
static void on_source(capra_response *res)
{
    capra_request *req = LIST_OWNER(res, capra_request, res);
    pipeline_take_id(req);
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
    /* Who was answered for keeps the connection's input, and with it what may stand behind. */
    bool const closes = req->res.closes || s->is_draining || native_holds(req) || !skip_body(req);
    if (s->observer != NULL)
        observer_tell(s->observer, req, false);
    c->request = NULL;
    score_add(&s->score->requests, 1);
    leave(req); /* maybe with the block that its head is in */
    conn_input_done(c, &s->memory);

    if (closes) {
        c->transport->linger(c);
        return;
    }
    c->transport->set_deadline(c, CONN_IDLE);
    if (c->is_paused)
        c->transport->resume(c);
}

verdict pipeline_refuse(capra_request *req, int code)
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
        return pipeline_refuse(req, (int)length);
    }
    conn_input_read(c, (size_t)length);
    conn_input_pin(c);
    req->data = conn_input_pinned(c);
    begin_response(req, true);
    if (s->trusted != NULL)
        client_establish(req);
    if (s->observer != NULL)
        req->res.preset = observer_begin(s->observer, req);
    return PASS;
}

/* Only closing ends it. */
static verdict hold(capra_request *req)
{
    conn *c = req->conn;
    if (c->has_ended)
        c->transport->close(c);
    return LATER;
}

typedef verdict (*stage_fn)(capra_request *req);

static const stage_fn stages[STAGES] = {
    [STAGE_HEAD] = read_head,
    [STAGE_ROUTE] = stage_find_route,
    [STAGE_POLICY] = stage_check_policy,
    [STAGE_BODY] = stage_take_body,
    [STAGE_HANDLER] = stage_run_handler,
    [STAGE_RUNNING] = stage_follow,
    [STAGE_PROXY] = stage_await_proxy,
    [STAGE_MOVING] = stage_hand_over,
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
        if (v == PASS) {
            req->stage++;
        } else if (v == ELSEWHERE) {
            req->stage = STAGE_MOVING;
            v = PASS;
        }
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
        if (c->request == NULL && pipeline_is_full(c))
            return; /* until on_drained, or a flush that sends it all */
        serve(c->request != NULL ? c->request : pipeline_begin(s, c));
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
static void tell_drained(conn *c)
{
    capra_request *req = c->request;
    if (req == NULL || !req->awaits_drain)
        return;
    req->awaits_drain = false;
    pipeline_tell_drained(req);
}

static void on_drained(conn *c)
{
    server *s = c->owner;
    if (c->request == NULL)
        c->transport->set_deadline(c, CONN_IDLE);
    tell_drained(c);
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
        pipeline_refuse(req, CAPRA_E_HEAD_SLOW);
        finish(req);
    } else if (c->deadline == CONN_MOVING && req->stage == STAGE_MOVING) {
        pipeline_refuse(req, CAPRA_E_AWAY);
        finish(req);
    } else if (c->deadline == CONN_BODY && req->stage == STAGE_BODY) {
        pipeline_refuse(req, CAPRA_E_BODY_SLOW);
        finish(req);
    } else if (c->deadline == CONN_BODY &&
               (req->stage == STAGE_RUNNING || req->stage == STAGE_PROXY)) {
        pipeline_fail_body(req, CAPRA_E_BODY_SLOW, SCRIPT_BAD_BODY);
        pipeline_leave(s);
    }
}

static void on_close(conn *c)
{
    server *s = c->owner;
    capra_request *req = c->request;
    if (req == NULL)
        return;
    if (s->observer != NULL && req->is_detached)
        observer_tell_instead(s->observer, req, SWITCHING_PROTOCOLS);
    else if (s->observer != NULL && req->stage > STAGE_HEAD)
        observer_tell(s->observer, req, true);
    c->request = NULL;
    uint32_t const id = req->id;
    leave(req);
    if (id != 0) {
        bool const was_inside = s->is_inside;
        pipeline_enter(s);
        s->script->ended(s->script->data, id, SCRIPT_GONE);
        if (!was_inside)
            pipeline_leave(s);
    }
}

const conn_events server_conn_events = {
    .on_input = on_input,
    .on_drained = on_drained,
    .on_deadline = on_deadline,
    .on_arrival = pipeline_on_arrival,
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
    pipeline_leave(s);
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
        tell_drained(c);
        if (!c->is_closing && has_more_to_do(c))
            list_append(&s->ready, &c->ready);
    }
}

bool server_turn(server *s)
{
    if (!list_empty(&s->let_go))
        native_free_let_go(s);
    if (list_empty(&s->ready) && list_empty(&s->dirty))
        return false;
    response_clock_set(&s->clock, (int64_t)time(NULL));
    if (s->observer != NULL)
        s->turn_ns = observer_now_ns();
    s->pulls = 0;
    for (int round = 0; round < TURN_ROUNDS && !list_empty(&s->ready); round++)
        serve_ready(s);
    send_written(s);
    return !list_empty(&s->ready);
}

/* ---- The server itself ---- */

static uint64_t shortest_duration(const app *a)
{
    uint64_t shortest = 0;
    for (uint32_t i = 0; i < app_route_count(a); i++) {
        uint64_t const each = app_find(a, i)->max_duration_ms;
        if (each != 0 && (shortest == 0 || each < shortest))
            shortest = each;
    }
    return shortest;
}

static void take_settings(server *s)
{
    s->trusted = s->told_trusted != NULL ? s->told_trusted : app_trusted(s->app);
    const app_settings *settings = app_get_settings(s->app);
    s->responses = (response_settings){
        .compressor = settings->compresses ? s->compressor : NULL,
        .as_next = settings->is_strict_parity,
        .tags_pages = settings->is_strict_parity && settings->has_etags,
        .is_powered_by = settings->is_powered_by,
        .is_dev = settings->is_dev,
    };
    atomic_store(&s->shortest_duration_ms, shortest_duration(s->app));
    s->max_duration_ms = settings->is_strict_parity ? 0 : s->options.max_duration_ms;
}

server *server_new(const options *o, app *a, const script_host *script, observer *told)
{
    server *s = memory_take(sizeof *s);
    *s = (server){
        .options = *o,
        .limits = { .head_bytes = (uint32_t)o->head_bytes,
                    .target_bytes = (uint32_t)o->target_bytes,
                    .fields = HTTP_HEAD_FIELDS },
        .load = { .most_requests = (uint32_t)o->in_flight, .most_bytes = o->buffered_bytes },
        .body_pace = { .patience_ms = o->body_ms, .bytes_per_s = o->body_rate },
        .app = app_hold(a),
        .script = script,
        .observer = told,
    };
    s->score = &s->own_score;
    conn_memory_init(&s->memory, (uint32_t)o->head_bytes);
    pool_init(&s->requests, sizeof(capra_request), SPARE_REQUESTS);
    list_init(&s->ready);
    list_init(&s->dirty);
    list_init(&s->moving);
    list_init(&s->let_go);
    response_clock_init(&s->clock, (uint32_t)(o->keep_alive_ms / 1000));
    response_clock_set(&s->clock, (int64_t)time(NULL));
    s->compressor = compressor_new();
    take_settings(s);
    return s;
}

void server_set_loop(server *s, void *loop)
{
    s->native = native_host_new(loop, (uint32_t)s->options.threads);
}

static void destroy(server *s)
{
    native_host_free(s->native);
    conn_memory_cleanup(&s->memory);
    pool_cleanup(&s->requests);
    compressor_free(s->compressor);
    ids_cleanup(&s->ids);
    durations_cleanup(&s->durations);
    durations_cleanup(&s->overdue);
    free(s);
}

/* A handler in C that answers later may do so after all connections, and never. */
void server_free(server *s)
{
    if (s == NULL)
        return;
    native_host_close(s->native);
    native_free_let_go(s);
    app_release(s->app);
    s->app = NULL;
    score_set(&s->own_score.in_flight, server_in_flight(s));
    s->score = &s->own_score;
    s->is_orphan = true;
    if (server_in_flight(s) == 0)
        destroy(s);
}

void server_set_trusted(server *s, const networks *trusted)
{
    s->told_trusted = s->trusted = trusted;
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
    if (s->observer != NULL)
        observer_forget_routes(s->observer);
    app_release(old);
}

void server_drain(server *s)
{
    s->is_draining = true;
}

void server_move_on(server *s)
{
    while (!list_empty(&s->moving))
        list_append(&s->ready, s->moving.next);
}

uint32_t server_in_flight(const server *s)
{
    return score_get(&s->score->in_flight);
}

void server_set_score(server *s, score *shared)
{
    s->score = shared;
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
    pipeline_take_id(req);
    req->conn->transport->close(req->conn);
}

int server_detach(capra_request *req, capra_slice *rest)
{
    conn *c = req->conn;
    if (c->is_writing || buffer_length(&c->out) > 0)
        return -1;
    *rest = conn_input(c);
    int const fd = c->transport->detach(c);
    req->is_detached = fd >= 0;
    return fd;
}

size_t server_wrote(capra_request *req)
{
    conn *c = req->conn;
    list_append(&req->server->dirty, &c->dirty);
    size_t const waiting = buffer_length(&c->out);
    req->awaits_drain = waiting >= DRAIN_BYTES;
    return waiting;
}
