/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NATIVE_H
#define CAPRA_NATIVE_H

#include <capra.h>

/* The C side of include/capra.h, as the pipeline sees it. Requests of most routes in C are answered
 * before their handler returns, and have nothing of this. */

/* Whether the handler has not answered yet, and the request is its own until it has. */
bool native_holds(const capra_request *req);

/* Nobody waits for a held request any more. It lives on without its connection, whose input it
 * takes along, and the handler is told. */
void native_cancel(capra_request *req);

/* What the handler is told: a piece of the body, or all of it with `is_last`; and that the client
 * has read what was written. */
void native_tell_piece(capra_request *req, capra_slice piece, bool is_last);
void native_tell_drained(capra_request *req);

/* Whether the handler wants no answer sent, and the connection cut. */
bool native_is_abandoned(const capra_request *req);

/* The answer to a fault of the handler itself: 500, as for a script that throws; but what the
 * handler has set so far is not sent. */
void native_send_fault(capra_response *res);

/* The end of a request: its timers, what capra_on_end asked for. */
void native_end(capra_request *req);

struct server;

/* Frees requests that were let go after their connection. */
void native_free_let_go(struct server *s);

/* The handler of routes that wait, in the place of their own: it runs that on another thread. */
void native_run_blocking(capra_request *req, capra_response *res);

/* Finds blocking handlers that have kept their threads for longer than they may: see
 * server_is_stuck. */
void native_expire(struct server *s);

/* Whose handler waits on the calling thread; NULL: nobody's. For a signal handler. */
const capra_request *native_on_this_thread(const struct server *s);

/* What handlers need of the loop that the server is on; made when one first asks. */
typedef struct native_host native_host;

/* `loop` is a uv_loop_t; `threads`: the most that wait at once. To be closed, then freed. */
native_host *native_host_new(void *loop, uint32_t threads);

/* Waits for handlers on other threads, unless they were given up by server_abandon. Takes NULL. */
void native_host_close(native_host *host);

/* After the last request. Takes NULL. */
void native_host_free(native_host *host);

#endif
