/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_OPTIONS_H
#define CAPRA_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEFAULT_CONNECTIONS = 20000 };

/* Everything that can be set and is a quantity: field, flag, unit, default, and what it means
 * to a person. The command line, its help and what a worker is told come from this table. */
#define CAPRA_OPTIONS(X)                                                                    \
    X(keep_alive_ms, "keep-alive-timeout", OPTION_TIME, 72000,                              \
      "how long an idle connection is kept between two requests")                           \
    X(head_ms, "head-timeout", OPTION_TIME, 10000,                                          \
      "how long a request's head may take to arrive (408)")                                 \
    X(body_ms, "body-timeout", OPTION_TIME, 30000, "how long a body may stand still (408)") \
    X(write_ms, "write-timeout", OPTION_TIME, 30000,                                        \
      "how long a client may read nothing of its answer")                                   \
    X(body_rate, "min-body-rate", OPTION_SIZE, 1024,                                        \
      "a second, from a client that sends a body (408); 0: any byte is enough")             \
    X(write_rate, "min-write-rate", OPTION_SIZE, 1024,                                      \
      "a second, that a client reads of its answer; 0: any byte is enough")                 \
    X(max_duration_ms, "max-duration", OPTION_TIME, 300000,                                 \
      "how long a handler may take to begin its answer (504), if its route has no "         \
      "maxDuration; 0: for ever")                                                           \
    X(stall_ms, "stall-timeout", OPTION_TIME, 30000,                                        \
      "how long a handler may hold its worker without letting go (504); 0: for ever")       \
    X(shutdown_ms, "shutdown-timeout", OPTION_TIME, 30000,                                  \
      "how long requests in flight may take after a signal to stop")                        \
    X(head_bytes, "max-head-bytes", OPTION_SIZE, 16384, "request line and headers (431)")   \
    X(target_bytes, "max-target-bytes", OPTION_SIZE, 8192, "path and query (414)")          \
    X(body_bytes, "max-body-bytes", OPTION_SIZE, 0,                                         \
      "any body, whatever its route allows (413); 0: only the route's own limit counts")    \
    X(connections, "max-connections", OPTION_COUNT, DEFAULT_CONNECTIONS,                    \
      "open at once; more wait until one closes")                                           \
    X(in_flight, "max-in-flight", OPTION_COUNT, 10000,                                      \
      "requests that a worker answers at once (503); 0: no limit")                          \
    X(buffered_bytes, "max-buffered-bytes", OPTION_SIZE, 256 << 20,                         \
      "of all bodies that a worker keeps for its handlers (503); 0: no limit")              \
    X(connections_per_address, "max-connections-per-address", OPTION_COUNT, 0,              \
      "of one address (IPv6: of one /64); more are closed; 0: no limit")                    \
    X(threads, "threads", OPTION_COUNT, 4,                                                  \
      "for handlers in C that are `blocking`, in each worker")                              \
    X(workers, "workers", OPTION_WORKERS, OPTION_UNSET,                                     \
      "processes that answer requests; auto: one for each CPU")                             \
    X(min_workers, "min-workers", OPTION_LEAST, OPTION_UNSET,                               \
      "go down to so many when there is little to do; 0: the next connection wakes one")    \
    X(max_workers, "max-workers", OPTION_MOST, OPTION_UNSET,                                \
      "go up to so many when there is much to do")                                          \
    X(native_workers, "native-workers", OPTION_MOST, OPTION_UNSET,                          \
      "with --native-isolation process: how many of them")                                  \
    X(idle_ms, "idle-timeout", OPTION_TIME, 30000,                                          \
      "with --min-workers 0: how long without a request until the last worker goes")        \
    X(worker_bytes, "max-worker-memory", OPTION_SIZE, 0,                                    \
      "a worker that has grown beyond this is replaced; 0: none is")

/* Everything that can be set and is a word or a name: field, flag, what its value is called,
 * default, the words that there are to choose from (NULL: any text), and what it means to a person.
 */
#define CAPRA_TEXT_OPTIONS(X)                                                                      \
    X(trust_proxy, "trust-proxy", "LIST", "", NULL,                                                \
      "whose X-Forwarded-For, -Proto, -Host, -Port count: 10.0.0.0/8, loopback, private; or none") \
    X(proxy_protocol, "proxy-protocol", "on|off", "off", "off on",                                 \
      "who is in that list says first, by the PROXY protocol, who the client is")                  \
    X(native_isolation, "native-isolation", "off|process", "off", "off process",                   \
      "process: routes in C have workers of their own, apart from those in JavaScript")            \
    X(log, "log", "FORMAT", "auto", "auto human json none",                                        \
      "a line for each request; auto: human in a terminal and in dev, else json")                  \
    X(access_log, "access-log", "FILE", "-", NULL, "where these lines go; -: standard output")     \
    X(log_query, "log-query", "on|off", "off", "off on", "with the query, which may hold secrets") \
    X(metrics, "metrics", "on|off", "on", "off on", "count requests, by route, method and status") \
    X(admin, "admin", "ADDRESS", "auto", NULL,                                                     \
      "where the server tells of itself: a port, HOST:PORT, unix:/path, off, or auto: a "          \
      "socket in .capra/run")                                                                      \
    X(request_id, "request-id", "on|off", "off", "off on",                                         \
      "tell the client, as X-Request-Id, the id that its request has in the log")

/* A text with its final zero byte. */
enum { OPTION_TEXT_BYTES = 1024 };

typedef enum option_unit {
    OPTION_TIME,
    OPTION_SIZE,
    OPTION_COUNT,
    OPTION_WORKERS, /* a count, or OPTION_AUTO */
    OPTION_LEAST,   /* a count, 0 as well */
    OPTION_MOST,    /* as OPTION_WORKERS */
} option_unit;

/* Values that are no quantities. */
#define OPTION_UNSET UINT64_MAX
#define OPTION_AUTO  (UINT64_MAX - 1)

enum { OPTION_WORKERS_MAX = 64 };

typedef struct options {
#define CAPRA_OPTION_FIELD(field, flag, unit, value, help) uint64_t field;
    CAPRA_OPTIONS(CAPRA_OPTION_FIELD)
#undef CAPRA_OPTION_FIELD
#define CAPRA_TEXT_FIELD(field, flag, kind, value, choices, help) char field[OPTION_TEXT_BYTES];
    CAPRA_TEXT_OPTIONS(CAPRA_TEXT_FIELD)
#undef CAPRA_TEXT_FIELD
} options;

typedef struct option_row {
    const char *flag, *help;
    option_unit unit;
    uint64_t value; /* the default */
    size_t offset;  /* of the field in options */
} option_row;

typedef struct text_option_row {
    const char *flag, *kind;
    const char *value;   /* the default */
    const char *choices; /* words with a space between them; NULL: any text */
    const char *help;
    size_t offset;
} text_option_row;

extern const text_option_row text_option_rows[];
extern const size_t text_option_row_count;

extern const option_row option_rows[];
extern const size_t option_row_count;

/* All defaults. */
void options_init(options *o);

/* Sets one from text: times take `ms`, `s`, `m`, `h` (none: s), sizes `b`, `kb`, `mb`, `gb` (none:
 * b; 1 kb is 1024 bytes), counts a plain number, and those of workers `auto`. False when the text
 * is none of these, is too large, or lies outside what the option can be; `*expected` then says
 * what would be right. */
bool options_set(options *o, const option_row *row, const char *text, const char **expected);

/* Sets a text. False when it is none of its choices, empty, or too long; `*expected` then says what
 * would be right, and lives until the next call. */
bool options_set_text(options *o, const text_option_row *row, const char *text,
                      const char **expected);

/* What sockets need of them; the rest is for who opens these. */
struct net_options options_for_net(const options *o);

/* Writes a time or a size in the largest unit that divides it ("72s", "16kb"). */
void options_print(char *out, size_t size, option_unit unit, uint64_t value);

/* Whether routes in C are to have workers of their own, where there are others. */
bool options_isolate(const options *o);

static inline char *options_text(options *o, const text_option_row *row)
{
    return (char *)o + row->offset;
}

static inline uint64_t *options_field(options *o, const option_row *row)
{
    return (uint64_t *)(void *)((char *)o + row->offset);
}

#endif
