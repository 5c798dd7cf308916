/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <unistd.h>

void line_put_raw(line *l, capra_slice bytes)
{
    size_t const room = sizeof l->data - 1 - l->length;
    size_t const length = bytes.length < room ? bytes.length : room;
    if (length > 0)
        memcpy(l->data + l->length, bytes.data, length);
    l->length += length;
}

void line_put(line *l, const char *text)
{
    line_put_raw(l, slice_text(text));
}

void line_put_slice(line *l, capra_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char const c = (unsigned char)bytes.data[i];
        char const escaped[] = { '\\', 'x', digits[c >> 4], digits[c & 15] };
        if (c < 0x20 || c == 0x7f)
            line_put_raw(l, slice_of(escaped, sizeof escaped));
        else
            line_put_raw(l, slice_of(bytes.data + i, 1));
    }
}

static void put_digits(line *l, uint64_t number, unsigned base)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    line_put_raw(l, slice_of(digits + at, sizeof digits - at));
}

void line_put_number(line *l, uint64_t number)
{
    put_digits(l, number, 10);
}

void line_put_hex(line *l, uint64_t number)
{
    line_put(l, "0x");
    put_digits(l, number, 16);
}

void line_put_seconds(line *l, uint64_t ms)
{
    line_put_number(l, ms / 1000);
    if (ms < 10000 && ms % 1000 >= 100) {
        line_put(l, ".");
        line_put_number(l, ms % 1000 / 100);
    }
    line_put(l, " s");
}

void line_log(line *l)
{
    l->data[l->length++] = '\n';
    for (size_t sent = 0; sent < l->length;) {
        ssize_t const size = write(STDERR_FILENO, l->data + sent, l->length - sent);
        if (size <= 0)
            break;
        sent += (size_t)size;
    }
    l->length = 0;
}
