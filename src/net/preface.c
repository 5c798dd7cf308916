/* SPDX-License-Identifier: MIT */
#include "preface.h"

#include <string.h>

static bool begins_alike(const char *data, size_t length, const char *with, size_t with_length)
{
    return memcmp(data, with, length < with_length ? length : with_length) == 0;
}

/* ---- Version 1: a line ---- */

static const char word[] = "PROXY ";
static const char unknown[] = "UNKNOWN";

/* Takes a word off the line, up to one space or the end. Nothing when two spaces meet. */
static capra_slice take_word(capra_slice *line)
{
    const char *space = memchr(line->data, ' ', line->length);
    size_t const length = space == NULL ? line->length : (size_t)(space - line->data);
    capra_slice const taken = slice_of(line->data, length);
    *line = slice_from(*line, length + 1);
    return taken;
}

static bool read_port(uint16_t *out, capra_slice text)
{
    uint32_t port = 0;
    if (text.length == 0 || text.length > 5 || (text.length > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* An address alone: of what ip_parse takes, neither brackets nor a port. */
static bool read_address(ip_address *out, capra_slice text, bool is_v4)
{
    bool const has_colon = memchr(text.data, ':', text.length) != NULL;
    bool const has_bracket = memchr(text.data, '[', text.length) != NULL;
    return has_colon != is_v4 && !has_bracket && ip_parse(out, text);
}

static long read_line(preface *out, capra_slice line)
{
    long const used = (long)(sizeof word - 1 + line.length + 2);
    if (line.length >= sizeof unknown - 1 && memcmp(line.data, unknown, sizeof unknown - 1) == 0)
        return line.length == sizeof unknown - 1 || line.data[sizeof unknown - 1] == ' '
                   ? used
                   : PREFACE_MALFORMED;
    capra_slice const family = take_word(&line);
    bool const is_v4 = slice_is(family, "TCP4");
    bool const ends_with_space = line.length > 0 && line.data[line.length - 1] == ' ';
    capra_slice const from = take_word(&line), to = take_word(&line);
    capra_slice const from_port = take_word(&line), to_port = take_word(&line);
    if ((!is_v4 && !slice_is(family, "TCP6")) || !read_address(&out->from, from, is_v4) ||
        !read_address(&out->to, to, is_v4) || !read_port(&out->from.port, from_port) ||
        !read_port(&out->to.port, to_port) || line.length > 0 || ends_with_space)
        return PREFACE_MALFORMED;
    out->has_address = true;
    return used;
}

static long read_v1(preface *out, const char *data, size_t length)
{
    size_t const most = length < PREFACE_BYTES ? length : PREFACE_BYTES;
    const char *end = memchr(data, '\n', most);
    if (end == NULL)
        return length < PREFACE_BYTES ? PREFACE_MORE : PREFACE_MALFORMED;
    const char *start = data + sizeof word - 1;
    if (end == start || end[-1] != '\r')
        return PREFACE_MALFORMED;
    return read_line(out, slice_of(start, (size_t)(end - 1 - start)));
}

/* ---- Version 2: bytes ---- */

static const char signature[12] = { '\r', '\n', '\r', '\n', '\0', '\r',
                                    '\n', 'Q',  'U',  'I',  'T',  '\n' };

enum {
    HEAD_BYTES = 16, /* signature, version and command, family and transport, length */
    COMMAND_LOCAL = 0x20,
    COMMAND_PROXY = 0x21,
};

/* What a connection can be of, and how many bytes two addresses of it take. */
typedef struct family {
    uint8_t code;
    uint8_t bytes;
    uint8_t address_bytes; /* of one; 0: none that we know */
} family;

static const family families[] = {
    { 0x00, 0, 0 },   /* not said */
    { 0x11, 12, 4 },  /* TCP over IPv4 */
    { 0x21, 36, 16 }, /* TCP over IPv6 */
    { 0x31, 216, 0 }, /* a Unix socket */
};

static const family *find_family(uint8_t code)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (families[i].code == code)
            return &families[i];
    return NULL;
}

static uint16_t read_u16(const char *at)
{
    return (uint16_t)((uint8_t)at[0] << 8 | (uint8_t)at[1]);
}

static void read_bytes(ip_address *out, const char *at, size_t size, const char *port)
{
    *out = (ip_address){ .is_known = true, .port = read_u16(port) };
    if (size == 4)
        out->bytes[10] = out->bytes[11] = 0xff;
    memcpy(out->bytes + sizeof out->bytes - size, at, size);
}

static long read_v2(preface *out, const char *data, size_t length)
{
    if (length > 12 && data[12] != COMMAND_LOCAL && data[12] != COMMAND_PROXY)
        return PREFACE_MALFORMED;
    if (length < HEAD_BYTES)
        return PREFACE_MORE;
    uint16_t const all = read_u16(data + 14);
    out->rest = all;
    if (data[12] == COMMAND_LOCAL)
        return HEAD_BYTES; /* whatever the rest says: a proxy that asks for itself */

    const family *f = find_family((uint8_t)data[13]);
    if (f == NULL || all < f->bytes)
        return PREFACE_MALFORMED;
    size_t const size = f->address_bytes;
    if (size == 0)
        return HEAD_BYTES;
    if (length < HEAD_BYTES + (size_t)f->bytes)
        return PREFACE_MORE;
    const char *at = data + HEAD_BYTES;
    read_bytes(&out->from, at, size, at + 2 * size);
    read_bytes(&out->to, at + size, size, at + 2 * size + 2);
    out->has_address = true;
    out->rest = (uint16_t)(all - f->bytes);
    return HEAD_BYTES + f->bytes;
}

/* ---- Either ---- */

long preface_read(preface *out, const char *data, size_t length)
{
    *out = (preface){ 0 };
    if (begins_alike(data, length, word, sizeof word - 1))
        return length < sizeof word - 1 ? PREFACE_MORE : read_v1(out, data, length);
    if (begins_alike(data, length, signature, sizeof signature))
        return length < sizeof signature ? PREFACE_MORE : read_v2(out, data, length);
    return PREFACE_MALFORMED;
}
