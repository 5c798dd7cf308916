/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NATIVE_JSON_TEXT_H
#define CAPRA_NATIVE_JSON_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Small answers in JSON, written straight from a format as jansson's json_pack reads it: without a
 * tree of values in between, which would be the larger part of such an answer's cost.
 *
 * Of the format it knows objects and arrays, `s`, `i`, `I`, `b` and `n`. Writes the bytes that
 * json_dumps with JSON_COMPACT would, and returns how many; or -1 for all that it leaves to
 * jansson: another letter, a mistake in the format, text that is not UTF-8, a name that stands
 * twice in its object, more than fits into `size`. `args` is as it was. */
long json_text_write(char *out, size_t size, const char *format, va_list args);

#endif
