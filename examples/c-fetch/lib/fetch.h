/* SPDX-License-Identifier: MIT */
#ifndef FETCH_H
#define FETCH_H

#include <capra.h>

/* Requests to other servers, by libcurl's multi interface on the worker's own loop: while they take
 * their time, the worker answers others. */

/* For CAPRA_INIT and CAPRA_EXIT. */
const char *fetch_open(void **state);
void fetch_close(void *state);

typedef struct fetch_answer {
    const char *error; /* NULL: there is an answer; else in words, for the log */
    bool is_timeout;
    long status;
    capra_slice body;
} fetch_answer;

/* Answers the request. `answer` and its body are lent for the call. */
typedef void (*fetch_done)(capra_request *req, capra_response *res, const fetch_answer *answer);

/* Defers the request, gets `url`, and calls `done` once, unless the client has gone by then; then
 * the other server is not waited for any longer. Redirects are not followed, and a body of more
 * than a megabyte is an error. */
void fetch_get(capra_request *req, capra_response *res, const char *url, long timeout_ms,
               fetch_done done);

#endif
