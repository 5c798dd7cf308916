/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_OBSERVE_TRACE_CONTEXT_H
#define CAPRA_OBSERVE_TRACE_CONTEXT_H

#include "base/slice.h"

/* What a `traceparent` field says (W3C Trace Context, 3.2), lent by its value. */
typedef struct trace_context {
    capra_slice trace_id; /* 32 hexadecimal digits */
    capra_slice span_id;  /* 16: the caller's span */
} trace_context;

/* False when the value is malformed, of the forbidden version ff, or has an id of zeroes; a field
 * of a later version may be longer. Such a field is to be taken for none. */
bool trace_context_read(trace_context *out, capra_slice value);

#endif
