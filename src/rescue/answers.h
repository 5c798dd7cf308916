/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESCUE_ANSWERS_H
#define CAPRA_RESCUE_ANSWERS_H

#include "net/net.h"
#include "server.h"

/* The last bytes of a worker: an answer on each connection that waits for one. */

/* Who is to blame, as far as it is known. */
typedef struct rescue_blame {
    const capra_request *request; /* whose handler ran; NULL: nobody's, or nobody knows */
    const app_route *route;       /* when only that is known */
    int code;                     /* what the blamed are answered, of the table of errors */
} rescue_blame;

enum { RESCUE_ROUTES = 4 };

/* What became of the requests. */
typedef struct rescue_tally {
    uint32_t blamed, lost, unserved, cut;
    /* Some of those that had begun, each once. */
    const app_route *routes[RESCUE_ROUTES];
    uint32_t route_count;
} rescue_tally;

/* Whether it is this request that is blamed: by itself, by its route; or, when nobody knows better,
 * as one that had begun. */
bool rescue_is_blamed(const rescue_blame *blame, const capra_request *req);

/* The route of all requests that have begun, when it is but one; else NULL. */
const app_route *rescue_only_route(const net *n);

/* Sends what waits to be sent, then the last answer of each connection that has a request without
 * one, and closes all for writing. Nothing of the server is changed, nothing is allocated, no lock
 * is taken: it may run in a signal handler, on whatever the fault has left. The process is to
 * end after it. */
void rescue_answer(rescue_tally *tally, const net *n, const rescue_blame *blame);

/* The same for one connection. */
void rescue_answer_one(rescue_tally *tally, conn *c, int fd, const rescue_blame *blame);

/* Tells the server's observer of these requests, now that they are answered; `told` may be NULL. */
void rescue_tell(const net *n, observer *told, const rescue_blame *blame);

#endif
