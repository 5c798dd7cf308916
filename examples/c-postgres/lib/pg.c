/* SPDX-License-Identifier: MIT */
#include "pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* What was asked for, in the request's own memory. */
typedef struct job {
    struct job *next;
    capra_request *req;
    capra_response *res;
    const char *text;
    int count;
    const char *const *values;
    pg_done done;
} job;

typedef enum pg_state {
    PG_CLOSED,
    PG_CONNECTING,
    PG_IDLE,
    PG_WORKING, /* on the first job of the queue */
} pg_state;

struct pg {
    pg_state state;
    PGconn *conn;
    uv_poll_t *poll; /* NULL: nothing is watched */
    int watched;     /* the socket that is */
    uv_loop_t *loop;
    PGresult *result;
    job *first, **end;
};

static void on_event(uv_poll_t *poll, int status, int events);

/* ---- The socket ---- */

/* libuv is done with a handle a little later, and this code may be unloaded by then; free is not.
 */
static void unwatch(pg *p)
{
    if (p->poll != NULL)
        uv_close((uv_handle_t *)p->poll, (uv_close_cb)(void (*)(void))free);
    p->poll = NULL;
}

/* libpq may change its socket while it connects. */
static void watch(pg *p, int events)
{
    int const socket = PQsocket(p->conn);
    if (p->poll == NULL || p->watched != socket) {
        unwatch(p);
        p->poll = malloc(sizeof *p->poll);
        if (p->poll == NULL)
            abort();
        uv_poll_init(p->loop, p->poll, socket);
        uv_unref((uv_handle_t *)p->poll); /* it keeps no worker from its end */
        p->poll->data = p;
        p->watched = socket;
    }
    uv_poll_start(p->poll, events, on_event);
}

static void disconnect(pg *p)
{
    unwatch(p);
    PQclear(p->result);
    PQfinish(p->conn);
    p->result = NULL;
    p->conn = NULL;
    p->state = PG_CLOSED;
}

/* ---- The queue ---- */

static job *take_first(pg *p)
{
    job *j = p->first;
    p->first = j->next;
    if (p->first == NULL)
        p->end = &p->first;
    return j;
}

static void finish_first(pg *p, const PGresult *result)
{
    job *j = take_first(p);
    if (capra_is_cancelled(j->req))
        capra_abandon(j->req);
    else
        j->done(j->req, j->res, result);
}

/* Nobody who waits now is answered by this connection; who comes next tries a new one. */
static void lose(pg *p)
{
    fprintf(stderr, "pg: %s", p->conn == NULL ? "there is no memory\n" : PQerrorMessage(p->conn));
    disconnect(p);
    job *waiting = p->first;
    p->first = NULL;
    p->end = &p->first;
    while (waiting != NULL) {
        job *j = waiting;
        waiting = j->next;
        if (capra_is_cancelled(j->req))
            capra_abandon(j->req);
        else
            j->done(j->req, j->res, NULL);
    }
}

/* What the database works on cannot be taken away from it; it is dropped when its result comes. */
static void on_cancel(capra_request *req, void *data)
{
    pg *p = data;
    job **link = p->state == PG_WORKING ? &p->first->next : &p->first;
    while (*link != NULL && (*link)->req != req)
        link = &(*link)->next;
    if (*link == NULL)
        return;
    *link = (*link)->next;
    if (*link == NULL)
        p->end = link;
    capra_abandon(req);
}

/* ---- One step after the other ---- */

static void flush(pg *p)
{
    int const waiting = PQflush(p->conn);
    if (waiting < 0)
        lose(p);
    else
        watch(p, waiting > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static void send_next(pg *p)
{
    const job *j = p->first;
    p->state = j == NULL ? PG_IDLE : PG_WORKING;
    if (j != NULL &&
        PQsendQueryParams(p->conn, j->text, j->count, NULL, j->values, NULL, NULL, 0) == 0)
        lose(p);
    else
        flush(p);
}

static void go_on_connecting(pg *p)
{
    switch (PQconnectPoll(p->conn)) {
    case PGRES_POLLING_READING:
        watch(p, UV_READABLE);
        break;
    case PGRES_POLLING_WRITING:
        watch(p, UV_WRITABLE);
        break;
    case PGRES_POLLING_OK:
        PQsetnonblocking(p->conn, 1);
        send_next(p);
        break;
    default:
        lose(p);
    }
}

/* A statement has one result, and a NULL behind it. */
static void read_results(pg *p)
{
    while (p->state == PG_WORKING && !PQisBusy(p->conn)) {
        PGresult *result = PQgetResult(p->conn);
        if (result != NULL) {
            PQclear(p->result);
            p->result = result;
            continue;
        }
        PGresult *last = p->result;
        p->result = NULL;
        finish_first(p, last);
        PQclear(last);
        send_next(p);
    }
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    (void)status; /* what is wrong with a socket libpq finds out, too */
    (void)events;
    pg *p = poll->data;
    if (p->state == PG_CONNECTING) {
        go_on_connecting(p);
        return;
    }
    if (PQconsumeInput(p->conn) == 0) {
        lose(p);
        return;
    }
    if (p->state == PG_WORKING)
        flush(p);
    read_results(p);
}

/* Names are looked up here and now, as libpq does it; an address, or a socket's folder, needs no
 * such look. */
static void begin_connecting(pg *p)
{
    static const char *const names[] = { "dbname", "client_encoding", "options", NULL };
    const char *const values[] = { getenv("DATABASE_URL"), "UTF8", "-c statement_timeout=5000",
                                   NULL };
    p->conn = PQconnectStartParams(names, values, 1);
    p->state = PG_CONNECTING;
    if (p->conn == NULL || PQstatus(p->conn) == CONNECTION_BAD)
        lose(p);
    else
        watch(p, UV_WRITABLE);
}

void pg_query(capra_request *req, capra_response *res, const char *text, int count,
              const char *const *values, pg_done done)
{
    pg *p = capra_request_state(req);
    job *j = capra_alloc(req, sizeof *j);
    *j = (job){ NULL, req, res, text, count, values, done };
    capra_defer(req);
    capra_on_cancel(req, on_cancel, p);
    *p->end = j;
    p->end = &j->next;
    p->loop = capra_loop(req);
    if (p->state == PG_CLOSED)
        begin_connecting(p);
    else if (p->state == PG_IDLE)
        send_next(p);
}

bool pg_check(capra_response *res, const PGresult *result)
{
    ExecStatusType const status = PQresultStatus(result);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return true;
    if (result == NULL) {
        capra_response_header(res, "Retry-After", "1");
        capra_fail(res, 503, "The database cannot be reached");
    } else if (state != NULL && strcmp(state, "23505") == 0) {
        capra_fail(res, 409, "It is there already");
    } else if (state != NULL && strcmp(state, "57014") == 0) {
        capra_fail(res, 504, "The database takes too long");
    } else {
        fprintf(stderr, "pg: %s", PQresultErrorMessage(result));
        capra_fail(res, 500, "The database has failed");
    }
    return false;
}

const char *pg_open(void **state)
{
    const char *url = getenv("DATABASE_URL");
    if (url == NULL || url[0] == '\0')
        return "DATABASE_URL is not set; for example postgresql://user@localhost/books";
    pg *p = calloc(1, sizeof *p);
    if (p == NULL)
        return "there is no memory";
    p->end = &p->first;
    *state = p;
    return NULL;
}

void pg_close(void *state)
{
    pg *p = state;
    disconnect(p);
    free(p);
}
