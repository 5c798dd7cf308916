/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_CHAR_H
#define CAPRA_HTTP_CHAR_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Which bytes may stand where: one byte of flags for each. */
enum {
    HTTP_CHAR_TOKEN = 1,   /* methods, field names (RFC 9110, 5.6.2) */
    HTTP_CHAR_VALUE = 2,   /* field values: visible, space, tab, from 0x80 (RFC 9110, 5.5) */
    HTTP_CHAR_TARGET = 4,  /* request targets: visible ASCII */
    HTTP_CHAR_REGNAME = 8, /* unreserved and sub-delims (RFC 3986, 2.2 and 2.3) */
    HTTP_CHAR_HEX = 16,
    HTTP_CHAR_DIGIT = 32,
    HTTP_CHAR_QUOTABLE = 64, /* visible ASCII and spaces, but for `"` and `\` */
};

extern const uint8_t http_chars[256];

static inline bool http_char_is(char c, int flags)
{
    return (http_chars[(uint8_t)c] & flags) != 0;
}

/* Four walks from `at` to the first byte that is no token, no field value, no target, not quotable;
 * or to `end`, behind which they never read. */

static inline const char *http_skip_token(const char *at, const char *end)
{
    while (at < end && http_char_is(*at, HTTP_CHAR_TOKEN))
        at++;
    return at;
}

static inline const char *http_skip_value(const char *at, const char *end)
{
#if defined(__SSE2__)
    __m128i const control = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8('\t');
    __m128i const del = _mm_set1_epi8(0x7f);
    for (; end - at >= 16; at += 16) {
        __m128i const text = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i const low = _mm_cmpeq_epi8(_mm_min_epu8(text, control), text);
        __m128i const bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(text, tab), low),
                                         _mm_cmpeq_epi8(text, del));
        int const mask = _mm_movemask_epi8(bad);
        if (mask != 0)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    while (at < end && http_char_is(*at, HTTP_CHAR_VALUE))
        at++;
    return at;
}

static inline const char *http_skip_target(const char *at, const char *end)
{
#if defined(__SSE2__)
    /* Added to 0x5f, the bytes 0x21 to 0x7e become the 94 lowest of the signed ones. */
    __m128i const shift = _mm_set1_epi8(0x5f), limit = _mm_set1_epi8((char)(0x80 + 94));
    for (; end - at >= 16; at += 16) {
        __m128i const text = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i const good = _mm_cmplt_epi8(_mm_add_epi8(text, shift), limit);
        int const mask = _mm_movemask_epi8(good) ^ 0xffff;
        if (mask != 0)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    while (at < end && http_char_is(*at, HTTP_CHAR_TARGET))
        at++;
    return at;
}

#if defined(__SSE2__)
/* Which of sixteen bytes are not quotable, a bit for each. */
static inline unsigned http_find_unquotable(const char *at)
{
    /* Bytes from 0x80 are negative, and so less than a space too. */
    __m128i const text = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i const low = _mm_cmplt_epi8(text, _mm_set1_epi8(' '));
    __m128i const quote = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
    __m128i const backslash = _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'));
    __m128i const del = _mm_cmpeq_epi8(text, _mm_set1_epi8(0x7f));
    __m128i const bad = _mm_or_si128(_mm_or_si128(low, quote), _mm_or_si128(backslash, del));
    return (unsigned)_mm_movemask_epi8(bad);
}
#endif

static inline const char *http_skip_quotable(const char *at, const char *end)
{
#if defined(__SSE2__)
    bool const is_long = end - at >= 16;
    for (; end - at >= 16; at += 16) {
        unsigned const bad = http_find_unquotable(at);
        if (bad != 0)
            return at + __builtin_ctz(bad);
    }
    if (is_long && at < end) { /* the last sixteen, of which some have been looked at */
        unsigned const bad = http_find_unquotable(end - 16);
        return bad == 0 ? end : end - 16 + __builtin_ctz(bad);
    }
#endif
    while (at < end && http_char_is(*at, HTTP_CHAR_QUOTABLE))
        at++;
    return at;
}

#endif
