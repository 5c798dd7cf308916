/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_UTF8_H
#define CAPRA_HTTP_UTF8_H

#include <stdbool.h>

/* UTF-8 read byte by byte, as the decoder of the Encoding Standard reads it: the same bytes are
 * refused, and at the same place. A reader of zeroes stands before a character. */
typedef struct http_utf8 {
    unsigned char missing; /* bytes until the character is whole */
    unsigned char lowest, highest;
} http_utf8;

typedef enum http_utf8_step {
    HTTP_UTF8_WHOLE, /* the byte ends a character */
    HTTP_UTF8_MORE,  /* it belongs to one that is not whole yet */
    HTTP_UTF8_BAD,   /* it cannot stand here; the reader is before a character again. If one had
                        been begun, the byte is still to be read: it may begin the next */
} http_utf8_step;

static inline http_utf8_step http_utf8_begin(http_utf8 *u, unsigned char byte)
{
    if (byte < 0x80)
        return HTTP_UTF8_WHOLE;
    if (byte < 0xc2 || byte > 0xf4)
        return HTTP_UTF8_BAD;
    u->missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    /* No overlong forms, no surrogates, nothing beyond U+10FFFF (RFC 3629, 4). */
    u->lowest = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    u->highest = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    return HTTP_UTF8_MORE;
}

static inline http_utf8_step http_utf8_read(http_utf8 *u, unsigned char byte)
{
    if (u->missing == 0)
        return http_utf8_begin(u, byte);
    bool const fits = byte >= u->lowest && byte <= u->highest;
    u->missing = fits ? (unsigned char)(u->missing - 1) : 0;
    u->lowest = 0x80;
    u->highest = 0xbf;
    return !fits ? HTTP_UTF8_BAD : u->missing > 0 ? HTTP_UTF8_MORE : HTTP_UTF8_WHOLE;
}

#endif
