/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "http/http.h"
#include "response/encoding.h"

#include <ctype.h>

/* Accept-Encoding and Range. The first byte says which; the claims are what must hold of any
 * answer, and what a slow reading of the whole text by the RFC's grammar makes of it. */

/* ---- Accept-Encoding ---- */

static bool is_within(http_coding_wish wish, uint16_t count)
{
    return wish.weight >= -1 && wish.weight <= 1000 && (wish.weight < 0 || wish.place <= count);
}

static int wish_of(const http_codings *c, http_coding coding)
{
    bool const must_be_named = coding == HTTP_BR || coding == HTTP_ZSTD;
    return must_be_named || c->of[coding].weight >= 0 ? c->of[coding].weight : c->any.weight;
}

/* What competes: not deflate where gzip will do. */
static int rank_of(const http_codings *c, http_coding coding)
{
    return coding == HTTP_DEFLATE && wish_of(c, HTTP_GZIP) > 0 ? 0 : wish_of(c, coding);
}

static void check_choice(const http_codings *c)
{
    http_coding const ours = encoding_choose(c, false);
    http_coding const next = encoding_choose(c, true);
    /* Nobody gets what is not acceptable, or a coding that another one is better than. */
    int const own = c->of[HTTP_IDENTITY].weight;
    for (int i = HTTP_GZIP; i < HTTP_CODINGS; i++) {
        int const other = rank_of(c, (http_coding)i);
        CHECK(ours == HTTP_IDENTITY ? other <= 0 || other < own : other <= rank_of(c, ours));
    }
    CHECK(ours == HTTP_IDENTITY || (rank_of(c, ours) > 0 && rank_of(c, ours) >= own));
    CHECK(next == HTTP_IDENTITY || next == HTTP_GZIP || next == HTTP_DEFLATE);
    CHECK(next == HTTP_IDENTITY || wish_of(c, next) > 0);
    CHECK(next != HTTP_DEFLATE || wish_of(c, HTTP_GZIP) <= 0);
}

/* Read as one line or as two, cut at a comma outside of quotes, it says the same. */
static void check_cut(const http_codings *whole, capra_slice text)
{
    bool is_quoted = false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"')
            is_quoted = true; /* from here on it depends on how the quotes pair */
        if (text.data[i] != ',' || is_quoted)
            continue;
        http_codings cut;
        http_codings_init(&cut);
        http_codings_read(&cut, slice_of(text.data, i));
        http_codings_read(&cut, slice_from(text, i + 1));
        CHECK(memcmp(&cut, whole, sizeof cut) == 0);
        break;
    }
}

static void fuzz_codings(capra_slice text)
{
    http_codings c;
    http_codings_init(&c);
    http_codings_read(&c, text);
    for (int i = 0; i < HTTP_CODINGS; i++)
        CHECK(is_within(c.of[i], c.count));
    CHECK(is_within(c.any, c.count));
    CHECK(c.least > 0 && c.least <= 1000);
    check_choice(&c);
    check_cut(&c, text);
}

/* ---- Range ---- */

/* Digits and nothing else; as a number that stops at the largest. */
static bool is_number(const char *from, const char *to, uint64_t *out)
{
    *out = 0;
    for (const char *at = from; at < to; at++) {
        if (!isdigit((unsigned char)*at))
            return false;
        unsigned __int128 const next = (unsigned __int128)*out * 10 + (unsigned)(*at - '0');
        *out = next > UINT64_MAX ? UINT64_MAX : (uint64_t)next;
    }
    return from < to;
}

static http_range_kind expect(http_range *out, char *text, uint64_t size)
{
    for (char *at = text; at < text + 6; at++)
        if (tolower((unsigned char)*at) != "bytes="[at - text])
            return HTTP_RANGE_WHOLE;
    char *from = text + 6, *end = text + strlen(text);
    while (*from == ' ' || *from == '\t')
        from++;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    char *dash = memchr(from, '-', (size_t)(end - from));
    uint64_t first = 0, last = 0;
    if (dash == NULL)
        return HTTP_RANGE_WHOLE;
    bool const has_first = is_number(from, dash, &first),
               has_last = is_number(dash + 1, end, &last);
    if ((!has_first && dash > from) || (!has_last && end > dash + 1) || (!has_first && !has_last))
        return HTTP_RANGE_WHOLE;
    if (!has_first) {
        *out = (http_range){ last > size ? 0 : size - last, size - 1 };
        return last == 0 || size == 0 ? HTTP_RANGE_OUTSIDE : HTTP_RANGE_PART;
    }
    if (has_last && last < first)
        return HTTP_RANGE_WHOLE;
    *out = (http_range){ first, has_last && last < size ? last : size - 1 };
    return first >= size ? HTTP_RANGE_OUTSIDE : HTTP_RANGE_PART;
}

static void fuzz_range(capra_slice text, uint64_t size)
{
    http_range found = { 0, 0 }, expected = { 0, 0 };
    http_range_kind const kind = http_range_parse(&found, text, size);
    CHECK(kind != HTTP_RANGE_PART || (found.first <= found.last && found.last < size));
    if (memchr(text.data, '\0', text.length) != NULL)
        return;
    char *copy = calloc(1, text.length + 8);
    memcpy(copy, text.data, text.length);
    CHECK(kind == expect(&expected, copy, size));
    CHECK(kind != HTTP_RANGE_PART ||
          (found.first == expected.first && found.last == expected.last));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = { 0, 1, 10, 10000, (uint64_t)1 << 40, UINT64_MAX };
    if (size == 0)
        return 0;
    capra_slice const text = slice_of((const char *)data + 1, size - 1);
    if (data[0] % 2 == 0)
        fuzz_codings(text);
    else
        fuzz_range(text, sizes[data[0] / 2 % (sizeof sizes / sizeof *sizes)]);
    return 0;
}
