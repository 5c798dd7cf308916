/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NATIVE_HELD_H
#define CAPRA_NATIVE_HELD_H

#include "files/files.h"
#include "native.h"
#include "request.h"

/* A request whose handler, in C, answers later. It belongs to the handler until that has answered
 * or given up; the connection may go before, and the request then lives on without it:
 *
 *     held ──an answer ends──▶ let go ──▶ freed with the answer
 *       │                         ▲
 *       └──client gone, or answered by the server──▶ cancelled
 */
typedef enum held_state {
    HELD_WAITING,
    HELD_CANCELLED, /* nobody waits for the answer; the handler has not noticed yet */
    HELD_LET_GO,
} held_state;

/* An answer that a blocking handler gives on its own thread: kept until the loop can send it. */
typedef struct held_record {
    response_head head;
    buffer lines, body;
    open_file file;
    bool is_answered, has_file, has_failed;
} held_record;

struct held {
    capra_request *request;
    _Atomic(held_state) state; /* a blocking handler may ask from its thread */
    conn_block block;          /* what was the connection's input; the request points into it */
    held_record *record;       /* of a blocking handler; NULL for others */
    list timers;
    list link; /* let go without a connection: in the server's list */
    void (*on_cancel)(capra_request *req, void *data);
    void (*on_piece)(capra_request *req, capra_slice piece, bool is_last, void *data);
    void (*on_drain)(capra_response *res, void *data);
    void *cancel_data, *piece_data, *drain_data;
    capra_slice address; /* of a blocking handler's client, asked for beforehand */
};

static inline capra_request *request_of(const capra_response *res)
{
    return LIST_OWNER((capra_response *)(uintptr_t)res, capra_request, res);
}

/* Before anything else is asked of another thread or a timer: on the loop's thread. */
void native_host_prepare(native_host *host);

/* Those of its handler; they never fire then. */
void native_stop_timers(held *h);

/* From now on the handler may return without an answer. */
held *held_new(capra_request *req);

/* What ends an answer, for a request that is held: see the functions of the same names in
 * response/response.h and files/files.h. CAPRA_E_GONE when it was cancelled; it is let go then. */
int held_send(capra_request *req, const response_head *head, capra_slice bytes);
int held_send_file(capra_request *req, open_file *file);
int held_end(capra_request *req);

/* The same for a fault of the handler: 500. */
void held_fail(capra_request *req);

/* 0 when the head can be sent or added to; else CAPRA_E_GONE or CAPRA_E_HEAD_SENT. */
int held_check_open(const capra_request *req);

#endif
