/* SPDX-License-Identifier: MIT */
#include "response/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What Next 16.4 was seen to answer. */
typedef struct vector {
    const char *text, *etag;
} vector;

static const vector vectors[] = {
    { "", "\"78p3gz236i0\"" },
    { "a", "\"ap6mcnqid61\"" },
    { "x", "\"ayxe2glzap1\"" },
    { "hello", "\"2caikvdqo85\"" },
    { "{\"a\":1}", "\"147uiiad94i7\"" },
    { "é", "\"c66t4pa6oi1\"" },
    { "日本語", "\"cx9odr3xdk3\"" },
    { "😀", "\"c26v2dkjuu2\"" },
    { "The quick brown fox", "\"bmcxx1jbg5j\"" },
};

static void assert_etag(capra_slice text, bool is_buffer, const char *expected)
{
    char room[RESPONSE_ETAG_MAX];
    capra_slice const tag = response_etag(room, text, is_buffer);
    assert_int_equal(tag.length, strlen(expected));
    assert_memory_equal(tag.data, expected, tag.length);
}

static void equals_what_next_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_etag(slice_text(vectors[i].text), false, vectors[i].etag);
    assert_etag(slice_of("\0\xef\xbf\xbf", 4), false, "\"7pwdoimjh82\"");
}

static void equals_it_for_long_texts(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'a', sizeof text);
    assert_etag(slice_of(text, 1024), false, "\"pcnahxmeohsg\"");
    assert_etag(slice_of(text, 5000), false, "\"o9zuz7dtgb3uw\"");
}

static void equals_it_for_buffers(void **state)
{
    (void)state;
    assert_etag(slice_text("buf"), true, "\"x2yvc5omeu11\"");
    assert_etag(slice_text("{\"type\":\"Buffer\",\"data\":[98,117,102]}"), false,
                "\"x2yvc5omeu11\"");
}

/* The tag of `before` letters, é, and `after` more, by the definition, unit by unit. */
static void compute(char *out, size_t size, size_t before, size_t after)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    size_t const units = before + 1 + after;
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < units; i++)
        value = (value ^ (i == before ? 0xe9 : 'a' + i % 26)) * UINT64_C(0x100000001b3);
    value = (value & ((UINT64_C(1) << 52) - 1)) ^ value >> 52;
    char reversed[32];
    size_t count = 0;
    for (size_t rest = units; rest > 0; rest /= 36)
        reversed[count++] = digits[rest % 36];
    for (; value > 0; value /= 36)
        reversed[count++] = digits[value % 36];
    assert_true(count + 3 <= size);
    *out++ = '"';
    while (count > 0)
        *out++ = reversed[--count];
    memcpy(out, "\"", 2);
}

/* ASCII is taken eight letters at once, and the rest one by one. */
static void takes_characters_wherever_they_stand(void **state)
{
    (void)state;
    for (size_t before = 0; before < 40; before++) {
        for (size_t after = 0; after < 20; after++) {
            char text[64], expected[RESPONSE_ETAG_MAX];
            for (size_t i = 0, unit = 0; i < before + 2 + after; i++, unit++) {
                if (i == before)
                    memcpy(text + i++, "é", 2);
                else
                    text[i] = (char)('a' + unit % 26);
            }
            compute(expected, sizeof expected, before, after);
            assert_etag(slice_of(text, before + 2 + after), false, expected);
        }
    }
}

/* Bytes that are no UTF-8 are no text; they must not be read beyond their end. */
static void takes_a_cut_character(void **state)
{
    (void)state;
    static const char *const cut[] = { "\xc3", "\xe6\x97", "\xf0\x9f\x98", "a\xf0" };
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        size_t const length = strlen(cut[i]);
        char *exact = malloc(length), tag[RESPONSE_ETAG_MAX];
        memcpy(exact, cut[i], length);
        assert_true(response_etag(tag, slice_of(exact, length), false).length > 2);
        free(exact);
    }
}

/* ---- 304 ---- */

typedef struct freshness {
    const char *method, *fields;
    int status;
    bool is_fresh, is_fresh_in_next;
} freshness;

static const freshness cases[] = {
    { "GET", "", 200, false, false },
    { "GET", "If-None-Match: \"t\"\r\n", 200, true, true },
    { "HEAD", "If-None-Match: \"t\"\r\n", 200, true, true },
    { "GET", "If-None-Match: *\r\n", 200, true, true },
    { "GET", "If-None-Match: \"x\", *\r\n", 200, false, false },
    { "GET", "If-None-Match: \"x\", \"t\"\r\n", 200, true, true },
    { "GET", "If-None-Match: W/\"t\"\r\n", 200, true, true },
    { "GET", "If-None-Match: t\r\n", 200, false, false },
    { "GET", "If-None-Match: \"t\"\r\nIf-Modified-Since: x\r\n", 200, false, false },
    { "GET", "If-None-Match: \"t\"\r\nCache-Control: no-cache\r\n", 200, false, false },
    { "GET", "If-None-Match: \"t\"\r\nCache-Control: max-age=0, no-cache\r\n", 200, false, false },
    { "GET", "If-None-Match: \"t\"\r\nCache-Control: NO-CACHE\r\n", 200, true, true },
    { "GET", "If-None-Match: \"t\"\r\nCache-Control: max-age=0\r\n", 200, true, true },
    { "GET", "If-None-Match: \"t\"\r\n", 201, true, true },
    { "GET", "If-None-Match: \"t\"\r\n", 204, false, true },
    { "GET", "If-None-Match: \"t\"\r\n", 206, false, true },
    { "GET", "If-None-Match: \"t\"\r\n", 404, false, true },
    { "GET", "If-None-Match: \"t\"\r\n", 500, false, true },
    { "POST", "If-None-Match: \"t\"\r\n", 200, false, true },
    { "DELETE", "If-None-Match: *\r\n", 200, false, true },
};

static void is_decided_by_method_status_and_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        http_head head;
        int const length = snprintf(text, sizeof text, "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n",
                                    cases[i].method, cases[i].fields);
        http_head_init(&head);
        assert_int_equal(http_head_parse(&head, text, (size_t)length, &http_default_limits),
                         length);
        capra_slice const tag = slice_text("\"t\"");
        if (response_is_fresh(&head, text, cases[i].status, tag, false) != cases[i].is_fresh ||
            response_is_fresh(&head, text, cases[i].status, tag, true) != cases[i].is_fresh_in_next)
            fail_msg("%s %d %s", cases[i].method, cases[i].status, cases[i].fields);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_what_next_answers),
        cmocka_unit_test(equals_it_for_long_texts),
        cmocka_unit_test(equals_it_for_buffers),
        cmocka_unit_test(takes_characters_wherever_they_stand),
        cmocka_unit_test(takes_a_cut_character),
        cmocka_unit_test(is_decided_by_method_status_and_fields),
    };
    return cmocka_run_group_tests_name("etag", tests, NULL, NULL);
}
