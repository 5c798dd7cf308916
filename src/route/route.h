/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_ROUTE_H
#define CAPRA_ROUTE_H

#include "base/slice.h"

#include <stdint.h>

enum { ROUTE_PARAMS_MAX = 16 };

/* Method and path to a route. A table is built once from all patterns and then only read; it may be
 * shared between threads. Patterns are Next's: "/api/users/[id]", "/api/[...slug]",
 * "/api/[[...slug]]", with literal (not percent-encoded, UTF-8) text between. */
typedef struct route_table route_table;

typedef struct route_match {
    uint32_t route; /* index in the patterns that the table was made from */
    uint32_t param_count;
    capra_slice params[ROUTE_PARAMS_MAX]; /* still percent-encoded parts of the path, in the
                                             pattern's order; a catch-all: all its segments with
                                             their slashes; an optional catch-all that took nothing
                                             is not counted */
} route_match;

typedef enum route_result {
    ROUTE_NONE, /* no pattern matches: 404 */
    ROUTE_FOUND,
    ROUTE_BAD_ESCAPE, /* a dynamic route would match, but a value's escape is malformed or not
                         UTF-8: 400 */
} route_result;

/* Builds the table. Returns 0, or CAPRA_E_ROUTE with a message in `why` (`why_size` bytes,
 * zero-ended) that names the pattern, or both patterns of a conflict. The patterns are copied. */
int route_table_new(route_table **out, const char *const *patterns, uint32_t count, char *why,
                    size_t why_size);

/* Takes NULL. */
void route_table_free(route_table *table);

/* Finds the route of a normalised path (see http_target_parse) without a trailing slash. Precedence
 * at each level: literal text, [x], [...x], [[...x]], with backtracking. An empty segment matches
 * nothing. The cost is that of the path's length, whatever the number of routes, and nothing is
 * allocated. `out` is written only with ROUTE_FOUND; its slices are parts of `path`.
 *
 * Literal text is compared with the decoded segment, `%2F` never being a slash: /api/with%20space
 * is `with space`. A path that escapes what needs no escape (/api/h%65llo) is first taken as
 * written, and only if that matches nothing by its decoded segments, so that a value which happens
 * to spell a literal name can be sent to [x] (/api/dyn/st%61tic), as with Next. */
route_result route_table_match(const route_table *table, capra_slice path, route_match *out);

/* The same as Next does it: literal text is compared with the path's own bytes, so that nothing
 * that a URL has to escape is ever found. */
route_result route_table_match_bytes(const route_table *table, capra_slice path, route_match *out);

/* Whether a route without parameters has this path, byte for byte. */
bool route_table_has_literal(const route_table *table, capra_slice path);

/* Whether the route ends with an optional catch-all. */
bool route_table_is_optional(const route_table *table, uint32_t route);

/* The names of a route's parameters in the pattern's order; lent by the table. */
uint32_t route_table_params(const route_table *table, uint32_t route, const capra_slice **names);

#endif
