/* SPDX-License-Identifier: MIT */
#include "uri.h"

#include "base/error.h"
#include "field.h"
#include "utf8.h"

#include <stdint.h>

typedef enum byte_kind {
    PLAIN,
    SLASH,
    END,       /* of the path */
    BACKSLASH, /* a slash, to WHATWG */
    ESCAPED,   /* in the path percent-encode set of the WHATWG URL Standard, 1.3 */
} byte_kind;

static const uint8_t kinds[256] = {
    [0x00 ... 0x20] = ESCAPED, ['"'] = ESCAPED, ['#'] = END,     ['/'] = SLASH,
    ['<'] = ESCAPED,           ['>'] = ESCAPED, ['?'] = END,     ['\\'] = BACKSLASH,
    ['^'] = ESCAPED,           ['`'] = ESCAPED, ['{'] = ESCAPED, ['}'] = ESCAPED,
    [0x7f ... 0xff] = ESCAPED,
};

static byte_kind kind_at(capra_slice s, size_t at)
{
    return (byte_kind)kinds[(unsigned char)s.data[at]];
}

bool http_is_path_byte(unsigned char byte)
{
    return kinds[byte] == PLAIN;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int http_escape_byte(capra_slice s, size_t at)
{
    if (s.length - at < 3 || s.data[at] != '%')
        return -1;
    int const high = hex_digit(s.data[at + 1]), low = hex_digit(s.data[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* ---- The path ---- */

/* How many dots a segment consists of, if it is a dot segment (1 or 2; `%2e` is one); else 0. */
static int count_dots(capra_slice segment)
{
    int dots = 0;
    for (size_t at = 0; at < segment.length; dots++) {
        if (segment.data[at] == '.')
            at += 1;
        else if (http_escape_byte(segment, at) == '.')
            at += 3;
        else
            return 0;
    }
    return dots <= 2 ? dots : 0;
}

/* The segment that begins at `at`, up to the next slash of either kind or the end of the path. */
static capra_slice segment_at(capra_slice s, size_t at)
{
    size_t end = at;
    while (end < s.length && (kind_at(s, end) == PLAIN || kind_at(s, end) == ESCAPED))
        end++;
    return slice_of(s.data + at, end - at);
}

static bool is_dot_segment_at(capra_slice s, size_t at)
{
    return at < s.length && (s.data[at] == '.' || s.data[at] == '%') &&
           count_dots(segment_at(s, at)) > 0;
}

static size_t skip_plain(capra_slice s, size_t at)
{
    while (at < s.length && kind_at(s, at) == PLAIN)
        at++;
    return at;
}

/* Goes over the path once and says where it ends, and what has to be done to it. */
static size_t scan_path(http_target *out, capra_slice origin)
{
    for (size_t at = 0; (at = skip_plain(origin, at)) < origin.length; at++) {
        switch (kind_at(origin, at)) {
        case SLASH:
            if (at > 0 && origin.data[at - 1] == '/')
                out->has_empty_segment = true;
            if (is_dot_segment_at(origin, at + 1))
                out->is_path_rewritten = true;
            break;
        case BACKSLASH:
            out->has_empty_segment = true;
            out->is_path_rewritten = true;
            break;
        case ESCAPED:
            out->is_path_rewritten = true;
            break;
        case PLAIN:
        case END:
            return at;
        }
    }
    return origin.length;
}

static char *put_escaped(char *end, capra_slice segment)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < segment.length; i++) {
        unsigned char const byte = (unsigned char)segment.data[i];
        if (kinds[byte] == PLAIN) {
            *end++ = (char)byte;
        } else {
            *end++ = '%';
            *end++ = digits[byte >> 4];
            *end++ = digits[byte & 15];
        }
    }
    return end;
}

/* Takes back the last segment with its slash; at the root there is none to take. */
static char *drop_segment(char *data, char *end)
{
    while (end > data)
        if (*--end == '/')
            break;
    return end;
}

/* The path state of the URL Standard, 4.4. Each turn reads a slash and the segment behind it. */
static capra_slice rewrite_path(capra_slice raw, arena *a)
{
    char *data = arena_take(a, 3 * raw.length), *end = data;
    for (size_t at = 0; at < raw.length;) {
        capra_slice const segment = segment_at(raw, at + 1);
        at += 1 + segment.length;
        int const dots = count_dots(segment);
        if (dots == 2)
            end = drop_segment(data, end);
        if (dots == 0 || at == raw.length) {
            *end++ = '/';
            end = put_escaped(end, dots == 0 ? segment : slice_of("", 0));
        }
    }
    return slice_of(data, (size_t)(end - data));
}

/* ---- The target ---- */

static void split_origin(http_target *out, capra_slice origin, arena *a)
{
    size_t const path_length = scan_path(out, origin);
    const char *fragment = memchr(origin.data + path_length, '#', origin.length - path_length);
    if (fragment != NULL)
        origin.length = (size_t)(fragment - origin.data);
    out->origin = origin;
    if (path_length < origin.length)
        out->query = slice_from(origin, path_length + 1);
    capra_slice const path = slice_of(origin.data, path_length);
    out->path = out->is_path_rewritten ? rewrite_path(path, a) : path;
}

/* Puts the authority of an absolute-form in `out` and returns how far it reaches; 0 when the
 * target has another form, or an authority that a request may not name: an empty one (RFC 9110,
 * 4.2.1), one that could not stand in the Host field, for which it stands in, or one that ends in
 * another way than RFC 3986, 3.2 says. */
static size_t read_authority(http_target *out, capra_slice target)
{
    static const capra_slice schemes[] = { { "http://", 7 }, { "https://", 8 } };
    size_t start = 0;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (target.length > schemes[i].length &&
            slice_equal_nocase(slice_of(target.data, schemes[i].length), schemes[i]))
            start = schemes[i].length;
    if (start == 0)
        return 0;
    capra_slice const authority = segment_at(target, start);
    size_t const end = start + authority.length;
    bool const is_ended =
        end == target.length || target.data[end] == '/' || target.data[end] == '?';
    if (authority.length == 0 || !is_ended || !http_is_host(authority))
        return 0;
    out->authority = authority;
    return end;
}

/* What follows the authority; a path that is missing is a slash (RFC 9110, 4.2.3). */
static capra_slice origin_behind(capra_slice target, size_t authority_end, arena *a)
{
    capra_slice const rest = slice_from(target, authority_end);
    if (rest.length > 0 && rest.data[0] == '/')
        return rest;
    char *data = arena_take(a, rest.length + 1);
    data[0] = '/';
    memcpy(data + 1, rest.data, rest.length);
    return slice_of(data, rest.length + 1);
}

int http_target_parse(http_target *out, capra_slice target, arena *a)
{
    *out = (http_target){ 0 };
    if (slice_is(target, "*")) {
        out->origin = out->path = target;
        out->is_asterisk = true;
        return 0;
    }
    if (target.length > 0 && target.data[0] == '/') {
        split_origin(out, target, a);
        return 0;
    }
    size_t const authority_end = read_authority(out, target);
    if (authority_end == 0)
        return CAPRA_E_TARGET;
    split_origin(out, origin_behind(target, authority_end, a), a);
    return 0;
}

capra_slice http_target_collapse(capra_slice origin, arena *a)
{
    const char *query = memchr(origin.data, '?', origin.length);
    size_t const path_length = query == NULL ? origin.length : (size_t)(query - origin.data);
    char *data = arena_take(a, origin.length), *end = data;
    for (size_t i = 0; i < path_length; i++) {
        char const c = origin.data[i] == '\\' ? '/' : origin.data[i];
        if (c != '/' || end == data || end[-1] != '/')
            *end++ = c;
    }
    size_t const query_length = origin.length - path_length;
    memcpy(end, origin.data + path_length, query_length);
    return slice_of(data, (size_t)(end - data) + query_length);
}

/* ---- Escapes and UTF-8 ---- */

/* Eight bytes at once, of which none is `%` and all are ASCII: most text is like that. */
static bool is_plain_word(const char *data)
{
    uint64_t const ones = 0x0101010101010101, tops = 0x8080808080808080;
    uint64_t word;
    memcpy(&word, data, sizeof word);
    uint64_t const percents = word ^ (ones * '%');
    return ((word | (percents - ones)) & tops) == 0;
}

bool http_is_decodable(capra_slice s)
{
    http_utf8 reader = { 0 };
    for (size_t i = 0; i < s.length;) {
        if (reader.missing == 0 && s.length - i >= 8 && is_plain_word(s.data + i)) {
            i += 8;
            continue;
        }
        bool const is_escape = s.data[i] == '%';
        int const byte = is_escape ? http_escape_byte(s, i) : (unsigned char)s.data[i];
        if (byte < 0 || http_utf8_read(&reader, (unsigned char)byte) == HTTP_UTF8_BAD)
            return false;
        i += is_escape ? 3 : 1;
    }
    return reader.missing == 0;
}

capra_slice http_percent_decode(capra_slice s, arena *a)
{
    if (!http_is_decodable(s))
        return slice_of(NULL, 0);
    if (s.length == 0)
        return slice_of("", 0);
    const char *escape = memchr(s.data, '%', s.length);
    if (escape == NULL)
        return s;
    char *data = arena_take(a, s.length), *end = data;
    for (size_t i = 0; i < s.length;) {
        bool const is_escape = s.data[i] == '%';
        *end++ = is_escape ? (char)http_escape_byte(s, i) : s.data[i];
        i += is_escape ? 3 : 1;
    }
    return slice_of(data, (size_t)(end - data));
}

bool http_is_utf8(capra_slice s)
{
    http_utf8 reader = { 0 };
    for (size_t i = 0; i < s.length;) {
        if (reader.missing == 0 && s.length - i >= 8 && is_plain_word(s.data + i)) {
            i += 8;
            continue;
        }
        if (http_utf8_read(&reader, (unsigned char)s.data[i]) == HTTP_UTF8_BAD)
            return false;
        i++;
    }
    return reader.missing == 0;
}
