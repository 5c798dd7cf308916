/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_SLICE_H
#define CAPRA_BASE_SLICE_H

#include <capra.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A slice lends: it points into memory that someone else owns, and nothing is
 * assumed to follow its last byte. */

static inline capra_slice slice_of(const char *data, size_t length)
{
    return (capra_slice){ data, length };
}

/* The text up to its zero byte; an empty slice for NULL. */
static inline capra_slice slice_text(const char *text)
{
    return (capra_slice){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool slice_equal(capra_slice a, capra_slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool slice_is(capra_slice a, const char *text)
{
    return slice_equal(a, slice_text(text));
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Equal but for the case of ASCII letters, as field names and tokens are compared
 * (RFC 9110, 5.1). */
static inline bool slice_equal_nocase(capra_slice a, capra_slice b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    return true;
}

static inline bool slice_is_nocase(capra_slice a, const char *text)
{
    return slice_equal_nocase(a, slice_text(text));
}

/* From `start` to the end; empty when it starts beyond. */
static inline capra_slice slice_from(capra_slice s, size_t start)
{
    return start >= s.length ? slice_of(s.data + s.length, 0)
                             : slice_of(s.data + start, s.length - start);
}

/* Without spaces and tabs at either end: OWS (RFC 9110, 5.6.3). */
static inline capra_slice slice_trim(capra_slice s)
{
    while (s.length > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.length--;
    }
    while (s.length > 0 && (s.data[s.length - 1] == ' ' || s.data[s.length - 1] == '\t'))
        s.length--;
    return s;
}

#endif
