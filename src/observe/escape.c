/* SPDX-License-Identifier: MIT */
#include "escape.h"

#include "http/char.h"
#include "http/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

/* The letter behind the backslash of a short escape; 'u': \u00NN; 0: the byte stands as it is. */
static char form_of(unsigned char byte)
{
    static const char shorts[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"'
    };
    if (byte >= ' ' && byte != '"' && byte != '\\' && byte != 0x7f)
        return 0;
    if (byte == '\\')
        return '\\';
    return byte < sizeof shorts && shorts[byte] != 0 ? shorts[byte] : 'u';
}

static char *write_code(char *out, unsigned char byte)
{
    *out++ = '\\';
    *out++ = 'u';
    *out++ = '0';
    *out++ = '0';
    *out++ = hex_digits[byte >> 4];
    *out++ = hex_digits[byte & 15];
    return out;
}

/* The bytes of the UTF-8 character that `text` begins with; 0 when it begins with none, or with
 * one that a terminal would obey. */
static size_t measure_character(capra_slice text)
{
    http_utf8 reader = { 0 };
    if ((unsigned char)text.data[0] == 0xc2 && text.length > 1 &&
        (unsigned char)text.data[1] < 0xa0)
        return 0;
    for (size_t i = 0; i < text.length; i++) {
        http_utf8_step const step = http_utf8_read(&reader, (unsigned char)text.data[i]);
        if (step != HTTP_UTF8_MORE)
            return step == HTTP_UTF8_WHOLE ? i + 1 : 0;
    }
    return 0;
}

static char *write_ellipsis(char *out)
{
    *out++ = '.';
    *out++ = '.';
    *out++ = '.';
    return out;
}

char *escape_json(char *out, capra_slice text, size_t longest)
{
    size_t const end = text.length < longest ? text.length : longest;
    for (size_t i = 0; i < end;) {
        const char *from = text.data + i;
        size_t const plain = (size_t)(http_skip_quotable(from, text.data + end) - from);
        memcpy(out, from, plain);
        out += plain;
        i += plain;
        if (i == end)
            break;
        unsigned char const byte = (unsigned char)text.data[i];
        char const form = form_of(byte);
        size_t const length = byte < 0x80 ? 1 : measure_character(slice_of(text.data + i, end - i));
        if (length == 0 || form == 'u') {
            out = write_code(out, byte);
            i++;
            continue;
        }
        if (form != 0) {
            *out++ = '\\';
            *out++ = form;
        } else {
            memcpy(out, text.data + i, length);
            out += length;
        }
        i += length;
    }
    return end < text.length ? write_ellipsis(out) : out;
}

char *escape_plain(char *out, capra_slice text, size_t longest)
{
    size_t const end = text.length < longest ? text.length : longest;
    for (size_t i = 0; i < end; i++) {
        unsigned char const byte = (unsigned char)text.data[i];
        if (byte >= 0x20 && byte < 0x7f) {
            *out++ = (char)byte;
            continue;
        }
        *out++ = '\\';
        *out++ = 'x';
        *out++ = hex_digits[byte >> 4];
        *out++ = hex_digits[byte & 15];
    }
    return end < text.length ? write_ellipsis(out) : out;
}
