/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_OBSERVE_ACCESS_LOG_H
#define CAPRA_OBSERVE_ACCESS_LOG_H

#include "base/slice.h"
#include "trace_context.h"

#include <stdint.h>

/* A line for each request. For a person:
 *
 *     14:03:22 GET /api/hello 200 in 0.4ms (31 B)
 *
 * and for machines a line of JSON:
 *
 *     {"time":"2026-11-22T14:03:22.125Z","id":"5f0c2a9100000007","client":"192.0.2.7",
 *      "method":"GET","path":"/api/hello","http.route":"/api/hello","status":200,"bytes":31,
 *      "duration_ms":0.412,"user_agent":"curl/8.5.0"}
 *
 * What is not known is left out. */
typedef struct access_log access_log;

/* What is known about a request when it has ended; lent for the call. Empty: not known. */
typedef struct access_record {
    capra_slice method, path, query, route, client, id, user_agent, referer;
    trace_context trace;
    int status;     /* 499: the client left before there was an answer */
    bool is_cut;    /* the client did not get all of the answer */
    uint64_t bytes; /* of the answer's body, as they were sent */
    int64_t duration_ns;
} access_record;

/* `format`: "auto", "human", "json" or "none" (then `*out` is NULL); `path` as log_file_open takes
 * it, and lent as long as the log. `is_development`: auto is human. 0, or CAPRA_E_SYSTEM with errno
 * set. */
int access_log_open(access_log **out, const char *format, const char *path, bool has_query,
                    bool is_development);

/* Writes what waits. Takes NULL. */
void access_log_close(access_log *log);

/* `wall_ns`: since 1970, when it ended. */
void access_log_write(access_log *log, const access_record *record, int64_t wall_ns);

/* Writes what waits, as far as it goes at once. */
void access_log_flush(access_log *log);

/* As log_file_turn. */
uint32_t access_log_turn(access_log *log, int64_t now_ns);

/* Lines that no reader has taken, since the start. */
uint64_t access_log_dropped(const access_log *log);

#endif
