/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_PIPELINE_H
#define CAPRA_PIPELINE_H

#include "base/networks.h"
#include "base/scoreboard.h"
#include "handler/durations.h"
#include "handler/ids.h"
#include "native/native.h"
#include "observer.h"
#include "server.h"

#include <stdatomic.h>

/* What the stages share. server.c walks them; each of the larger ones has a file of its own. */

/* A stage passes the request on, or has answered it, or waits for something to happen; or it has
 * found that another kind of worker is the one to serve it. */
typedef enum verdict { PASS, ANSWERED, LATER, ELSEWHERE } verdict;

struct server {
    options options;
    http_limits limits;
    pace_rule body_pace;
    workload load;
    app *app;
    const script_host *script;
    const networks *told_trusted; /* by the command line; NULL: it says nothing */
    const networks *trusted;      /* what holds: that, or the app's; NULL: nobody was asked for */
    conn_memory memory;
    pool requests;
    list ready, dirty; /* connections with something to do, and with something to send */
    list moving;       /* those that wait for room at workers of the other kind */
    list let_go;       /* requests that have outlived their connection, and may be freed now */
    response_clock clock;
    response_settings responses;
    compressor *compressor;
    observer *observer; /* is told of each request that has ended; may be NULL */
    int64_t turn_ns;    /* when this turn began; with an observer */
    ids ids;
    native_host *native; /* NULL without a loop */
    durations durations;
    durations overdue; /* until when blocking handlers may keep their threads; see native/host.c */
    uint32_t stuck;    /* of these, how many have not come back by then */
    uint64_t now_ms;   /* on the loop's clock, when this turn began */
    uint64_t max_duration_ms; /* of routes that do not say; 0: none */
    score own_score;          /* as long as nobody else wants to know */
    score *score;
    capra_request *running;                /* whose handler has been called and has not returned */
    _Atomic uint64_t shortest_duration_ms; /* of all routes that have a limit; 0: none has */
    uint32_t pulls;                        /* in this turn */
    bool is_inside;                        /* the script host has been entered in this turn */
    bool is_heard;                         /* a script listens to all requests */
    bool is_draining;
    bool is_orphan; /* its owner is done with it; requests that are held are not */
};

/* find_route.c: from the target to a route, a file of public/, or an answer. */
verdict stage_find_route(capra_request *req);

/* ask_proxy.c: the project's proxy, before a route is looked for; then the rest of what find_route
 * does, for a request that is to go on. `w` is copied. */
verdict pipeline_ask_proxy(capra_request *req, const rules_walk *w);
verdict stage_await_proxy(capra_request *req);
verdict pipeline_find_behind_proxy(capra_request *req);

/* The same for who listens to all requests: before anything is made of the target. */
verdict pipeline_ask_listeners(capra_request *req);
verdict pipeline_find_behind_listeners(capra_request *req);

/* hand_over.c: the connection goes to a worker of the other kind; and one that has come from there
 * begins. */
verdict stage_hand_over(capra_request *req);
void pipeline_on_arrival(conn *c, capra_slice note, bool is_returned);

/* Who may have a say in a request before its route is looked for. */
typedef enum asked { ASKED_LISTENER, ASKED_PROXY, ASKED_KINDS } asked;

/* What was said is kept, as a copy, for workers that have nobody to ask; and what was kept, here or
 * in the worker before, is lent by the request. NULL: nobody was asked. */
void pipeline_keep_said(capra_request *req, asked who, const proxy_changes *said);
const proxy_changes *pipeline_said(const capra_request *req, asked who);

/* The body that was read there is this one's, too. False when the server has no room for it. */
bool pipeline_take_handed_body(capra_request *req);

/* take_body.c: the body held against its limit before anything is spent on it; then all of it,
 * unless its handler reads it as a stream. */
verdict stage_check_policy(capra_request *req);
verdict stage_take_body(capra_request *req);

/* run_handler.c: the handler, in either language; then, until its answer has ended, what flows to
 * it and from it. */
verdict stage_run_handler(capra_request *req);
verdict stage_follow(capra_request *req);

/* A request begins on the connection. */
capra_request *pipeline_begin(server *s, conn *c);

/* The request's end: what was made for it goes with it. */
void pipeline_free(capra_request *req);

/* limit_handler.c: the handler has been called and has not answered; its time runs. */
void pipeline_limit(capra_request *req);

/* The head of its answer goes out, and more will follow. */
void pipeline_answer_begins(capra_request *req);

/* The streamed body has failed; whoever waits for it hears so. */
verdict pipeline_fail_body(capra_request *req, int code, script_end why);

/* Waits for what the script says; it hears that the client will send no more. */
verdict pipeline_await_script(capra_request *req);

/* What has come of the body goes to `collected`. 0, or an error of body_take. */
int pipeline_collect_body(capra_request *req);

/* More of the body is wanted: says so to a client that waits for the word, and gives it its time.
 * False when the client has used that up, with less than the least rate. */
bool pipeline_await_body(capra_request *req);

/* Nobody wants more of the body for now; that is no fault of the client's. */
void pipeline_leave_body(capra_request *req);

/* The next piece of the body, as body_take has it; trailers are kept. */
int pipeline_take_piece(capra_request *req, size_t *used, capra_slice *piece);

/* The answer to a body that is longer than its route takes. */
verdict pipeline_refuse_length(capra_request *req);

/* The answer that the table of errors has for `code`, and the end of the connection. */
verdict pipeline_refuse(capra_request *req, int code);

/* Has the client more to read than it should leave unread? */
bool pipeline_is_full(const conn *c);

/* The handler is done with the request: its time stops, and the script host hears no more of it. */
void pipeline_take_id(capra_request *req);

/* What its handler is told, whichever language it is in. */
void pipeline_tell_piece(capra_request *req, capra_slice piece);
void pipeline_tell_end(capra_request *req);
void pipeline_tell_half_closed(capra_request *req);
void pipeline_tell_drained(capra_request *req);

/* Around what a handler in C is called back for: if it crashes or holds the loop, it was this
 * request's. The first returns what the second is to be given. */
static inline capra_request *pipeline_begin_call(capra_request *req)
{
    capra_request *const before = req->server->running;
    req->server->running = req;
    return before;
}

static inline void pipeline_end_call(server *s, capra_request *before)
{
    s->running = before;
}

/* Around calls into the script host; entered once in a turn, left when all have been made. */
static inline void pipeline_enter(server *s)
{
    if (!s->is_inside) {
        s->is_inside = true;
        s->script->enter(s->script->data);
    }
}

static inline void pipeline_leave(server *s)
{
    if (s->is_inside) {
        s->is_inside = false;
        s->running = NULL; /* what was put off may be of any */
        s->script->leave(s->script->data);
    }
}

#endif
