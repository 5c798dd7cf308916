/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_OBSERVE_ESCAPE_H
#define CAPRA_OBSERVE_ESCAPE_H

#include "base/slice.h"

/* What a client has sent, made fit for a line of a log: whatever the bytes are, they cannot end
 * the line, nor the string they stand in, nor say anything to a terminal. */

/* The most bytes that one byte becomes, in either form. */
enum { ESCAPE_WIDEST = 6 };

/* As the inside of a JSON string (RFC 8259, 7). UTF-8 stays, but for the control characters
 * U+0080 to U+009F; bytes that are no UTF-8 become the characters U+0080 to U+00FF, so the line is
 * valid JSON always. Of a text beyond `longest` bytes the first ones are written, and an ellipsis.
 * `out` has room for ESCAPE_WIDEST * (longest + 1) bytes. Returns the end of what was written. */
char *escape_json(char *out, capra_slice text, size_t longest);

/* For a person: everything but visible ASCII and spaces as \xNN. The same otherwise. */
char *escape_plain(char *out, capra_slice text, size_t longest);

#endif
