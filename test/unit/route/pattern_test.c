/* SPDX-License-Identifier: MIT */
#include "route/pattern.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static int read_segment(route_segment *out, const char *source, char *why, size_t size)
{
    why[0] = '\0';
    route_complaint complaint = { .text = why, .size = size };
    return route_segment_read(out, slice_text(source), &complaint);
}

static void test_kinds(void **state) /* contract 1.2 */
{
    (void)state;
    static const struct {
        const char *source;
        route_segment_kind kind;
        const char *text;
    } cases[] = {
        { "hello", ROUTE_TEXT, "hello" },
        { "[id]", ROUTE_PARAM, "id" },
        { "[...s]", ROUTE_REST, "s" },
        { "[[...s]]", ROUTE_OPTIONAL_REST, "s" },
        { "[my-param]", ROUTE_PARAM, "my-param" }, /* P028 */
        { "[a b]", ROUTE_PARAM, "a b" },           /* P027 */
        { "[0]", ROUTE_PARAM, "0" },
        { "[_id]", ROUTE_PARAM, "_id" },
        { "[a][b]", ROUTE_PARAM, "a][b" },
        { "user-[id]", ROUTE_TEXT, "user-[id]" },       /* P024 */
        { "pre[mid]post", ROUTE_TEXT, "pre[mid]post" }, /* P026 */
        { "[name].txt", ROUTE_TEXT, "[name].txt" },
        { "[]", ROUTE_TEXT, "[]" },
        { "[id", ROUTE_TEXT, "[id" },
        { "id]", ROUTE_TEXT, "id]" },
        { "x[", ROUTE_TEXT, "x[" },
        { "[", ROUTE_TEXT, "[" },
        { "]", ROUTE_TEXT, "]" },
        { "...", ROUTE_TEXT, "..." },
        { "…", ROUTE_TEXT, "…" },
        { "pct%41", ROUTE_TEXT, "pct%41" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        route_segment segment;
        char why[200];
        assert_int_equal(read_segment(&segment, cases[i].source, why, sizeof why), 0);
        assert_int_equal(segment.kind, cases[i].kind);
        assert_true(slice_is(segment.text, cases[i].text));
        assert_string_equal(why, "");
    }
}

static void test_faults(void **state) /* contract 1.3 */
{
    (void)state;
    static const struct {
        const char *source, *why;
    } cases[] = {
        { "[[id]]", "Optional route parameters are not yet supported (\"[[id]]\")." },
        { "[[]]", "Optional route parameters are not yet supported (\"[[]]\")." },
        { "[....s]", "Segment names may not start with erroneous periods ('.s')." },
        { "[..s]", "Segment names may not start with erroneous periods ('..s')." },
        { "[.s]", "Segment names may not start with erroneous periods ('.s')." },
        { "[[....s]]", "Segment names may not start with erroneous periods ('.s')." },
        { "[id]]", "Segment names may not start or end with extra brackets ('id]')." },
        { "[[id]", "Segment names may not start or end with extra brackets ('[id')." },
        { "[[]", "Segment names may not start or end with extra brackets ('[')." },
        { "[]]", "Segment names may not start or end with extra brackets (']')." },
        { "[...[s]", "Segment names may not start or end with extra brackets ('[s')." },
        { "[…s]", "Detected a three-dot character ('…') at ('…s'). Did you mean ('...')?" },
        { "[[…s]]", "Detected a three-dot character ('…') at ('…s'). Did you mean ('...')?" },
        { "[...]", "Segment names may not be empty (\"[...]\")." },
        { "[[...]]", "Segment names may not be empty (\"[[...]]\")." },
        { "", "Segments may not be empty." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        route_segment segment;
        char why[200];
        assert_int_equal(read_segment(&segment, cases[i].source, why, sizeof why), CAPRA_E_ROUTE);
        assert_string_equal(why, cases[i].why);
    }
}

static void test_text_is_no_longer_than_a_file_name(void **state)
{
    (void)state;
    char text[ROUTE_TEXT_MAX + 2], why[200];
    memset(text, 'x', sizeof text);
    text[ROUTE_TEXT_MAX + 1] = '\0';
    route_segment segment;
    assert_int_equal(read_segment(&segment, text, why, sizeof why), CAPRA_E_ROUTE);
    assert_string_equal(why, "Segments may not be longer than 255 bytes.");
    assert_int_equal(read_segment(&segment, text + 1, why, sizeof why), 0);
}

static void test_complaint_is_cut_where_the_room_ends(void **state)
{
    (void)state;
    char room[8] = "#######";
    route_complaint complaint = { .text = room, .size = 6 };
    assert_int_equal(route_complain(&complaint, "%s", "abc"), CAPRA_E_ROUTE);
    route_complain(&complaint, "%s", "");
    assert_string_equal(room, "abc");
    route_complain(&complaint, "%s", "defgh");
    assert_string_equal(room, "abcde");
    route_complain(&complaint, "%s", "ijk");
    assert_string_equal(room, "abcde");
    assert_int_equal(room[6], '#');

    route_complaint no_room = { 0 };
    assert_int_equal(route_complain(&no_room, "%s", "abc"), CAPRA_E_ROUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_text_is_no_longer_than_a_file_name),
        cmocka_unit_test(test_complaint_is_cut_where_the_room_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
