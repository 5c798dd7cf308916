/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_REQUEST_H
#define CAPRA_REQUEST_H

#include "app.h"
#include "base/pace.h"
#include "body/body.h"
#include "handler/durations.h"
#include "net/conn.h"
#include "policy/workload.h"
#include "response/response.h"
#include "route/route.h"

/* Where a request stands in the pipeline (see server.c). */
typedef enum request_stage {
    STAGE_HEAD,
    STAGE_ROUTE,
    STAGE_POLICY,
    STAGE_BODY,
    STAGE_HANDLER,
    STAGE_RUNNING, /* its handler answers later */
    STAGE_PROXY,   /* the project's proxy, or a listener, is asked: within STAGE_ROUTE */
    STAGE_MOVING,  /* it is to be handed over to a worker of the other kind */
    STAGE_HELD,    /* it never gets an answer */
    STAGES
} request_stage;

/* What a handler in C has made of it: see native/. */
typedef struct held held;
/* What a worker of the other kind has said of it: see hand_over.c. */
typedef struct handed handed;
typedef struct farewell farewell;

/* What the project's proxy, or who listens to all requests, has been asked about a request, and has
 * said (see ask_proxy.c). */
typedef struct proxied {
    bool is_heard;      /* by a listener, and the proxy's turn is still to come */
    rules_walk walk;    /* of the proxy: where the request stands among the rules */
    capra_slice before; /* its head, as it was when somebody was asked */
    bool has_passed;    /* it is to go on */
    capra_slice target; /* to this path and query; NULL data: where it was going */
    int error;          /* it cannot go on: a code */
} proxied;

/* A request and its response. Lives from its first byte to the last byte of its answer, and
 * everything made for it dies with it. */
struct capra_request {
    struct server *server;
    conn *conn;
    app *app; /* held: the one that was current when the route was found */
    const app_route *route;
    open_file *file;     /* of public/, open: it is answered with, instead of a route */
    uint32_t id;         /* for the script host; 0: it has none */
    held *held;          /* answered later, by a handler in C; NULL for most */
    farewell *farewells; /* to be said when it ends; NULL for most */
    struct json_t *json; /* the body, once somebody has asked for it */
    request_stage stage;
    const char *data;            /* the head's bytes, pinned in the connection's input */
    http_target target;          /* without the base path */
    capra_slice rewritten_query; /* what a rewrite has made of the query; NULL data: no rewrite */
    capra_slice hidden_names;    /* with a rewrite: see rules_hidden */
    capra_slice elsewhere;       /* it is passed on to this address; NULL data: it is not */
    proxied *proxied;            /* NULL: nobody was asked */
    handed *handed;              /* NULL: it began here */
    route_match match;
    body body;
    capra_slice whole_body; /* once read: in the connection's input, or in `collected` */
    buffer collected;
    workload_part load;   /* what the server has taken on with it */
    pace pace;            /* of the body */
    uint64_t paced_bytes; /* of it that have been counted for the pace */
    buffer trailers;      /* lines behind a body in chunks, each with its CR LF */
    arena arena;
    int64_t started_ns;  /* when somebody is told of requests: the turn in which it came */
    uint32_t log_id;     /* its id in the access log, once its client knows it; 0: not yet given */
    duration limit;      /* until when it must be answered; runs while its handler does */
    uint64_t handler_ms; /* when that was called, on the loop's clock */
    bool has_own_limit;  /* that its module has told, and the manifest does not know */
    bool is_refused;     /* as Next does it: the connection seems to go on, whatever still comes */
    bool flows;          /* a script asks for the streamed body */
    bool is_told_of_end; /* the script host knows that the streamed body has ended */
    bool is_told_of_half_close;
    bool collects;      /* who is asked reads the body; `collected` has what has come of it */
    bool awaits_drain;  /* the script host is to be told when `out` is empty */
    bool has_continued; /* 100 Continue has been sent */
    bool is_detached;   /* another protocol is spoken on its socket now */
    capra_response res;
    http_head head; /* last: large, and not to be cleared */
};

/* From the method on, without empty lines before it, to the last field, without what ends it. */
capra_slice request_visible_head(const capra_request *req);

#endif
