/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_QUERY_H
#define CAPRA_HTTP_QUERY_H

#include "base/arena.h"

/* Walks `application/x-www-form-urlencoded` text, as the WHATWG URL Standard parses it: split at
 * `&`, empty pieces skipped, the first `=` divides, `+` is a space, escapes decoded, malformed ones
 * kept as text, bytes that are not UTF-8 become U+FFFD. False at the end. Name and value are lent
 * by the text where nothing has to be decoded, else by the arena; neither has NULL data. */
bool http_query_next(capra_slice *rest, capra_slice *name, capra_slice *value, arena *a);

/* The first value of `name`, lent like http_query_next's; NULL data when there is none. */
capra_slice http_query_find(capra_slice query, capra_slice name, arena *a);

#endif
