/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_HEAD_H
#define CAPRA_HTTP_HEAD_H

#include "field.h"
#include "method.h"

enum {
    HTTP_HEAD_FIELDS = 100,
    HTTP_EMPTY_LINES = 4, /* taken before a request line; of a fifth nobody knows what it is */
};

/* Not yet: the bytes so far are right, and more are needed. */
enum { HTTP_MORE = 0 };

typedef struct http_limits {
    uint32_t head_bytes;   /* all of the head, line ends included; beyond: 431 */
    uint32_t target_bytes; /* the request target; beyond: 414 */
    uint32_t fields;       /* at most HTTP_HEAD_FIELDS; beyond: 431 */
} http_limits;

extern const http_limits http_default_limits; /* 16 KiB, 8 KiB, 100 */

typedef enum http_framing {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH, /* content_length says how many bytes; may be 0 */
    HTTP_BODY_CHUNKED,
} http_framing;

/* A request's head: what the bytes say, as offsets into them. */
typedef struct http_head {
    http_method method;
    uint8_t minor;         /* 0 or 1: HTTP/1.minor */
    bool keeps_alive;      /* what the client wants (RFC 9112, 9.3) */
    bool expects_continue; /* an HTTP/1.1 client waits for 100 before it sends its body */
    http_framing framing;
    uint64_t content_length;        /* with HTTP_BODY_LENGTH; else 0 */
    uint32_t target, target_length; /* as sent: origin-, absolute-, authority- or asterisk-form */
    uint32_t length;                /* of the head, final empty line included; set when complete */
    uint16_t field_count;
    uint8_t first[HTTP_FIELD_IDS]; /* 1 + index of the first field with this id; 0: none */

    /* Where the parser stands: in which token, where its line began, how far it has read. */
    uint8_t phase;
    uint32_t line, scanned;

    http_field fields[HTTP_HEAD_FIELDS];
} http_head;

/* Before the first byte of a request. */
void http_head_init(http_head *head);

/* Parses as far as the bytes go. `data` holds the request from its first byte, `length` of
 * them so far; at the next call it may stand elsewhere and be longer, never different. No byte
 * is looked at again. Returns the head's length when it is complete, HTTP_MORE, or a
 * negative code of CAPRA_ERRORS, after which the head is not to be used, but for `minor` and
 * `method` if their line was right. Empty lines before the request line (RFC 9112, 2.2; at most
 * HTTP_EMPTY_LINES) count as part of the head: offsets are from `data`.
 *
 * What comes back depends on the bytes alone, not on how they were cut, and an error comes with
 * the first byte that makes it certain.
 *
 * Strict where a peer could read the message otherwise (RFC 9112, 2.2, 3.2, 5, 6): only CR LF ends
 * a line, no bare CR, no folding, no white space before a colon, one valid Host (HTTP/1.0 may have
 * none), Content-Length one plain number of at most 19 digits once, Transfer-Encoding exactly one
 * `chunked` and never in HTTP/1.0 or beside Content-Length. Of the target only the characters are
 * looked at, and that `*` is for OPTIONS and an authority for CONNECT. */
long http_head_parse(http_head *head, const char *data, size_t length, const http_limits *limits);

/* The first field with this id (not HTTP_FIELD_OTHER); empty with NULL data if there is none. */
capra_slice http_head_known(const http_head *head, const char *data, http_field_id id);

/* The first field so named, in any case; empty with NULL data if there is none. */
capra_slice http_head_field(const http_head *head, const char *data, capra_slice name);

#endif
