/* SPDX-License-Identifier: MIT */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The numbers in comments are rows of the table of observed answers of Next. */

enum { PAIRS_MAX = 6 };

static void assert_slice(capra_slice actual, const char *expected)
{
    assert_non_null(actual.data);
    if (!slice_is(actual, expected))
        fail_msg("\"%.*s\" is not \"%s\"", (int)actual.length, actual.data, expected);
}

/* `pairs` is name, value, name, value …, NULL. */
static void assert_query(const char *text, const char *const *pairs)
{
    /* The text ends where its memory ends, so that the sanitizer sees a byte read behind it. */
    size_t const length = strlen(text);
    char *input = memory_take(length);
    memcpy(input, text, length);

    arena memory;
    arena_init(&memory);
    capra_slice rest = slice_of(input, length), name, value;
    for (; *pairs != NULL; pairs += 2) {
        assert_true(http_query_next(&rest, &name, &value, &memory));
        assert_slice(name, pairs[0]);
        assert_slice(value, pairs[1]);
    }
    assert_false(http_query_next(&rest, &name, &value, &memory));
    assert_false(http_query_next(&rest, &name, &value, &memory));
    arena_cleanup(&memory);
    free(input);
}

static void test_pairs(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pairs[2 * PAIRS_MAX + 1];
    } cases[] = {
        { "", { NULL } },
        { "a=1&b=2&a=3", { "a", "1", "b", "2", "a", "3", NULL } }, /* P105 */
        { "a=1&b=&c&=d&&e=%20+&f=%2B",                             /* P106 */
          { "a", "1", "b", "", "c", "", "", "d", "e", "  ", "f", "+", NULL } },
        { "a[]=1&a[]=2", { "a[]", "1", "a[]", "2", NULL } },         /* P107 */
        { "a=%zz&b=%", { "a", "%zz", "b", "%", NULL } },             /* P108 */
        { "a=1;b=2", { "a", "1;b=2", NULL } },                       /* P110 */
        { "?", { "?", "", NULL } },                                  /* P112 */
        { "z=1&10=a&2=b", { "z", "1", "10", "a", "2", "b", NULL } }, /* P113: as sent */
        { "__proto__=1&a=2", { "__proto__", "1", "a", "2", NULL } }, /* P115 */
        { "nxtPid=1&nxtP=2", { "nxtPid", "1", "nxtP", "2", NULL } }, /* P116, deviation 15 */
        { "a='\"<>", { "a", "'\"<>", NULL } },                       /* P117 */
        { "=", { "", "", NULL } },
        { "==", { "", "=", NULL } },
        { "&", { NULL } },
        { "&&&", { NULL } },
        { "&a&", { "a", "", NULL } },
        { "a=b=c", { "a", "b=c", NULL } },
        { "a%3Db=c%3Dd%26", { "a=b", "c=d&", NULL } },
        { "a+b=c+d", { "a b", "c d", NULL } },
        { "a%2=%2", { "a%2", "%2", NULL } },
        { "a=%%41", { "a", "%A", NULL } },
        { "a=%4%41", { "a", "%4A", NULL } },
        { "a=%2541", { "a", "%41", NULL } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_query(cases[i].text, cases[i].pairs);
}

#define FFFD "\xef\xbf\xbd"

/* The examples of the Unicode Standard, 3.9 (tables 3-8 to 3-11), and the edges. */
static void test_malformed_utf8_is_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } cases[] = {
        { "a=%E9", FFFD }, /* P109 */
        { "a=\xe9", FFFD },
        { "a=%E6%97%A5", "\xe6\x97\xa5" },
        { "a=\xe6\x97\xa5", "\xe6\x97\xa5" },
        { "a=%E6%97\xa5", "\xe6\x97\xa5" },
        { "a=%EF%BB%BFx", "\xef\xbb\xbfx" }, /* a byte order mark stays */
        { "a=%C0%AF%E0%80%BF%F0%81%82A", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A" },
        { "a=%ED%A0%80%ED%BF%BF%ED%AFA", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A" },
        { "a=%F4%91%92%93%FFA%80%BFB", FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B" },
        { "a=%E1%80%E2%F0%91%92%F1%BFA", FFFD FFFD FFFD FFFD "A" },
        { "a=%F0%9F%90", FFFD },
        { "a=x%F0%9F%90y", "x" FFFD "y" },
        { "a=%E6%E6%97%A5", FFFD "\xe6\x97\xa5" },
        { "a=%E6+%97", FFFD " " FFFD },
        { "a=%E6%zz", FFFD "%zz" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_query(cases[i].text, (const char *const[]){ "a", cases[i].value, NULL });
    assert_query("%E9=1", (const char *const[]){ FFFD, "1", NULL });
}

static void test_nul_is_a_byte_like_others(void **state)
{
    (void)state;
    arena memory;
    arena_init(&memory);
    capra_slice rest = slice_text("a%00=%00b"), name, value;
    assert_true(http_query_next(&rest, &name, &value, &memory));
    assert_true(slice_equal(name, slice_of("a\0", 2)));
    assert_true(slice_equal(value, slice_of("\0b", 2)));
    arena_cleanup(&memory);
}

static void test_nothing_to_decode_takes_nothing(void **state)
{
    (void)state;
    static const char text[] = "a=1&b[]=x%zz&c=\xe6\x97\xa5%&&d=a%20b";
    arena memory;
    arena_init(&memory);
    capra_slice rest = slice_text(text), name, value;
    for (int i = 0; i < 3; i++) {
        assert_true(http_query_next(&rest, &name, &value, &memory));
        assert_true(value.data > text && value.data < text + sizeof text);
        assert_null(memory.blocks);
    }
    assert_true(http_query_next(&rest, &name, &value, &memory));
    assert_slice(value, "a b");
    assert_non_null(memory.blocks);
    arena_cleanup(&memory);
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *query, *name, *value;
    } cases[] = {
        { "a=1&b=2&a=3", "a", "1" },   { "a=1&b=2&a=3", "b", "2" }, { "a=1&b=2", "c", NULL },
        { "a=1&b=2", "", NULL },       { "=d", "", "d" },           { "aa=1&a", "a", "" },
        { "a+b=c%2Bd", "a b", "c+d" }, { "%61=1", "a", "1" },       { "A=1", "a", NULL },
        { "%E9=%E9", FFFD, FFFD },     { "", "a", NULL },
    };
    arena memory;
    arena_init(&memory);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        capra_slice const value =
            http_query_find(slice_text(cases[i].query), slice_text(cases[i].name), &memory);
        if (cases[i].value == NULL)
            assert_null(value.data);
        else
            assert_slice(value, cases[i].value);
    }
    assert_null(http_query_find(slice_of(NULL, 0), slice_text("a"), &memory).data);
    arena_cleanup(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_malformed_utf8_is_replaced),
        cmocka_unit_test(test_nul_is_a_byte_like_others),
        cmocka_unit_test(test_nothing_to_decode_takes_nothing),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
