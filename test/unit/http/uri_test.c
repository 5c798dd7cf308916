/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The numbers in comments are rows of the table of observed answers of Next. */

/* Every input ends where its memory ends, so that the sanitizer sees a byte read behind it. */
typedef struct fixture {
    arena memory;
    char *input;
    http_target target;
    int result;
} fixture;

static capra_slice exact(fixture *f, const char *data, size_t length)
{
    free(f->input);
    f->input = memory_take(length);
    memcpy(f->input, data, length);
    return slice_of(f->input, length);
}

static const http_target *parse(fixture *f, const char *text)
{
    arena_cleanup(&f->memory);
    f->result = http_target_parse(&f->target, exact(f, text, strlen(text)), &f->memory);
    return &f->target;
}

static int set_up(void **state)
{
    fixture *f = memory_take(sizeof *f);
    *f = (fixture){ 0 };
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    arena_cleanup(&f->memory);
    free(f->input);
    free(f);
    return 0;
}

static void assert_slice(capra_slice actual, const char *expected)
{
    if (expected == NULL) {
        assert_null(actual.data);
        return;
    }
    assert_non_null(actual.data);
    if (!slice_is(actual, expected))
        fail_msg("\"%.*s\" is not \"%s\"", (int)actual.length, actual.data, expected);
}

/* ---- Forms ---- */

static void test_origin_form(void **state)
{
    fixture *f = *state;
    const http_target *t = parse(f, "/api/hello?a=1&b=2");
    assert_int_equal(f->result, 0);
    assert_slice(t->origin, "/api/hello?a=1&b=2");
    assert_slice(t->path, "/api/hello");
    assert_slice(t->query, "a=1&b=2");
    assert_slice(t->authority, NULL);
    assert_false(t->is_path_rewritten || t->has_empty_segment || t->is_asterisk);
}

static void test_asterisk_form(void **state) /* P407 */
{
    fixture *f = *state;
    const http_target *t = parse(f, "*");
    assert_int_equal(f->result, 0);
    assert_true(t->is_asterisk);
    assert_slice(t->origin, "*");
    assert_slice(t->path, "*");
    assert_slice(t->query, NULL);
}

static void test_absolute_form(void **state) /* P406, deviation 17 */
{
    static const struct {
        const char *target, *authority, *origin, *path, *query;
    } cases[] = {
        { "http://e.com/api/hello", "e.com", "/api/hello", "/api/hello", NULL },
        { "https://e.com:8443/api/hello?a=//", "e.com:8443", "/api/hello?a=//", "/api/hello",
          "a=//" },
        { "HTTP://E.com/a", "E.com", "/a", "/a", NULL },
        { "http://e.com", "e.com", "/", "/", NULL },
        { "http://[::1]:3000/a", "[::1]:3000", "/a", "/a", NULL },
        { "http://e.com?a=1", "e.com", "/?a=1", "/", "a=1" },
        { "http://e.com/#f", "e.com", "/", "/", NULL },
        { "http://e.com/\\a", "e.com", "/\\a", "//a", NULL },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const http_target *t = parse(f, cases[i].target);
        assert_int_equal(f->result, 0);
        assert_slice(t->authority, cases[i].authority);
        assert_slice(t->origin, cases[i].origin);
        assert_slice(t->path, cases[i].path);
        assert_slice(t->query, cases[i].query);
        assert_false(t->is_asterisk);
    }
}

static void test_absolute_form_with_empty_segment(void **state)
{
    fixture *f = *state;
    const http_target *t = parse(f, "http://e.com//a?q");
    assert_true(t->has_empty_segment);
    assert_slice(http_target_collapse(t->origin, &f->memory), "/a?q");
    assert_false(parse(f, "http://e.com/a")->has_empty_segment);
}

static void test_no_form(void **state)
{
    static const char *const cases[] = {
        "",
        "e.com:443", /* authority-form */
        "e.com",
        "**",
        "api/hello",
        "?a=1",
        "#f",
        "\\api",
        "http:",
        "http://",
        "http:///a",
        "http://?a",
        "http://u@e.com/a",
        "http://u:p@e.com/a",
        "http://e.com#f", /* as Node */
        "http://e.com\\a",
        "http://e.com:http/a",
        "http://e|com/a",
        "http://[e.com]/a",
        "ftp://e.com/a",
        "http:/e.com/a",
        "httpx://e.com/a",
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parse(f, cases[i]);
        assert_int_equal(f->result, CAPRA_E_TARGET);
    }
}

/* ---- Path, query, fragment ---- */

static void test_path_is_normalised(void **state)
{
    static const struct {
        const char *target, *path;
    } cases[] = {
        { "/", "/" },
        { "/api/", "/api/" },                      /* P042 */
        { "/api/hello/", "/api/hello/" },          /* P043 */
        { "/api/hello/..", "/api/" },              /* P048 */
        { "/api/./hello", "/api/hello" },          /* P049 */
        { "/api/%2e%2e/api/hello", "/api/hello" }, /* P050 */
        { "/api/dyn/..", "/api/" },                /* P074 */
        { "/..", "/" },
        { "/../..", "/" },
        { "/../../a", "/a" },
        { "/.", "/" },
        { "/./", "/" },
        { "/../", "/" },
        { "/a/b/../c/./d", "/a/c/d" },
        { "/a/%2E", "/a/" },
        { "/a/.%2e/b", "/b" },
        { "/a/%2E./b", "/b" },
        { "/a/%2e%2E", "/" },
        { "/a//..", "/a/" },
        { "/a/..//b", "//b" },
        { "/a\\..\\b", "/b" },
        { "/a\\.", "/a/" },
        { "/a/\"<>^`{}", "/a/%22%3C%3E%5E%60%7B%7D" }, /* contract 3.2 */
        { "/a b", "/a%20b" },
        { "/a/../\x01\x7f\x80\xff", "/%01%7F%80%FF" },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const http_target *t = parse(f, cases[i].target);
        assert_int_equal(f->result, 0);
        assert_slice(t->path, cases[i].path);
        assert_int_equal(t->is_path_rewritten, strcmp(cases[i].target, cases[i].path) != 0);
        assert_slice(t->origin, cases[i].target);
    }
}

static void test_path_is_kept(void **state)
{
    static const char *const cases[] = {
        "/api/h%65llo",     /* P053 */
        "/api%2Fhello",     /* P054 */
        "/api/hello%zz",    /* P055 */
        "/api/hello;a=1",   /* P056 */
        "/api/dyn/a%252Fb", /* P066 */
        "/api/dyn/a+b",     /* P067 */
        "/api/dyn/%00",     /* P070 */
        "/api/dyn/%E9",     /* P071 */
        "/api/dyn/%",       /* P072 */
        "/api/dyn/[id]",    /* P079 */
        "/api/plus+sign",   /* P021 */
        "/api/at@x",        /* P022 */
        "/api/paren(x)",    /* P023 */
        "/api/c:d,&$*'~!=|", "/api/%2f%5c", "/...", "/.a/a./..a/a../%2ea/%2/%2", "/%2e%2e%2e",
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const http_target *t = parse(f, cases[i]);
        assert_int_equal(f->result, 0);
        assert_false(t->is_path_rewritten);
        assert_ptr_equal(t->path.data, f->input);
        assert_slice(t->path, cases[i]);
        assert_null(f->memory.blocks); /* nothing was taken from the arena */
    }
}

static void test_query_is_behind_the_first_question_mark(void **state)
{
    static const struct {
        const char *target, *path, *query;
    } cases[] = {
        { "/api/hello?", "/api/hello", "" },               /* P111 */
        { "/api/hello??", "/api/hello", "?" },             /* P112 */
        { "/api/hello?a='\"<>", "/api/hello", "a='\"<>" }, /* P117: the bytes as sent */
        { "/api/hello?x=//y/../z\\", "/api/hello", "x=//y/../z\\" },
        { "/a/..?b/..", "/", "b/.." },
        { "/a", "/a", NULL },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const http_target *t = parse(f, cases[i].target);
        assert_slice(t->path, cases[i].path);
        assert_slice(t->query, cases[i].query);
        assert_false(t->has_empty_segment);
    }
}

static void test_fragment_is_dropped(void **state)
{
    static const struct {
        const char *target, *origin, *path, *query;
    } cases[] = {
        { "/api/hello#frag", "/api/hello", "/api/hello", NULL }, /* P057 */
        { "/api/hello#frag?a=1", "/api/hello", "/api/hello", NULL },
        { "/api/hello?a=1#frag", "/api/hello?a=1", "/api/hello", "a=1" },
        { "/api/hello?#?", "/api/hello?", "/api/hello", "" },
        { "/#//..\\", "/", "/", NULL },
        { "/a/..#", "/a/..", "/", NULL },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const http_target *t = parse(f, cases[i].target);
        assert_slice(t->origin, cases[i].origin);
        assert_slice(t->path, cases[i].path);
        assert_slice(t->query, cases[i].query);
        assert_false(t->has_empty_segment);
    }
}

static void test_empty_segments_collapse(void **state)
{
    static const struct {
        const char *target, *location;
    } cases[] = {
        { "//api/hello", "/api/hello" },                    /* P045 */
        { "/api//hello?x=//y", "/api/hello?x=//y" },        /* P046 */
        { "/api\\hello", "/api/hello" },                    /* P047 */
        { "/api//dyn//a%zz?x=%zz", "/api/dyn/a%zz?x=%zz" }, /* P457 */
        { "/api/hello//", "/api/hello/" },
        { "/\\evil.example/a", "/evil.example/a" }, /* stays on this host */
        { "//evil.example", "/evil.example" },
        { "///", "/" },
        { "//?", "/?" },
        { "//??a\\b", "/??a\\b" },
        { "/\\/\\a\\\\b/..", "/a/b/.." },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const http_target *t = parse(f, cases[i].target);
        assert_int_equal(f->result, 0);
        assert_true(t->has_empty_segment);
        assert_slice(http_target_collapse(t->origin, &f->memory), cases[i].location);
    }
}

static void test_path_bytes(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool const expected = byte > ' ' && byte < 0x7f && strchr("\"#/<>?\\^`{}", byte) == NULL;
        assert_int_equal(http_is_path_byte((unsigned char)byte), expected);
    }
}

/* ---- Escapes ---- */

static void test_percent_decode(void **state)
{
    static const struct {
        const char *text, *decoded;
    } cases[] = {
        { "a%2Fb", "a/b" }, /* P065 */
        { "a%2fb", "a/b" },
        { "a%252Fb", "a%2Fb" },          /* P066: once */
        { "a+b%2B", "a+b+" },            /* P067 */
        { "%20", " " },                  /* P068 */
        { "%E6%97%A5", "\xe6\x97\xa5" }, /* P069 */
        { "%e6%97\xa5", "\xe6\x97\xa5" },
        { "%F0%9F%90%90", "\xf0\x9f\x90\x90" },
        { "st%61tic", "static" }, /* P064 */
        { "%E9", NULL },          /* P071 */
        { "%", NULL },            /* P072 */
        { "%zz", NULL },          /* P073 */
        { "%2", NULL },
        { "%2x", NULL },
        { "a%", NULL },
        { "longer than eight bytes %", NULL },
        { "%C0%AF", NULL }, /* an overlong slash */
        { "%ED%A0%80", NULL },
        { "%E6%97", NULL },
        { "%E6%97x", NULL },
        { "%F5%80%80%80", NULL },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        capra_slice const s = exact(f, cases[i].text, strlen(cases[i].text));
        assert_slice(http_percent_decode(s, &f->memory), cases[i].decoded);
        assert_int_equal(http_is_decodable(s), cases[i].decoded != NULL);
    }
}

static void test_percent_decode_of_nul(void **state) /* P070 */
{
    fixture *f = *state;
    capra_slice const decoded = http_percent_decode(exact(f, "a%00b", 5), &f->memory);
    assert_int_equal(decoded.length, 3);
    assert_memory_equal(decoded.data, "a\0b", 3);
}

static void test_percent_decode_without_escape_lends(void **state)
{
    fixture *f = *state;
    capra_slice const s = exact(f, "without escapes", 15);
    assert_ptr_equal(http_percent_decode(s, &f->memory).data, s.data);
    assert_null(f->memory.blocks);
    assert_slice(http_percent_decode(slice_of(NULL, 0), &f->memory), "");
}

static void test_escape_byte(void **state)
{
    fixture *f = *state;
    capra_slice const s = exact(f, "%41%aF%g0%0g%4", 14);
    assert_int_equal(http_escape_byte(s, 0), 'A');
    assert_int_equal(http_escape_byte(s, 1), -1);
    assert_int_equal(http_escape_byte(s, 3), 0xaf);
    assert_int_equal(http_escape_byte(s, 6), -1);
    assert_int_equal(http_escape_byte(s, 9), -1);
    assert_int_equal(http_escape_byte(s, 12), -1);
    assert_int_equal(http_escape_byte(s, 14), -1);
}

/* ---- UTF-8 ---- */

/* RFC 3629, 4: written as the table of ranges that it is. */
static bool is_character(const unsigned char *b, size_t length)
{
    bool const tails =
        (length < 3 || (b[2] & 0xc0) == 0x80) && (length < 4 || (b[3] & 0xc0) == 0x80);
    switch (length) {
    case 1:
        return b[0] < 0x80;
    case 2:
        return b[0] >= 0xc2 && b[0] <= 0xdf && (b[1] & 0xc0) == 0x80;
    case 3:
        return tails && ((b[0] == 0xe0 && b[1] >= 0xa0 && b[1] <= 0xbf) ||
                         (b[0] >= 0xe1 && b[0] <= 0xec && (b[1] & 0xc0) == 0x80) ||
                         (b[0] == 0xed && b[1] >= 0x80 && b[1] <= 0x9f) ||
                         (b[0] >= 0xee && b[0] <= 0xef && (b[1] & 0xc0) == 0x80));
    default:
        return tails && ((b[0] == 0xf0 && b[1] >= 0x90 && b[1] <= 0xbf) ||
                         (b[0] >= 0xf1 && b[0] <= 0xf3 && (b[1] & 0xc0) == 0x80) ||
                         (b[0] == 0xf4 && b[1] >= 0x80 && b[1] <= 0x8f));
    }
}

static void test_utf8_every_pair(void **state)
{
    fixture *f = *state;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        unsigned char const b[2] = { (unsigned char)(pair >> 8), (unsigned char)pair };
        bool const expected = is_character(b, 2) || (b[0] < 0x80 && b[1] < 0x80);
        assert_int_equal(http_is_utf8(slice_of((const char *)b, 2)), expected);
    }
    assert_true(http_is_utf8(exact(f, "", 0)));
}

static void test_utf8_long_forms(void **state)
{
    (void)state;
    static const unsigned char thirds[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff };
    for (unsigned pair = 0xe000; pair < 0x10000; pair++) {
        for (size_t i = 0; i < 36; i++) {
            unsigned char const b[4] = { (unsigned char)(pair >> 8), (unsigned char)pair,
                                         thirds[i / 6], thirds[i % 6] };
            assert_int_equal(http_is_utf8(slice_of((const char *)b, 4)),
                             is_character(b, 4) || (is_character(b, 3) && b[3] < 0x80));
            assert_int_equal(http_is_utf8(slice_of((const char *)b, 3)), is_character(b, 3));
        }
    }
}

static void test_utf8_at_any_place(void **state)
{
    fixture *f = *state;
    for (size_t before = 0; before < 20; before++) {
        char text[32];
        memset(text, 'x', sizeof text);
        memcpy(text + before, "\xe6\x97\xa5", 3);
        assert_true(http_is_utf8(exact(f, text, sizeof text)));
        assert_false(http_is_utf8(exact(f, text, before + 2)));
        text[before + 1] = 'x';
        assert_false(http_is_utf8(exact(f, text, sizeof text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_origin_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_asterisk_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_absolute_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_absolute_form_with_empty_segment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_path_is_normalised, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_path_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_query_is_behind_the_first_question_mark, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_fragment_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty_segments_collapse, set_up, tear_down),
        cmocka_unit_test(test_path_bytes),
        cmocka_unit_test_setup_teardown(test_percent_decode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_percent_decode_of_nul, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_percent_decode_without_escape_lends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_escape_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_utf8_every_pair, set_up, tear_down),
        cmocka_unit_test(test_utf8_long_forms),
        cmocka_unit_test_setup_teardown(test_utf8_at_any_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
