/* SPDX-License-Identifier: MIT */
#include "trace_context.h"

/* "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" */
enum { VERSION_AT = 0, TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, LENGTH = 55 };

/* Only lower case is allowed. */
static bool is_hex(capra_slice s)
{
    for (size_t i = 0; i < s.length; i++)
        if (!(s.data[i] >= '0' && s.data[i] <= '9') && !(s.data[i] >= 'a' && s.data[i] <= 'f'))
            return false;
    return true;
}

static bool is_zero(capra_slice s)
{
    for (size_t i = 0; i < s.length; i++)
        if (s.data[i] != '0')
            return false;
    return true;
}

bool trace_context_read(trace_context *out, capra_slice value)
{
    if (value.length < LENGTH)
        return false;
    const char *at = value.data;
    capra_slice const version = slice_of(at + VERSION_AT, 2);
    trace_context const found = { .trace_id = slice_of(at + TRACE_AT, 32),
                                  .span_id = slice_of(at + SPAN_AT, 16) };
    if (!is_hex(version) || !is_hex(found.trace_id) || !is_hex(found.span_id) ||
        !is_hex(slice_of(at + FLAGS_AT, 2)))
        return false;
    if (at[TRACE_AT - 1] != '-' || at[SPAN_AT - 1] != '-' || at[FLAGS_AT - 1] != '-')
        return false;
    if (slice_is(version, "ff") || is_zero(found.trace_id) || is_zero(found.span_id))
        return false;
    if (value.length > LENGTH && (slice_is(version, "00") || at[LENGTH] != '-'))
        return false;
    *out = found;
    return true;
}
