/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_URI_H
#define CAPRA_HTTP_URI_H

#include "base/arena.h"

/* A request target, taken apart (RFC 9112, 3.2). All slices are parts of the target, but `path`
 * where it had to be rewritten. */
typedef struct http_target {
    capra_slice origin; /* the origin-form: path and query, without fragment; in an absolute-form
                           target what follows the authority, "/" if nothing */
    capra_slice path;   /* normalised: dot segments resolved (WHATWG URL: `.`, `..`, `%2e` forms,
                           clamped at the   root), escapes kept, characters that WHATWG escapes in a
                           path (`"<>^`{}` and space) escaped */
    capra_slice query;  /* behind the first `?`, without it; NULL data when there is none */
    bool is_path_rewritten; /* path is not a part of the target */
    bool has_empty_segment; /* the raw path holds `//` or a backslash: Next redirects before
                               anything else */
    bool is_asterisk;       /* `*`, for OPTIONS */
} http_target;

/* 0, or CAPRA_E_TARGET when it has none of the forms (authority-form too: nobody tunnels here).
 * What has to be rewritten is taken from the arena; usually nothing is. */
int http_target_parse(http_target *out, capra_slice target, arena *a);

/* Percent-decodes into memory of the arena, or returns `s` itself when it holds no `%`. NULL data
 * when an escape is malformed or the result is not UTF-8 (RFC 3629): the caller answers 400. */
capra_slice http_percent_decode(capra_slice s, arena *a);

/* Well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF. */
bool http_is_utf8(capra_slice s);

#endif
