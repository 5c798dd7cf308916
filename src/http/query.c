/* SPDX-License-Identifier: MIT */
#include "query.h"

#include "uri.h"
#include "utf8.h"

/* Splits `s` at the first `mark`; with none, everything is before it. */
static capra_slice before(capra_slice s, char mark, capra_slice *behind)
{
    const char *at = memchr(s.data, mark, s.length);
    size_t const length = at == NULL ? s.length : (size_t)(at - s.data);
    *behind = slice_from(s, length + 1);
    return slice_of(s.data, length);
}

static bool next_piece(capra_slice *rest, capra_slice *piece)
{
    while (rest->length > 0) {
        *piece = before(*rest, '&', rest);
        if (piece->length > 0)
            return true;
    }
    return false;
}

static bool is_coded_at(capra_slice s, size_t at)
{
    return s.data[at] == '+' || http_escape_byte(s, at) >= 0;
}

/* Undoes `+` and the well-formed escapes. */
static capra_slice unescape(capra_slice s, arena *a)
{
    size_t plain = 0;
    while (plain < s.length && !is_coded_at(s, plain))
        plain++;
    if (plain == s.length)
        return s;
    char *data = arena_take(a, s.length), *end = data + plain;
    memcpy(data, s.data, plain);
    for (size_t i = plain; i < s.length;) {
        int const byte = http_escape_byte(s, i);
        *end++ = byte >= 0 ? (char)byte : s.data[i] == '+' ? ' ' : s.data[i];
        i += byte >= 0 ? 3 : 1;
    }
    return slice_of(data, (size_t)(end - data));
}

static char *put_replacement(char *end)
{
    memcpy(end, "\xef\xbf\xbd", 3);
    return end + 3;
}

/* Puts U+FFFD in the place of what is not UTF-8: one for each byte that cannot begin a character,
 * one for each character that breaks off, however many of its bytes there were. So does the decoder
 * of the Encoding Standard, and so every browser. */
static capra_slice mend(capra_slice s, arena *a)
{
    char *data = arena_take(a, 3 * s.length), *end = data;
    http_utf8 reader = { 0 };
    size_t start = 0; /* of the character that is being read */
    for (size_t i = 0; i < s.length;) {
        bool const is_inside = reader.missing > 0;
        http_utf8_step const step = http_utf8_read(&reader, (unsigned char)s.data[i]);
        i += step == HTTP_UTF8_BAD && is_inside ? 0 : 1;
        if (step == HTTP_UTF8_MORE)
            continue;
        if (step == HTTP_UTF8_BAD) {
            end = put_replacement(end);
        } else {
            memcpy(end, s.data + start, i - start);
            end += i - start;
        }
        start = i;
    }
    if (reader.missing > 0)
        end = put_replacement(end);
    return slice_of(data, (size_t)(end - data));
}

static capra_slice decode(capra_slice s, arena *a)
{
    capra_slice const bytes = unescape(s, a);
    return http_is_utf8(bytes) ? bytes : mend(bytes, a);
}

bool http_query_next(capra_slice *rest, capra_slice *name, capra_slice *value, arena *a)
{
    capra_slice piece;
    if (!next_piece(rest, &piece))
        return false;
    *name = decode(before(piece, '=', value), a);
    *value = decode(*value, a);
    return true;
}

capra_slice http_query_find(capra_slice query, capra_slice name, arena *a)
{
    capra_slice piece, value;
    while (next_piece(&query, &piece))
        if (slice_equal(decode(before(piece, '=', &value), a), name))
            return decode(value, a);
    return slice_of(NULL, 0);
}
