/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESCUE_LINE_H
#define CAPRA_RESCUE_LINE_H

#include "base/slice.h"

#include <stdint.h>

/* Text that is put together without memory and without a lock, as a signal handler must. What
 * does not fit is left out. */
typedef struct line {
    size_t length;
    char data[2048];
} line;

/* As it is: for our own words. */
void line_put(line *l, const char *text);

/* Control characters are escaped, so that nobody who shapes the bytes can forge a line. */
void line_put_slice(line *l, capra_slice bytes);

/* In decimal digits. */
void line_put_number(line *l, uint64_t number);

/* "0x7f12": an address. */
void line_put_hex(line *l, uint64_t number);

/* "2.5 s": with as many digits as say something. */
void line_put_seconds(line *l, uint64_t ms);

/* The same bytes, escaped or not, as they shall go out. */
void line_put_raw(line *l, capra_slice bytes);

/* Writes it to stderr with an end of line, and empties it. */
void line_log(line *l);

#endif
