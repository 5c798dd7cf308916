/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_METHOD_H
#define CAPRA_HTTP_METHOD_H

#include "base/slice.h"

/* The methods that Node knows (`require('http').METHODS`), so that a handler meets the
 * same ones. The order is part of the border with JavaScript: runtime/methods.ts repeats it,
 * and a test compares the two. */
#define HTTP_METHODS(X)                                                                           \
    X(GET)                                                                                        \
    X(HEAD) X(POST) X(PUT) X(DELETE) X(PATCH) X(OPTIONS) X(CONNECT) X(TRACE) X(ACL) X(BIND)       \
        X(CHECKOUT) X(COPY) X(LINK) X(LOCK) X(MERGE) X(MKACTIVITY) X(MKCALENDAR) X(MKCOL) X(MOVE) \
            X(NOTIFY) X(PROPFIND) X(PROPPATCH) X(PURGE) X(QUERY) X(REBIND) X(REPORT) X(SEARCH)    \
                X(SOURCE) X(SUBSCRIBE) X(UNBIND) X(UNLINK) X(UNLOCK) X(UNSUBSCRIBE)

typedef enum http_method {
#define HTTP_METHOD_ENUM(name) HTTP_##name,
    HTTP_METHODS(HTTP_METHOD_ENUM)
#undef HTTP_METHOD_ENUM
        HTTP_METHOD_COUNT /* also: not a method */
} http_method;

/* "GET"; lent for ever. */
const char *http_method_name(http_method method);

/* The method so named, case-sensitively (RFC 9110, 9.1); HTTP_METHOD_COUNT for any other
 * text. */
http_method http_method_find(capra_slice name);

#endif
