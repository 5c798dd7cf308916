/* SPDX-License-Identifier: MIT */
#include "range.h"

/* Reads digits from the front of `s` and moves it behind them. False if there are none. A number
 * that is too large is the largest: it lies behind every end. */
static bool take_number(capra_slice *s, uint64_t *out)
{
    size_t length = 0;
    *out = 0;
    for (; length < s->length && s->data[length] >= '0' && s->data[length] <= '9'; length++) {
        unsigned const digit = (unsigned)(s->data[length] - '0');
        *out = *out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *out * 10 + digit;
    }
    *s = slice_from(*s, length);
    return length > 0;
}

/* "-500": the last 500 bytes. */
static http_range_kind parse_suffix(http_range *out, capra_slice rest, uint64_t size)
{
    uint64_t length;
    if (!take_number(&rest, &length) || rest.length > 0)
        return HTTP_RANGE_WHOLE;
    if (length == 0 || size == 0)
        return HTTP_RANGE_OUTSIDE;
    *out = (http_range){ length < size ? size - length : 0, size - 1 };
    return HTTP_RANGE_PART;
}

http_range_kind http_range_parse(http_range *out, capra_slice value, uint64_t size)
{
    static const char unit[] = "bytes=";
    size_t const length = sizeof unit - 1;
    if (value.length <= length || !slice_is_nocase(slice_of(value.data, length), unit))
        return HTTP_RANGE_WHOLE;
    capra_slice rest = slice_trim(slice_from(value, length));
    if (rest.length > 0 && rest.data[0] == '-')
        return parse_suffix(out, slice_from(rest, 1), size);

    uint64_t first, last = UINT64_MAX;
    if (!take_number(&rest, &first) || rest.length == 0 || rest.data[0] != '-')
        return HTTP_RANGE_WHOLE;
    rest = slice_from(rest, 1);
    bool const has_last = take_number(&rest, &last);
    if (!has_last)
        last = UINT64_MAX;
    if (rest.length > 0 || last < first)
        return HTTP_RANGE_WHOLE;
    if (first >= size)
        return HTTP_RANGE_OUTSIDE;
    *out = (http_range){ first, last < size ? last : size - 1 };
    return HTTP_RANGE_PART;
}
