/* SPDX-License-Identifier: MIT */
#include "http/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* In memory of just their size, where a read behind the end is seen. */
static bool check_copy(bool (*is_valid)(capra_slice), const char *text, size_t length)
{
    char *copy = malloc(length);
    if (length > 0)
        memcpy(copy, text, length);
    bool const result = is_valid(slice_of(copy, length));
    free(copy);
    return result;
}

/* ---- Names ---- */

static void each_name_is_found_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        http_field_id id;
    } rows[] = {
#define ROW(id, name) { name, HTTP_FIELD_##id },
        HTTP_FIELDS(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[32];
        size_t const length = strlen(rows[i].name);
        memcpy(name, rows[i].name, length);
        assert_int_equal(http_field_find(slice_of(name, length)), rows[i].id);
        for (size_t c = 0; c < length; c++)
            if (name[c] >= 'a' && name[c] <= 'z')
                name[c] = (char)(name[c] - 'a' + 'A');
        assert_int_equal(http_field_find(slice_of(name, length)), rows[i].id);
        name[length - 1] = '_';
        assert_int_equal(http_field_find(slice_of(name, length)), HTTP_FIELD_OTHER);
        assert_int_equal(http_field_find(slice_of(name, length - 1)), HTTP_FIELD_OTHER);
    }
}

static void other_names_are_other(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "x",
        "hose",
        "hast",
        "accepts",
        "user_agent",
        "cookie",
        "referrer",
        "tracestate",
        "if-range",
        "content_length",
        "xost",
        "authorization",
        "x-requested-with",
        "content-encoding",
        "transfer-encodings",
        "sec-ch-ua-platform",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(http_field_find(slice_text(others[i])), HTTP_FIELD_OTHER);
    assert_int_equal(http_field_find(slice_of("hos\r", 4)), HTTP_FIELD_OTHER);
}

static void tokens(void **state)
{
    (void)state;
    assert_true(check_copy(http_is_token, "a", 1));
    assert_true(check_copy(http_is_token, "X-Custom_1.~", 12));
    assert_false(check_copy(http_is_token, "", 0));
    assert_false(check_copy(http_is_token, "a b", 3));
    assert_false(check_copy(http_is_token, "a:", 2));
    assert_false(check_copy(http_is_token, "\0", 1));
    assert_false(check_copy(http_is_token, "\xe9", 1));
}

static void field_values(void **state)
{
    (void)state;
    assert_true(check_copy(http_is_field_value, "", 0));
    assert_true(http_is_field_value(slice_of(NULL, 0)));
    assert_true(check_copy(http_is_field_value, " a\tb\xff~", 6));
    assert_false(check_copy(http_is_field_value, "a\r", 2));
    assert_false(check_copy(http_is_field_value, "a\nb", 3));
    assert_false(check_copy(http_is_field_value, "\0", 1));
    assert_false(check_copy(http_is_field_value, "seventeen bytes \x7f", 17));
}

/* ---- Host ---- */

static void valid_hosts(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "",
        "a",
        "localhost",
        "example.com",
        "example.com:80",
        "example.com:",
        ":80",
        ":",
        "127.0.0.1",
        "999.999.999.999",
        "a%20b",
        "%aF",
        "xn--bcher-kva.example",
        "a_b-c.d~e!$&'()*+,;=",
        "a.:65536",
        "[::]",
        "[::]:80",
        "[::1]",
        "[1::]",
        "[1:2:3:4:5:6:7:8]",
        "[::2:3:4:5:6:7:8]",
        "[1:2:3:4:5:6:7::]",
        "[1::3:4:5:6:7:8]",
        "[abcd:EF01::]",
        "[::ffff:1.2.3.4]",
        "[::255.255.255.255]",
        "[::0.10.200.249]",
        "[1:2:3:4:5:6:1.2.3.4]",
        "[1:2:3:4:5::1.2.3.4]",
        "[v1.a]",
        "[vF0.a:b]:1",
        "[V1.:]",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (!check_copy(http_is_host, hosts[i], strlen(hosts[i])))
            fail_msg("refused: %s", hosts[i]);
    assert_true(http_is_host(slice_of(NULL, 0)));
}

static void invalid_hosts(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        " ",
        "a b",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "a@b",
        "a:b",
        "a:80:80",
        "a:80a",
        "a:+80",
        "a\xc3\xa9",
        "a\"b",
        "a<b",
        "a|b",
        "a^b",
        "a`b",
        "a{b}",
        "a%",
        "a%4",
        "a%4g",
        "a%g4",
        "a%20|",
        "%",
        "::1",
        "a[",
        "a]",
        "[",
        "[]",
        "]",
        "[a",
        "[::1",
        "[::1]a",
        "[::1]]",
        "[[::1]]",
        "[::1]:x",
        "[a]",
        "[1]",
        "[1:]",
        "[:1]",
        "[:]",
        "[:::]",
        "[1:::2]",
        "[1::2::3]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:]",
        "[1:2:3:4:5:6:7:8:]",
        "[1:2:3:4:5:6:7:8:9]",
        "[1::2:]",
        "[1:2:3:4:5:6:7:8::]",
        "[1::2:3:4:5:6:7:8]",
        "[::2:3:4:5:6:7:8:9]",
        "[12345::]",
        "[::g]",
        "[::1%25eth0]",
        "[1.2.3.4]",
        "[::1.2.3]",
        "[::1.2.3.4.5]",
        "[::1.2.3.256]",
        "[::1.2.3.1000]",
        "[::1.2.3.04]",
        "[::1.2.3.]",
        "[::1.2.3.4:5]",
        "[::1.2.a.4]",
        "[::f.2.3.4]",
        "[1:2:3:4:5:6:7:1.2.3.4]",
        "[1:2:3:4:5:1.2.3.4]",
        "[v.a]",
        "[v1a]",
        "[v1.]",
        "[v1]",
        "[v1.a/b]",
        "[x1.a]",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (check_copy(http_is_host, hosts[i], strlen(hosts[i])))
            fail_msg("taken: %s", hosts[i]);
    assert_false(check_copy(http_is_host, "a\0b", 3));
}

/* ---- Lists ---- */

static void check_list(const char *text, const char *expected)
{
    char joined[200] = "";
    size_t const length = strlen(text);
    char *copy = malloc(length);
    memcpy(copy, text, length);
    capra_slice list = slice_of(copy, length), item;
    while (http_list_next(&list, &item)) {
        strcat(joined, "[");
        strncat(joined, item.data, item.length);
        strcat(joined, "]");
    }
    assert_string_equal(joined, expected);
    assert_int_equal(list.length, 0);
    free(copy);
}

static void lists(void **state)
{
    (void)state;
    check_list("", "");
    check_list("a", "[a]");
    check_list("a,b", "[a][b]");
    check_list(" a , b ", "[a][b]");
    check_list("\ta\t,\tb c\t", "[a][b c]");
    check_list(",,a,, ,b,", "[a][b]");
    check_list(" ", "");
    check_list(",", "");
    check_list("\"a,b\",c", "[\"a,b\"][c]");
    check_list("a=\"b\\\",c\", d", "[a=\"b\\\",c\"][d]");
    check_list("a\\,b", "[a\\][b]");
    check_list("\"a,b", "[\"a,b]");
    check_list("\"a\\", "[\"a\\]");
}

static void members_of_lists(void **state)
{
    (void)state;
    assert_true(http_list_has(slice_text("close"), "close"));
    assert_true(http_list_has(slice_text("a, CLOSE ,b"), "close"));
    assert_false(http_list_has(slice_text("a, closed"), "close"));
    assert_false(http_list_has(slice_text("\"close\""), "close"));
    assert_false(http_list_has(slice_of(NULL, 0), "close"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_is_found_in_any_case),
        cmocka_unit_test(other_names_are_other),
        cmocka_unit_test(tokens),
        cmocka_unit_test(field_values),
        cmocka_unit_test(valid_hosts),
        cmocka_unit_test(invalid_hosts),
        cmocka_unit_test(lists),
        cmocka_unit_test(members_of_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
