/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "http/http.h"

/* Queries. The pairs that http_query_next finds are compared with those of a slow reference, which
 * takes the steps of the URL Standard, 5.1, one after the other, each over all of the text. */

/* ---- The reference ---- */

/* Which second bytes may follow a first one: the table of RFC 3629, 4 (`UTF8-3` and `UTF8-4`). */
static bool may_be_second(unsigned char first, unsigned char second)
{
    if (first == 0xe0)
        return second >= 0xa0 && second <= 0xbf;
    if (first == 0xed)
        return second >= 0x80 && second <= 0x9f;
    if (first == 0xf0)
        return second >= 0x90 && second <= 0xbf;
    if (first == 0xf4)
        return second >= 0x80 && second <= 0x8f;
    return second >= 0x80 && second <= 0xbf;
}

static size_t wanted_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* How many bytes from `at` could begin one character: its maximal subpart. */
static size_t subpart_length(const unsigned char *at, size_t left, size_t wanted)
{
    size_t length = 1;
    while (length < wanted && length < left &&
           (length == 1 ? may_be_second(at[0], at[1]) : at[length] >= 0x80 && at[length] <= 0xbf))
        length++;
    return length;
}

static char *decode_utf8(const char *text, size_t length, size_t *out_length)
{
    char *out = malloc(3 * length + 1);
    *out_length = 0;
    for (size_t i = 0; i < length;) {
        const unsigned char *at = (const unsigned char *)text + i;
        size_t const wanted = wanted_length(*at);
        size_t const found = subpart_length(at, length - i, wanted);
        bool const is_whole = found == wanted;
        memcpy(out + *out_length, is_whole ? text + i : "\xef\xbf\xbd", is_whole ? found : 3);
        *out_length += is_whole ? found : 3;
        i += found;
    }
    return out;
}

static bool is_hex(char c)
{
    return c != '\0' && strchr("0123456789abcdefABCDEF", c) != NULL;
}

static char *decode_percent(const char *text, size_t length, size_t *out_length)
{
    char *out = malloc(length + 1);
    *out_length = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i] == '+' ? ' ' : text[i];
        if (text[i] == '%' && i + 2 < length && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
            char const hex[3] = { text[i + 1], text[i + 2], '\0' };
            byte = (char)strtol(hex, NULL, 16);
            i += 2;
        }
        out[(*out_length)++] = byte;
    }
    return out;
}

/* Whether `actual` is what the reference makes of `text`. */
static bool is_decoded(capra_slice actual, const char *text, size_t length)
{
    size_t bytes_length, decoded_length;
    char *bytes = decode_percent(text, length, &bytes_length);
    char *decoded = decode_utf8(bytes, bytes_length, &decoded_length);
    bool const is_equal = slice_equal(actual, slice_of(decoded, decoded_length));
    free(bytes);
    free(decoded);
    return is_equal;
}

/* ---- The comparison ---- */

static void check_pair(capra_slice *rest, const char *piece, size_t length, arena *a)
{
    size_t divide = 0;
    while (divide < length && piece[divide] != '=')
        divide++;
    size_t const value = divide < length ? divide + 1 : length;
    capra_slice actual_name, actual_value;
    CHECK(http_query_next(rest, &actual_name, &actual_value, a));
    CHECK(actual_name.data != NULL && actual_value.data != NULL);
    CHECK(http_is_utf8(actual_name) && http_is_utf8(actual_value));
    CHECK(is_decoded(actual_name, piece, divide));
    CHECK(is_decoded(actual_value, piece + value, length - value));
}

/* The first pair of every name is the one that http_query_find finds. */
static void check_find(capra_slice query, arena *a)
{
    capra_slice rest = query, name, value;
    for (int i = 0; i < 8 && http_query_next(&rest, &name, &value, a); i++) {
        capra_slice others = query, other_name, other_value;
        do
            CHECK(http_query_next(&others, &other_name, &other_value, a));
        while (!slice_equal(other_name, name));
        capra_slice const found = http_query_find(query, name, a);
        CHECK(found.data != NULL && slice_equal(found, other_value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const text = (const char *)data;
    arena a;
    arena_init(&a);
    capra_slice rest = slice_of(text, size);
    for (size_t start = 0; start <= size;) {
        size_t end = start;
        while (end < size && text[end] != '&')
            end++;
        if (end > start)
            check_pair(&rest, text + start, end - start, &a);
        start = end + 1;
    }
    capra_slice name, value;
    CHECK(!http_query_next(&rest, &name, &value, &a));
    check_find(slice_of(text, size), &a);
    arena_cleanup(&a);
    return 0;
}
