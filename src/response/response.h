/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESPONSE_H
#define CAPRA_RESPONSE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "compress.h"
#include "http/http.h"

#include <capra.h>
#include <stdint.h>

/* An answer made into a message: status line, fields, framing, body. Whoever answers (a
 * handler in either language, a policy, the parser), this is the only place where it becomes bytes.
 */

typedef enum response_state {
    RESPONSE_OPEN,      /* nothing has been sent */
    RESPONSE_STREAMING, /* the head has been sent, the body follows */
    RESPONSE_ENDED,
} response_state;

/* The fields that every response carries, made once a second. */
typedef struct response_clock {
    int64_t second;
    uint32_t keep_alive_s;
    uint16_t date_length, keep_length, close_length;
    char date[64];    /* "Date: …\r\n" */
    char keep[64];    /* "Connection: keep-alive\r\nKeep-Alive: …\r\n\r\n" */
    char closing[32]; /* "Connection: close\r\n\r\n" */
} response_clock;

/* The lines that do not change, with `keep_alive_s` in them; then, once a second, the date. */
void response_clock_init(response_clock *clock, uint32_t keep_alive_s);
void response_clock_set(response_clock *clock, int64_t second);

typedef struct response_events {
    /* Before the head is made: the last moment to set `closes`. `is_whole`: the body is there, and
     * no more of the request is needed for it. */
    void (*on_begin)(capra_response *res, bool is_whole);
    /* All of it has been written. */
    void (*on_end)(capra_response *res);
    /* It has a source now: response_pull is to be called until it has ended, whenever there is room
     * for more. Whoever answered is done with it. */
    void (*on_source)(capra_response *res);
} response_events;

/* A body that is not there at once, and is pulled piece by piece as the client takes it. */
typedef struct response_source response_source;
struct response_source {
    /* Writes the next piece, with response_write, and with response_end after the last one. 0, or a
     * negative code when there is no more and should be: the connection is to be cut. */
    int (*pull)(response_source *source, capra_response *res);
    void (*free)(response_source *source);
};

/* About so many bytes at a time: what is made of them in a few milliseconds at most, compressed or
 * not. */
enum { RESPONSE_PIECE_BYTES = 64 * 1024 };

/* What holds for all responses of a build. */
typedef struct response_settings {
    compressor *compressor; /* lent; NULL: nothing is ever compressed */
    bool as_next;           /* what Next does, also where we would rather not */
    bool tags_pages;        /* pages have an ETag */
    bool is_powered_by;     /* pages say X-Powered-By */
    bool is_dev;            /* nobody is to keep a page, not even for going back */
} response_settings;

struct capra_response {
    const response_events *events;
    const response_clock *clock;
    const response_settings *settings; /* NULL: none */
    const http_head *head;             /* of the request; NULL when it could not be parsed */
    const char *data;                  /* the head's bytes */
    buffer *to;              /* where the message goes: a connection's output, or a test's buffer */
    buffer lines;            /* header lines that a C route has added */
    bool has_type;           /* among them is a Content-Type */
    capra_slice preset;      /* header lines, unless who answers has others; lent by the request */
    capra_slice lent_preset; /* the same, while who answers has them among its own */
    capra_slice cookies;     /* Set-Cookie lines beside those of who answers; lent by the request */
    response_state state;
    int status;          /* that was sent */
    int64_t left;        /* of the Content-Length that was declared, when streaming; -1: none was */
    uint64_t body_bytes; /* sent so far */
    bool closes;         /* the connection ends with this response */
    bool is_chunked;
    bool is_bodyless;        /* HEAD, 204, 304: what the handler writes is dropped */
    bool needs_flush;        /* the coder holds what the client should have: response_flush */
    coder *coder;            /* the body is compressed */
    response_source *source; /* the rest of the body is pulled */
};

/* `to` and the rest are the caller's. `head` NULL: an answer to what was no request. */
void response_init(capra_response *res, const response_events *events, const response_clock *clock,
                   const http_head *head, const char *data, buffer *to);
void response_cleanup(capra_response *res);

enum {
    RESPONSE_ETAG = 1,           /* compute it, and answer 304 to a client that has it */
    RESPONSE_ETAG_OF_BUFFER = 2, /* as Next does for a Buffer: that of its JSON text */
    RESPONSE_CLOSE = 4,
    RESPONSE_NO_DATE = 8,
    RESPONSE_CHUNKED = 16,   /* in chunks, although the whole body is here: as Next frames it */
    RESPONSE_LATE_TYPE = 32, /* when Next finds the client to have it, it has set no type yet */
    RESPONSE_PRESET = 64,    /* the preset lines that were lent have not been touched */
};

/* The line of an answer in JSON; with nothing else it is what most answers have. */
#define RESPONSE_JSON_LINE "Content-Type: application/json; charset=utf-8\r\n"

/* What an answer says. `reason` empty: the standard phrase. `lines`: whole header lines, each with
 * its CR LF, without the framing fields, Date and Connection. */
typedef struct response_head {
    int status;
    capra_slice reason, lines;
    unsigned flags;
} response_head;

/* Adds to what is decided before anyone answers: `lines` win over the preset ones of equal names,
 * `cookies` are sent whatever who answers sets. Copied into the arena, which is the request's. */
void response_add_preset(capra_response *res, capra_slice lines, capra_slice cookies, arena *a);

/* Who answers has the preset lines, and sends them with its own. They still are in the standard
 * answers below, which are nobody's. */
void response_lend_preset(capra_response *res);

/* Who answers has left them alone (RESPONSE_PRESET does it), or is not who they were lent to. */
void response_take_preset_back(capra_response *res);

/* The whole answer. 0, or CAPRA_E_HEAD_SENT. */
int response_send(capra_response *res, const response_head *head, capra_slice body);

/* The head of an answer whose body follows; `length` is its Content-Length, -1 if nobody knows. 0,
 * or CAPRA_E_HEAD_SENT. */
int response_begin(capra_response *res, const response_head *head, int64_t length);

/* A piece of the body; beyond the declared length it is dropped. CAPRA_E_INVALID when not
 * streaming. */
int response_write(capra_response *res, capra_slice piece);

/* The end, with trailer lines (sent only with chunked framing). A body shorter than declared sets
 * `closes`: the client must see that it was cut. */
int response_end(capra_response *res, capra_slice trailers);

/* The body comes from `source`, which is the response's from now on; after response_begin. For a
 * response without a body it ends at once. */
void response_set_source(capra_response *res, response_source *source);

/* The next piece of a response that has a source. 0, or the source's error. */
int response_pull(capra_response *res);

/* What was written goes to `to`, if the coder still has it: called before bytes are sent, so that
 * what a handler writes in one turn costs one flush. */
void response_flush(capra_response *res);

/* 100, 102 or 103; CAPRA_E_HEAD_SENT, or CAPRA_E_INVALID for HTTP/1.0. */
int response_interim(capra_response *res, int status, capra_slice lines);

/* The standard answers. All end the response.
 *
 * An error of the table, with a sentence for the person who looks at it; one with a text of its
 * own; a body that is refused, with the reason for it. */
void response_error(capra_response *res, int code);
void response_error_text(capra_response *res, int status, capra_slice text);
void response_refusal(capra_response *res, int status, capra_slice text);

/* A page that shows the status: 400, 404, 405 or 500. `lines`: short ones that it has besides. */
void response_page(capra_response *res, int status);
void response_page_with(capra_response *res, int status, capra_slice lines);

/* The page for what does not exist, or a word to who would not look at a page: a script, an image,
 * a file that a build would have. `path`: without the base path. `is_known`: with its escapes
 * undone it is a literal route's. */
void response_not_found(capra_response *res, capra_slice path, bool is_known);

/* `location`, fit for a field, is the Location, and the body; with 308 a Refresh, too, as in Next.
 */
void response_redirect(capra_response *res, int status, capra_slice location);

/* ETag of a text as Next 16 computes it: FNV-1a over its UTF-16 code units, folded to 52 bits, in
 * base 36, and the number of units, in quotes. `is_buffer`: of the text
 * {"type":"Buffer","data":[…]} of the bytes. It is written into `room`, which lends it. */
enum { RESPONSE_ETAG_MAX = 40 };
capra_slice response_etag(char room[RESPONSE_ETAG_MAX], capra_slice text, bool is_buffer);

/* Whether the client has what `etag` names: only for GET and HEAD and a status of 2xx that has a
 * body (RFC 9110, 13.1.2), which Next does not look at; never with If-Modified-Since or `no-cache`,
 * as in Next. */
bool response_is_fresh(const http_head *head, const char *data, int status, capra_slice etag,
                       bool as_next);

#endif
