/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_ROUTE_PATTERN_H
#define CAPRA_ROUTE_PATTERN_H

#include "base/slice.h"

/* Text longer than a file's name can be is refused, so that a match can decode a segment on the
 * stack. */
enum { ROUTE_TEXT_MAX = 255 };

/* A pattern is slashes and segments. A segment is dynamic only when all of it is bracketed;
 * `user-[id]`, `[]` and `[id` are literal text. */
typedef enum route_segment_kind {
    ROUTE_TEXT,
    ROUTE_PARAM,         /* [x] */
    ROUTE_REST,          /* [...x] */
    ROUTE_OPTIONAL_REST, /* [[...x]] */
} route_segment_kind;

typedef struct route_segment {
    route_segment_kind kind;
    capra_slice text; /* what stands there literally, or the parameter's name */
} route_segment;

/* The segment behind the slash at `at`, of a pattern or of a path; empty where none is left. */
static inline capra_slice route_segment_behind(capra_slice s, size_t at)
{
    capra_slice const rest = slice_from(s, at + 1);
    const char *slash = memchr(rest.data, '/', rest.length);
    return slash == NULL ? rest : slice_of(rest.data, (size_t)(slash - rest.data));
}

/* A slice, for `%.*s`. */
#define ROUTE_SHOWN(slice) (int)(slice).length, (slice).data

/* Where it is told why a pattern is refused: `size` bytes of the caller, of which `length` are
 * written. The text always ends in a zero byte, and is cut where the room ends. */
typedef struct route_complaint {
    char *text;
    size_t size, length;
} route_complaint;

/* Adds to the text. Returns CAPRA_E_ROUTE, so that a caller can return it in turn. */
int route_complain(route_complaint *complaint, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reads one segment, as it stands between two slashes. Returns 0, or CAPRA_E_ROUTE with the
 * complaint, which is in the words of Next where Next has words for it. The text is part of
 * `source`. */
int route_segment_read(route_segment *out, capra_slice source, route_complaint *complaint);

#endif
