/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void an_arena_gives_aligned_memory_of_any_size(void **state)
{
    (void)state;
    arena a;
    arena_init(&a);
    for (size_t size = 0; size < 10000; size = size * 2 + 1) {
        char *memory = arena_take(&a, size);
        assert_int_equal((uintptr_t)memory % 16, 0);
        memset(memory, 'x', size);
    }
    capra_slice const copy = arena_copy(&a, slice_of("abc", 2));
    assert_string_equal(copy.data, "ab");
    arena_cleanup(&a);
    assert_null(a.blocks);
    assert_int_equal(arena_copy(&a, (capra_slice){ 0 }).length, 0);
    arena_cleanup(&a);
}

static void a_buffer_keeps_order_while_it_grows_and_shrinks(void **state)
{
    (void)state;
    buffer b = { 0 };
    unsigned written = 0, read = 0;
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < round % 37; i++, written++)
            buffer_append(&b, &written, sizeof written);
        for (int i = 0; i < round % 31 && buffer_length(&b) > 0; i++, read++) {
            unsigned value;
            memcpy(&value, buffer_slice(&b).data, sizeof value);
            assert_int_equal(value, read);
            buffer_used(&b, sizeof value);
        }
    }
    assert_int_equal(buffer_length(&b), (written - read) * sizeof written);
    buffer_cleanup(&b);
    assert_int_equal(buffer_slice(&b).length, 0);
}

static void a_pool_gives_back_what_was_given_last_and_keeps_few(void **state)
{
    (void)state;
    pool p;
    pool_init(&p, 64, 2);
    void *one = pool_take(&p), *two = pool_take(&p), *three = pool_take(&p);
    pool_give(&p, one);
    pool_give(&p, two);
    pool_give(&p, three);
    assert_int_equal(p.spare_count, 2);
    assert_ptr_equal(pool_take(&p), two);
    assert_ptr_equal(pool_take(&p), one);
    pool_give(&p, one);
    pool_give(&p, two);
    pool_cleanup(&p);
    assert_null(p.spare);
}

typedef struct thing {
    int value;
    list link;
} thing;

static void a_list_can_be_changed_anywhere(void **state)
{
    (void)state;
    list head, other;
    thing things[4];
    int sum = 0;
    list_init(&head);
    for (int i = 0; i < 4; i++) {
        things[i].value = 1 << i;
        list_init(&things[i].link);
        list_append(&head, &things[i].link);
    }
    list_remove(&things[1].link);
    list_remove(&things[1].link);
    list_append(&head, &things[0].link);
    assert_int_equal(LIST_OWNER(head.next, thing, link)->value, 4);
    assert_int_equal(LIST_OWNER(head.prev, thing, link)->value, 1);
    list_take(&other, &head);
    assert_true(list_empty(&head));
    list_each (link, &other) {
        sum += LIST_OWNER(link, thing, link)->value;
    }
    assert_int_equal(sum, 1 + 4 + 8);
    list_take(&head, &other);
    list_take(&other, &head);
    list_take(&other, &head);
    assert_true(list_empty(&other));
}

static void every_error_has_a_name_and_a_message(void **state)
{
    (void)state;
    for (int code = CAPRA_ERROR_FIRST + 1; code < CAPRA_ERROR_LAST; code++) {
        assert_true(code < 0);
        assert_int_equal(strncmp(error_name(code), "CAPRA_E_", 8), 0);
        assert_true(strlen(error_message(code)) > 10);
        assert_true(error_status(code) >= 400);
    }
    assert_string_equal(error_name(CAPRA_E_HOST), "CAPRA_E_HOST");
    assert_int_equal(error_status(CAPRA_E_HEAD_LONG), 431);
    assert_int_equal(error_status(CAPRA_E_GONE), 500);
    assert_string_equal(error_name(0), "0");
    assert_string_equal(error_name(1), "?");
    assert_string_equal(error_message(-1), "an unknown error");
    assert_string_equal(error_message(0), "no error");
}

static void slices_compare_as_http_does(void **state)
{
    (void)state;
    assert_true(slice_is_nocase(slice_text("Content-TYPE"), "content-type"));
    assert_false(slice_is_nocase(slice_text("content-typ"), "content-type"));
    assert_false(slice_is_nocase(slice_text("{"), "["));
    assert_true(slice_is(slice_trim(slice_text(" \t a b\t ")), "a b"));
    assert_int_equal(slice_trim(slice_text(" \t")).length, 0);
    assert_true(slice_is(slice_from(slice_text("abc"), 1), "bc"));
    assert_int_equal(slice_from(slice_text("abc"), 4).length, 0);
    assert_true(slice_equal((capra_slice){ 0 }, slice_text("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_gives_aligned_memory_of_any_size),
        cmocka_unit_test(a_buffer_keeps_order_while_it_grows_and_shrinks),
        cmocka_unit_test(a_pool_gives_back_what_was_given_last_and_keeps_few),
        cmocka_unit_test(a_list_can_be_changed_anywhere),
        cmocka_unit_test(every_error_has_a_name_and_a_message),
        cmocka_unit_test(slices_compare_as_http_does),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
