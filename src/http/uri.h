/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_URI_H
#define CAPRA_HTTP_URI_H

#include "base/arena.h"

/* A request target, taken apart (RFC 9112, 3.2). The slices are parts of the target, except for a
 * path that had to be rewritten and for the origin of an absolute-form that names no path. */
typedef struct http_target {
    capra_slice origin;    /* path and query as sent, without fragment; of an absolute-form what
                              follows the authority */
    capra_slice authority; /* of an absolute-form, where it stands in for the Host field (RFC 9112,
                              3.2.2), and is as valid as one; else NULL data */
    capra_slice path;  /* normalised as by the WHATWG URL Standard: dot segments resolved (`.`, `..`
                          and their `%2e` forms) and clamped at the root, backslashes made slashes,
                          bytes that a path cannot carry escaped; escapes kept as they are */
    capra_slice query; /* behind the first `?`, without it; NULL data when there is none */
    bool is_path_rewritten; /* path is not a part of the target */
    bool has_empty_segment; /* the path as sent holds `//` or a backslash: Next redirects to
                               http_target_collapse before anything else */
    bool is_asterisk;       /* `*`, for OPTIONS; origin and path are `*` too */
} http_target;

/* Returns 0, or CAPRA_E_TARGET when it has none of the forms (authority-form too: nobody tunnels
 * here). What has to be rewritten is taken from the arena; usually nothing is. */
int http_target_parse(http_target *out, capra_slice target, arena *a);

/* Where Next redirects an origin that has_empty_segment: backslashes of the path become slashes,
 * runs of slashes one slash; the query is kept byte for byte. Begins with exactly one slash, so it
 * stays on this host. Taken from the arena. */
capra_slice http_target_collapse(capra_slice origin, arena *a);

/* Percent-decodes into memory of the arena, or returns `s` itself when it holds no `%`. NULL data
 * when an escape is malformed or the result is not UTF-8 (RFC 3629): the caller answers 400. */
capra_slice http_percent_decode(capra_slice s, arena *a);

/* Whether http_percent_decode would succeed; nothing is allocated. */
bool http_is_decodable(capra_slice s);

/* The byte that the escape at `s.data[at]` stands for; -1 when no well-formed escape is there. */
int http_escape_byte(capra_slice s, size_t at);

/* Whether a normalised path carries this byte as it is. Slashes are not counted among these: they
 * divide the path. */
bool http_is_path_byte(unsigned char byte);

/* Well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF. */
bool http_is_utf8(capra_slice s);

#endif
