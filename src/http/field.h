/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_FIELD_H
#define CAPRA_HTTP_FIELD_H

#include "base/slice.h"

#include <stdint.h>

/* The fields that the server itself reads; all others are HTTP_FIELD_OTHER. */
#define HTTP_FIELDS(X)                        \
    X(HOST, "host")                           \
    X(CONNECTION, "connection")               \
    X(CONTENT_LENGTH, "content-length")       \
    X(TRANSFER_ENCODING, "transfer-encoding") \
    X(EXPECT, "expect")                       \
    X(UPGRADE, "upgrade")                     \
    X(CONTENT_TYPE, "content-type")           \
    X(ACCEPT, "accept")                       \
    X(ACCEPT_ENCODING, "accept-encoding")     \
    X(CACHE_CONTROL, "cache-control")         \
    X(IF_NONE_MATCH, "if-none-match")         \
    X(IF_MODIFIED_SINCE, "if-modified-since") \
    X(RANGE, "range")                         \
    X(FORWARDED, "forwarded")                 \
    X(X_REAL_IP, "x-real-ip")                 \
    X(X_FORWARDED_FOR, "x-forwarded-for")     \
    X(X_FORWARDED_HOST, "x-forwarded-host")   \
    X(X_FORWARDED_PORT, "x-forwarded-port")   \
    X(X_FORWARDED_PROTO, "x-forwarded-proto") \
    X(X_REQUEST_ID, "x-request-id")           \
    X(USER_AGENT, "user-agent")               \
    X(REFERER, "referer")                     \
    X(TRACEPARENT, "traceparent")

typedef enum http_field_id {
    HTTP_FIELD_OTHER,
#define HTTP_FIELD_ENUM(id, name) HTTP_FIELD_##id,
    HTTP_FIELDS(HTTP_FIELD_ENUM)
#undef HTTP_FIELD_ENUM
        HTTP_FIELD_IDS
} http_field_id;

/* A field line, as offsets into the head's bytes, which may move while it arrives. The
 * value has no white space at its ends. */
typedef struct http_field {
    uint32_t name, value, value_length;
    uint16_t name_length;
    uint8_t id; /* http_field_id */
} http_field;

/* Which of the known fields `name` is, in any case. */
http_field_id http_field_find(capra_slice name);

/* A token (RFC 9110, 5.6.2): what methods and field names are made of. Not when empty. */
bool http_is_token(capra_slice s);

/* Nothing but what a field value may hold: visible ASCII, space, tab, bytes from 0x80 (RFC 9110,
 * 5.5). Empty is valid. */
bool http_is_field_value(capra_slice s);

/* A Host value: uri-host [ ":" port ] (RFC 9110, 7.2; RFC 3986, 3.2.2). Empty is valid, and so
 * is an empty port. */
bool http_is_host(capra_slice s);

/* Walks a comma-separated list (RFC 9110, 5.6.1): puts the next member, trimmed, in `*item`,
 * moves `*list` behind it, skips empty members. False at the end, and then `*item` is not set.
 * Quoted strings are kept whole; one that is not closed reaches to the end. */
bool http_list_next(capra_slice *list, capra_slice *item);

/* Whether a list has this member, compared without case. */
bool http_list_has(capra_slice list, const char *token);

#endif
