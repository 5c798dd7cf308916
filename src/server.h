/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SERVER_H
#define CAPRA_SERVER_H

#include "app.h"
#include "base/networks.h"
#include "base/scoreboard.h"
#include "handler/script.h"
#include "net/conn.h"
#include "observer.h"
#include "options.h"
#include "request.h"

/* HTTP over connections, and requests through the pipeline. Knows no sockets: net/ or a test
 * brings the connections. */
typedef struct server server;

/* `script` may be NULL; then the app has no routes that need it. Both are lent and outlive the
 * server. `app` is held. `told` may be NULL, and is lent. */
server *server_new(const options *o, app *app, const script_host *script, observer *told);

/* Whose word about clients is believed, whatever the app says; before the first request. Lent, and
 * outlives the server. See client.h. */
void server_set_trusted(server *s, const networks *trusted);

/* The loop that it is on, a uv_loop_t: without one, handlers in C have no timers and no threads.
 * Said once, before the first request. */
void server_set_loop(server *s, void *loop);

/* After its last connection is gone. Takes NULL. */
void server_free(server *s);

/* What a connection's transport needs: its events (with the server as owner), and memory. */
extern const conn_events server_conn_events;
conn_memory *server_memory(server *s);

/* Serves what is ready and sends what is written. True when something is left to do at once. */
bool server_turn(server *s);

/* Before each turn: what must have been answered by now, on the loop's clock, is. Returns in how
 * many milliseconds it wants to be asked again; 0: nobody waits. */
uint64_t server_expire(server *s, uint64_t now_ms);

/* A blocking handler has not come back from its thread, `--stall-timeout` after its time was over.
 * Nobody can take the thread from it, so it is the process that should be replaced. */
bool server_is_stuck(const server *s);

/* Whether handlers are on other threads, and may still come back. */
bool server_waits(const server *s);

/* Those that have not come back are not waited for in server_free; the log says which. The process
 * is to end then: what they use stays as it is, and no CAPRA_EXIT of theirs runs. */
void server_abandon(server *s);

/* Requests whose head comes from now on are for this app; it is held. */
void server_set_app(server *s, app *app);

/* From now on each connection ends with its next response. */
void server_drain(server *s);

/* There may be room again for connections that are to be handed over to other workers. */
void server_move_on(server *s);

/* Requests that have begun and not ended. */
uint32_t server_in_flight(const server *s);

/* From now on its requests are counted there; before the first one. Lent, and outlives the
 * server. */
void server_set_score(server *s, score *shared);

/* ---- For the script host: everything by id; an id that names nothing gives NULL ---- */

/* Lent until the request ends. */
capra_request *server_request(server *s, uint32_t id);

/* Starts or stops the flow of a streamed body. */
void server_read_body(capra_request *req);
void server_pause_body(capra_request *req);

/* What the project's proxy has decided about a request that is to go on. All are lent. */
typedef struct proxy_changes {
    capra_slice target;  /* a path and query to go to instead; NULL data: none */
    capra_slice head;    /* the request's head, request line included, without the empty line that
                            ends it; empty: as it was */
    capra_slice lines;   /* header lines for the answer, unless who answers has others */
    capra_slice cookies; /* Set-Cookie lines, which the answer has besides its own */
} proxy_changes;

/* The proxy lets the request go on. The script host hears no more of it under this id. */
void server_pass_on(capra_request *req, const proxy_changes *changes);

/* From now on, or no longer, the script host is asked about each request before anything else is.
 */
void server_hear(server *s, bool is_heard);

/* Its handler has `ms` in all to answer, whatever the manifest says of its route. */
void server_limit(capra_request *req, uint64_t ms);

/* Cuts the connection; the script host hears no more of the request. */
void server_abort(capra_request *req);

/* Takes the socket out of a request's connection: a descriptor that is the caller's, with what the
 * client has sent behind the head in `*rest`, lent until server_abort, which is to follow. Negative
 * when it cannot be had: earlier answers have not been sent. */
int server_detach(capra_request *req, capra_slice *rest);

/* Something has been written outside of a turn; it goes out at the next one. Returns the bytes that
 * wait. */
size_t server_wrote(capra_request *req);

#endif
