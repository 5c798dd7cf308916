/* SPDX-License-Identifier: MIT */
#include "held.h"

#include "base/error.h"
#include "native.h"
#include "pipeline.h"

/* Requests that are answered later; see held.h. */

static void no_cancel(capra_request *req, void *data)
{
    (void)req;
    (void)data; /* the handler finds out when it answers */
}

held *held_new(capra_request *req)
{
    held *h = arena_take(&req->arena, sizeof *h);
    *h = (held){ .request = req, .on_cancel = no_cancel };
    list_init(&h->timers);
    list_init(&h->link);
    req->held = h;
    return h;
}

bool native_holds(const capra_request *req)
{
    return req->held != NULL && req->held->state != HELD_LET_GO;
}

/* With a connection it goes the way of all answers; without one it waits for the next turn, for its
 * handler may still be looking at it. */
static void let_go(capra_request *req)
{
    held *h = req->held;
    bool const is_gone = h->state == HELD_CANCELLED;
    h->state = HELD_LET_GO;
    if (is_gone)
        list_append(&req->server->let_go, &h->link);
}

void native_free_let_go(server *s)
{
    list batch;
    list_take(&batch, &s->let_go);
    while (!list_empty(&batch)) {
        held *h = LIST_OWNER(batch.next, held, link);
        list_remove(&h->link);
        pipeline_free(h->request); /* with the last one the server may go */
    }
}

/* ---- The client has gone ---- */

/* The request still points into the connection's input, so it takes that along. */
static void leave_connection(capra_request *req)
{
    conn *c = req->conn;
    req->held->block = conn_input_take(c, &req->server->memory);
    c->request = NULL;
    req->conn = NULL;
    req->res.to = NULL;
}

void native_cancel(capra_request *req)
{
    server *s = req->server;
    held *h = req->held;
    leave_connection(req);
    req->res.state = RESPONSE_ENDED;
    req->flows = false;
    h->state = HELD_CANCELLED;
    capra_request *const before = pipeline_begin_call(req);
    h->on_cancel(req, h->cancel_data);
    pipeline_end_call(s, before);
}

/* ---- Answers ---- */

int held_check_open(const capra_request *req)
{
    const held *h = req->held;
    if (h->record != NULL)
        return h->record->is_answered ? CAPRA_E_HEAD_SENT : 0;
    if (h->state == HELD_CANCELLED)
        return CAPRA_E_GONE;
    return req->res.state == RESPONSE_OPEN ? 0 : CAPRA_E_HEAD_SENT;
}

/* Whether an answer can end now; if nobody waits for it, the request ends instead. */
static int begin_end(capra_request *req, response_state expected)
{
    held *h = req->held;
    if (h->state == HELD_CANCELLED) {
        let_go(req);
        return CAPRA_E_GONE;
    }
    if (h->state == HELD_LET_GO || req->res.state != expected)
        return CAPRA_E_HEAD_SENT;
    let_go(req);
    return 0;
}

static int record_answer(held_record *r, const response_head *head, capra_slice bytes)
{
    if (r->is_answered)
        return CAPRA_E_HEAD_SENT;
    r->is_answered = true;
    r->head = *head;
    buffer_append_slice(&r->lines, head->lines);
    buffer_append_slice(&r->body, bytes);
    return 0;
}

int held_send(capra_request *req, const response_head *head, capra_slice bytes)
{
    if (req->held->record != NULL)
        return record_answer(req->held->record, head, bytes);
    int const error = begin_end(req, RESPONSE_OPEN);
    return error != 0 ? error : response_send(&req->res, head, bytes);
}

int held_send_file(capra_request *req, open_file *file)
{
    held_record *r = req->held->record;
    if (r != NULL) {
        r->is_answered = r->has_file = true;
        r->file = *file;
        return 0;
    }
    int const error = begin_end(req, RESPONSE_OPEN);
    if (error != 0)
        file_close(file);
    else
        file_answer(file, &req->res);
    return error;
}

int held_end(capra_request *req)
{
    if (req->held->record != NULL)
        return CAPRA_E_INVALID;
    int const error = begin_end(req, RESPONSE_STREAMING);
    return error != 0 ? error : response_end(&req->res, (capra_slice){ 0 });
}

void held_fail(capra_request *req)
{
    held_record *r = req->held->record;
    if (r != NULL)
        r->is_answered = r->has_failed = true;
    else if (begin_end(req, RESPONSE_OPEN) == 0)
        native_send_fault(&req->res);
}

/* ---- include/capra.h ---- */

int capra_defer(capra_request *req)
{
    if (req->held != NULL)
        return req->held->record != NULL ? CAPRA_E_INVALID : 0;
    if (req->res.state == RESPONSE_ENDED || req->res.source != NULL)
        return CAPRA_E_HEAD_SENT;
    held_new(req);
    native_host_prepare(req->server->native);
    return 0;
}

/* What can be asked for a deferred request only, and not from another thread. */
static bool is_deferred(const capra_request *req)
{
    return native_holds(req) && req->held->record == NULL;
}

int capra_on_cancel(capra_request *req, void (*cancelled)(capra_request *req, void *data),
                    void *data)
{
    if (!is_deferred(req))
        return CAPRA_E_INVALID;
    req->held->on_cancel = cancelled;
    req->held->cancel_data = data;
    return 0;
}

bool capra_is_cancelled(const capra_request *req)
{
    return req->held != NULL && req->held->state == HELD_CANCELLED;
}

void capra_abandon(capra_request *req)
{
    if (!is_deferred(req))
        return;
    bool const is_gone = req->held->state == HELD_CANCELLED;
    let_go(req);
    if (!is_gone)
        list_append(&req->server->ready, &req->conn->ready);
}

bool native_is_abandoned(const capra_request *req)
{
    return req->held->state == HELD_LET_GO && req->res.source == NULL;
}

int capra_response_on_drain(capra_response *res, void (*drained)(capra_response *res, void *data),
                            void *data)
{
    capra_request *req = request_of(res);
    if (!is_deferred(req))
        return CAPRA_E_INVALID;
    req->held->on_drain = drained;
    req->held->drain_data = data;
    return 0;
}

void native_tell_drained(capra_request *req)
{
    server *s = req->server;
    held *h = req->held;
    if (h->state != HELD_WAITING || h->on_drain == NULL)
        return;
    capra_request *const before = pipeline_begin_call(req);
    h->on_drain(&req->res, h->drain_data);
    pipeline_end_call(s, before);
}

int capra_request_on_body(capra_request *req,
                          void (*on_piece)(capra_request *req, capra_slice piece, bool is_last,
                                           void *data),
                          void *data)
{
    int const error = capra_defer(req);
    if (error != 0)
        return error;
    req->held->on_piece = on_piece;
    req->held->piece_data = data;
    server_read_body(req);
    return 0;
}

void native_tell_piece(capra_request *req, capra_slice piece, bool is_last)
{
    server *s = req->server;
    held *h = req->held;
    if (h->state != HELD_WAITING || h->on_piece == NULL)
        return;
    capra_request *const before = pipeline_begin_call(req);
    h->on_piece(req, piece, is_last, h->piece_data);
    pipeline_end_call(s, before);
}

void capra_request_pause(capra_request *req)
{
    req->flows = false;
}

void capra_request_resume(capra_request *req)
{
    if (req->conn != NULL && native_holds(req) && req->held->on_piece != NULL)
        server_read_body(req);
}
