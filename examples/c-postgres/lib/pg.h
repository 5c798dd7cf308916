/* SPDX-License-Identifier: MIT */
#ifndef PG_H
#define PG_H

#include <capra.h>
#include <libpq-fe.h>

/* PostgreSQL on the worker's own loop: while the database works on one request, the worker answers
 * others. Each route of each worker has one connection, to DATABASE_URL, opened by its first
 * request; statements wait for each other in a queue. */
typedef struct pg pg;

/* For CAPRA_INIT and CAPRA_EXIT. */
const char *pg_open(void **state);
void pg_close(void *state);

/* Answers the request. `result` is lent for the call; NULL when the database cannot be reached, or
 * was lost. */
typedef void (*pg_done)(capra_request *req, capra_response *res, const PGresult *result);

/* Defers the request, sends the statement with its values ($1, $2, …; NULL is NULL), and calls
 * `done` once, unless the client has gone by then. `text` is lent for ever; `values` and what is in
 * them as long as the request lives. */
void pg_query(capra_request *req, capra_response *res, const char *text, int count,
              const char *const *values, pg_done done);

/* Answers what went wrong; true when nothing did. */
bool pg_check(capra_response *res, const PGresult *result);

#endif
