/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_METHOD_H
#define CAPRA_HTTP_METHOD_H

#include "base/slice.h"

/* The methods that Node knows (`require('http').METHODS`), so that a handler meets the
 * same ones: those of RFC 9110 and PATCH first, then the others by name. The order is part of the
 * border with JavaScript: runtime/methods.ts repeats it, and a test compares the two. */
#define HTTP_METHODS(X)         \
    X(GET, "GET")               \
    X(HEAD, "HEAD")             \
    X(POST, "POST")             \
    X(PUT, "PUT")               \
    X(DELETE, "DELETE")         \
    X(PATCH, "PATCH")           \
    X(OPTIONS, "OPTIONS")       \
    X(CONNECT, "CONNECT")       \
    X(TRACE, "TRACE")           \
    X(ACL, "ACL")               \
    X(BIND, "BIND")             \
    X(CHECKOUT, "CHECKOUT")     \
    X(COPY, "COPY")             \
    X(LINK, "LINK")             \
    X(LOCK, "LOCK")             \
    X(M_SEARCH, "M-SEARCH")     \
    X(MERGE, "MERGE")           \
    X(MKACTIVITY, "MKACTIVITY") \
    X(MKCALENDAR, "MKCALENDAR") \
    X(MKCOL, "MKCOL")           \
    X(MOVE, "MOVE")             \
    X(NOTIFY, "NOTIFY")         \
    X(PROPFIND, "PROPFIND")     \
    X(PROPPATCH, "PROPPATCH")   \
    X(PURGE, "PURGE")           \
    X(QUERY, "QUERY")           \
    X(REBIND, "REBIND")         \
    X(REPORT, "REPORT")         \
    X(SEARCH, "SEARCH")         \
    X(SOURCE, "SOURCE")         \
    X(SUBSCRIBE, "SUBSCRIBE")   \
    X(UNBIND, "UNBIND")         \
    X(UNLINK, "UNLINK")         \
    X(UNLOCK, "UNLOCK")         \
    X(UNSUBSCRIBE, "UNSUBSCRIBE")

typedef enum http_method {
#define HTTP_METHOD_ENUM(id, name) HTTP_##id,
    HTTP_METHODS(HTTP_METHOD_ENUM)
#undef HTTP_METHOD_ENUM
        HTTP_METHOD_COUNT /* also: not a method */
} http_method;

/* "GET"; "" for HTTP_METHOD_COUNT. Lent for ever. */
const char *http_method_name(http_method method);

/* The method so named, case-sensitively (RFC 9110, 9.1); HTTP_METHOD_COUNT for any other
 * text. */
http_method http_method_find(capra_slice name);

#endif
