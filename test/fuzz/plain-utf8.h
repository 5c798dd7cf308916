/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_FUZZ_PLAIN_UTF8_H
#define CAPRA_FUZZ_PLAIN_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether text is UTF-8, by arithmetic: the number that the bits make must need that many bytes. */
static inline bool plain_is_utf8(const char *text, size_t length)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    for (size_t i = 0; i < length;) {
        unsigned char const first = (unsigned char)text[i];
        size_t const bytes = first < 0x80   ? 1
                             : first < 0xc0 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf8 ? 4
                                            : 0;
        if (bytes == 0 || bytes > length - i)
            return false;
        uint32_t number = bytes == 1 ? first : first & (0x7fu >> bytes);
        for (size_t k = 1; k < bytes; k++) {
            if ((text[i + k] & 0xc0) != 0x80)
                return false;
            number = number << 6 | (text[i + k] & 0x3f);
        }
        if (number < least[bytes] || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
            return false;
        i += bytes;
    }
    return true;
}

#endif
