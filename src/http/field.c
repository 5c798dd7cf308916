/* SPDX-License-Identifier: MIT */
#include "field.h"

#include "char.h"

static const capra_slice names[] = { [HTTP_FIELD_OTHER] = { "", 0 },
#define ROW(id, name) [HTTP_FIELD_##id] = { name, sizeof name - 1 },
                                     HTTP_FIELDS(ROW)
#undef ROW
};

enum { LONGEST = 17, SAME_LENGTH = 3 };

/* Most fields of a request are unknown ones, and their length says so. */
static const uint8_t by_length[LONGEST + 1][SAME_LENGTH] = {
    [4] = { HTTP_FIELD_HOST },
    [5] = { HTTP_FIELD_RANGE },
    [6] = { HTTP_FIELD_ACCEPT, HTTP_FIELD_EXPECT },
    [7] = { HTTP_FIELD_UPGRADE, HTTP_FIELD_REFERER },
    [9] = { HTTP_FIELD_FORWARDED, HTTP_FIELD_X_REAL_IP },
    [10] = { HTTP_FIELD_CONNECTION, HTTP_FIELD_USER_AGENT },
    [11] = { HTTP_FIELD_TRACEPARENT },
    [12] = { HTTP_FIELD_CONTENT_TYPE, HTTP_FIELD_X_REQUEST_ID },
    [13] = { HTTP_FIELD_CACHE_CONTROL, HTTP_FIELD_IF_NONE_MATCH },
    [14] = { HTTP_FIELD_CONTENT_LENGTH },
    [15] = { HTTP_FIELD_ACCEPT_ENCODING, HTTP_FIELD_X_FORWARDED_FOR },
    [16] = { HTTP_FIELD_X_FORWARDED_HOST, HTTP_FIELD_X_FORWARDED_PORT },
    [17] = { HTTP_FIELD_TRANSFER_ENCODING, HTTP_FIELD_IF_MODIFIED_SINCE,
             HTTP_FIELD_X_FORWARDED_PROTO },
};

http_field_id http_field_find(capra_slice name)
{
    if (name.length > LONGEST)
        return HTTP_FIELD_OTHER;
    for (int i = 0; i < SAME_LENGTH; i++) {
        uint8_t const id = by_length[name.length][i];
        if (id == HTTP_FIELD_OTHER)
            break;
        if (ascii_lower(name.data[0]) == names[id].data[0] && slice_equal_nocase(name, names[id]))
            return (http_field_id)id;
    }
    return HTTP_FIELD_OTHER;
}

bool http_is_token(capra_slice s)
{
    return s.length > 0 && http_skip_token(s.data, s.data + s.length) == s.data + s.length;
}

bool http_is_field_value(capra_slice s)
{
    return s.length == 0 || http_skip_value(s.data, s.data + s.length) == s.data + s.length;
}

/* ---- Host: RFC 3986, 3.2.2 ---- */

/* Each of these takes what it knows from the front of `*s`, or nothing and returns false. */

static bool take(capra_slice *s, char c)
{
    if (s->length == 0 || s->data[0] != c)
        return false;
    *s = slice_from(*s, 1);
    return true;
}

static size_t take_all(capra_slice *s, int flags)
{
    const char *at = s->data, *end = at + s->length;
    while (at < end && http_char_is(*at, flags))
        at++;
    size_t const n = (size_t)(at - s->data);
    *s = slice_of(at, (size_t)(end - at));
    return n;
}

/* 0 to 255, without a zero in front. */
static bool take_octet(capra_slice *s)
{
    const char *digits = s->data;
    size_t const n = take_all(s, HTTP_CHAR_DIGIT);
    if (n == 0 || n > 3 || (n > 1 && digits[0] == '0'))
        return false;
    return n < 3 || memcmp(digits, "255", 3) <= 0;
}

static bool is_ipv4(capra_slice s)
{
    for (int i = 0; i < 4; i++)
        if ((i > 0 && !take(&s, '.')) || !take_octet(&s))
            return false;
    return s.length == 0;
}

/* Eight groups of 16 bits. `::` stands once for one or more of them, an IPv4 address may stand for
 * the last two. */
static bool is_ipv6(capra_slice s)
{
    int groups = 0;
    bool has_gap = take(&s, ':');
    if (has_gap && !take(&s, ':'))
        return false;
    while (s.length > 0) {
        capra_slice const here = s;
        size_t const digits = take_all(&s, HTTP_CHAR_HEX);
        if (s.length > 0 && s.data[0] == '.') {
            groups += 2;
            if (!is_ipv4(here))
                return false;
            break;
        }
        if (digits == 0 || digits > 4)
            return false;
        groups++;
        if (s.length == 0)
            break;
        if (!take(&s, ':') || s.length == 0)
            return false;
        if (take(&s, ':')) {
            if (has_gap)
                return false;
            has_gap = true;
        }
    }
    return has_gap ? groups < 8 : groups == 8;
}

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ), as no one has ever used. */
static bool is_ipvfuture(capra_slice s)
{
    if ((!take(&s, 'v') && !take(&s, 'V')) || take_all(&s, HTTP_CHAR_HEX) == 0 || !take(&s, '.'))
        return false;
    if (s.length == 0)
        return false;
    while (take_all(&s, HTTP_CHAR_REGNAME) > 0 || take(&s, ':'))
        ;
    return s.length == 0;
}

/* An address in brackets. */
static bool take_literal(capra_slice *s)
{
    const char *close = memchr(s->data, ']', s->length);
    if (close == NULL)
        return false;
    capra_slice const inside = slice_of(s->data + 1, (size_t)(close - s->data) - 1);
    *s = slice_from(*s, inside.length + 2);
    return is_ipv6(inside) || is_ipvfuture(inside);
}

static bool take_escape(capra_slice *s)
{
    if (s->length < 3 || s->data[0] != '%' || !http_char_is(s->data[1], HTTP_CHAR_HEX) ||
        !http_char_is(s->data[2], HTTP_CHAR_HEX))
        return false;
    *s = slice_from(*s, 3);
    return true;
}

bool http_is_host(capra_slice s)
{
    if (s.length == 0)
        return true;
    if (s.data[0] == '[') {
        if (!take_literal(&s))
            return false;
    } else {
        while (take_all(&s, HTTP_CHAR_REGNAME) > 0 || take_escape(&s))
            ;
    }
    if (take(&s, ':'))
        take_all(&s, HTTP_CHAR_DIGIT);
    return s.length == 0;
}

/* ---- Lists ---- */

/* How far the member at the front of the list goes: to a comma outside of quotes. */
static size_t member_length(capra_slice list)
{
    bool is_quoted = false;
    size_t i = 0;
    for (; i < list.length; i++) {
        if (list.data[i] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && list.data[i] == '\\')
            i++;
        else if (!is_quoted && list.data[i] == ',')
            break;
    }
    return i < list.length ? i : list.length;
}

bool http_list_next(capra_slice *list, capra_slice *item)
{
    while (list->length > 0) {
        size_t const length = member_length(*list);
        capra_slice const member = slice_trim(slice_of(list->data, length));
        *list = slice_from(*list, length + 1);
        if (member.length > 0) {
            *item = member;
            return true;
        }
    }
    return false;
}

bool http_list_has(capra_slice list, const char *token)
{
    capra_slice item;
    while (http_list_next(&list, &item))
        if (slice_is_nocase(item, token))
            return true;
    return false;
}
