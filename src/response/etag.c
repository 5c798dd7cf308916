/* SPDX-License-Identifier: MIT */
#include "response.h"

/* Source of the algorithm: what Next 16.4 sends; checked against its answers in the tests. */

typedef struct hash {
    uint64_t value, units;
} hash;

/* FNV-1a. */
#define BASIS UINT64_C(0xcbf29ce484222325)
#define PRIME UINT64_C(0x100000001b3)

static inline void add_unit(hash *h, uint32_t unit)
{
    h->value = (h->value ^ unit) * PRIME;
    h->units++;
}

/* One character of well-formed UTF-8, as one or two UTF-16 units. Returns its bytes. */
static size_t add_character(hash *h, const unsigned char *at)
{
    uint32_t point;
    size_t length;
    if (at[0] < 0xe0) {
        point = (uint32_t)(at[0] & 0x1f) << 6 | (at[1] & 0x3f);
        length = 2;
    } else if (at[0] < 0xf0) {
        point = (uint32_t)(at[0] & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
        length = 3;
    } else {
        point = (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3f) << 12 |
                (uint32_t)(at[2] & 0x3f) << 6 | (at[3] & 0x3f);
        add_unit(h, 0xd800 + ((point - 0x10000) >> 10));
        add_unit(h, 0xdc00 + ((point - 0x10000) & 0x3ff));
        return 4;
    }
    add_unit(h, point);
    return length;
}

/* Characters of ASCII, eight at once, as far as there are any. Each step waits for the product of
 * the one before, so nothing of a long text can be done side by side; but nothing else stands
 * between two steps. Returns where it stopped. */
static const unsigned char *add_ascii(hash *h, const unsigned char *at, const unsigned char *end)
{
    const unsigned char *from = at;
    uint64_t value = h->value, word;
    for (; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
#pragma GCC unroll 8
        for (size_t i = 0; i < sizeof word; i++)
            value = (value ^ at[i]) * PRIME;
    }
    h->value = value;
    h->units += (uint64_t)(at - from);
    return at;
}

static void add_text(hash *h, capra_slice text)
{
    const unsigned char *at = (const unsigned char *)text.data, *end = at + text.length;
    while (at < end) {
        at = add_ascii(h, at, end);
        while (at < end && *at < 0x80)
            add_unit(h, *at++);
        if (at == end)
            break;
        size_t const needed = *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
        if (needed > (size_t)(end - at)) /* cut in the middle: not text; any tag will do */
            add_unit(h, *at++);
        else
            at += add_character(h, at);
    }
}

static void add_buffer(hash *h, capra_slice bytes)
{
    add_text(h, slice_text("{\"type\":\"Buffer\",\"data\":["));
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned const byte = (unsigned char)bytes.data[i];
        if (i > 0)
            add_unit(h, ',');
        if (byte >= 100)
            add_unit(h, '0' + byte / 100);
        if (byte >= 10)
            add_unit(h, '0' + byte / 10 % 10);
        add_unit(h, '0' + byte % 10);
    }
    add_text(h, slice_text("]}"));
}

/* So that it ends before `end`; returns where it begins. */
static size_t write_base36(char *room, size_t end, uint64_t value)
{
    do {
        room[--end] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36];
        value /= 36;
    } while (value > 0);
    return end;
}

capra_slice response_etag(char room[RESPONSE_ETAG_MAX], capra_slice text, bool is_buffer)
{
    hash h = { .value = BASIS };
    if (is_buffer)
        add_buffer(&h, text);
    else
        add_text(&h, text);

    uint64_t const low = h.value & ((UINT64_C(1) << 52) - 1);
    size_t at = RESPONSE_ETAG_MAX;
    room[--at] = '"';
    at = write_base36(room, at, h.units);
    at = write_base36(room, at, low ^ h.value >> 52);
    room[--at] = '"';
    return slice_of(room + at, RESPONSE_ETAG_MAX - at);
}

/* A weak tag equals the strong one it is made of (RFC 9110, 8.8.3.2). */
static capra_slice strip_weak(capra_slice tag)
{
    return tag.length > 2 && tag.data[0] == 'W' && tag.data[1] == '/' ? slice_from(tag, 2) : tag;
}

static bool is_safe(http_method method, int status)
{
    return (method == HTTP_GET || method == HTTP_HEAD) && status >= 200 && status <= 299 &&
           status != 204 && status != 206;
}

bool response_is_fresh(const http_head *head, const char *data, int status, capra_slice etag,
                       bool as_next)
{
    if (head == NULL || head->first[HTTP_FIELD_IF_NONE_MATCH] == 0)
        return false;
    if (!as_next && !is_safe(head->method, status))
        return false;
    if (head->first[HTTP_FIELD_IF_MODIFIED_SINCE] != 0)
        return false;
    capra_slice list = http_head_known(head, data, HTTP_FIELD_CACHE_CONTROL), item;
    while (http_list_next(&list, &item))
        if (slice_is(item, "no-cache")) /* in this case only, as Next compares it */
            return false;

    list = http_head_known(head, data, HTTP_FIELD_IF_NONE_MATCH);
    if (slice_is(list, "*"))
        return true;
    while (http_list_next(&list, &item))
        if (slice_equal(strip_weak(item), strip_weak(etag)))
            return true;
    return false;
}
