/* SPDX-License-Identifier: MIT */
#include "http/edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "GET /a?b HTTP/1.1\r\n"
                           "Host: a.example\r\n"
                           "X-Forwarded-For: 192.0.2.1, 192.0.2.2 \r\n"
                           "Empty:\r\n"
                           "x-forwarded-for:\t192.0.2.3\r\n"
                           "X-Forwarded-Proto: https\r\n"
                           "Accept: *\r\n"
                           "\r\n";

enum { BEHIND = 8 };

/* A head, and bytes behind it that nobody may touch. */
typedef struct edited {
    char data[sizeof text + BEHIND];
    http_head head;
} edited;

static void open_head(edited *e)
{
    memcpy(e->data, text, sizeof text - 1);
    memset(e->data + sizeof text - 1, 'b', BEHIND);
    http_head_init(&e->head);
    assert_int_equal(http_head_parse(&e->head, e->data, sizeof text - 1, &http_default_limits),
                     sizeof text - 1);
}

/* What is known of the bytes is what somebody who reads them now would know. */
static void check(const edited *e)
{
    http_head fresh;
    http_head_init(&fresh);
    assert_int_equal(http_head_parse(&fresh, e->data, e->head.length, &http_default_limits),
                     e->head.length);
    assert_int_equal(fresh.field_count, e->head.field_count);
    for (uint32_t i = 0; i < fresh.field_count; i++) {
        const http_field *a = &fresh.fields[i], *b = &e->head.fields[i];
        assert_int_equal(a->name, b->name);
        assert_int_equal(a->name_length, b->name_length);
        assert_int_equal(a->value_length, b->value_length);
        assert_int_equal(a->id, b->id);
        assert_memory_equal(e->data + a->value, e->data + b->value, a->value_length);
    }
    assert_memory_equal(fresh.first, e->head.first, sizeof fresh.first);
    for (int i = 0; i < BEHIND; i++)
        assert_int_equal(e->data[sizeof text - 1 + i], 'b');
}

static void every_field_can_be_taken_away(void **state)
{
    (void)state;
    edited e;
    open_head(&e);
    uint32_t const count = e.head.field_count;
    for (uint32_t i = 1; i < count; i++) {
        open_head(&e);
        http_head_remove(&e.head, e.data, i);
        assert_int_equal(e.head.field_count, count - 1);
        check(&e);
    }
}

static void all_fields_can_be_taken_away(void **state)
{
    (void)state;
    edited e;
    open_head(&e);
    while (e.head.field_count > 1) {
        http_head_remove(&e.head, e.data, e.head.field_count / 2);
        check(&e);
    }
    assert_memory_equal(e.data, "GET /a?b HTTP/1.1\r\nHost: a.example\r\n\r\n", e.head.length);
}

static void a_value_can_become_every_part_of_itself(void **state)
{
    (void)state;
    edited e;
    open_head(&e);
    uint32_t const length = e.head.fields[1].value_length;
    for (uint32_t start = 0; start < length; start++) {
        for (uint32_t end = start + 1; end <= length; end++) {
            open_head(&e);
            uint32_t const value = e.head.fields[1].value;
            if (e.data[value + start] == ' ' || e.data[value + end - 1] == ' ')
                continue;
            http_head_narrow(&e.head, e.data, 1, slice_of(e.data + value + start, end - start));
            capra_slice const now = http_head_known(&e.head, e.data, HTTP_FIELD_X_FORWARDED_FOR);
            assert_int_equal(now.length, end - start);
            assert_memory_equal(now.data, "192.0.2.1, 192.0.2.2" + start, now.length);
            check(&e);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_can_be_taken_away),
        cmocka_unit_test(all_fields_can_be_taken_away),
        cmocka_unit_test(a_value_can_become_every_part_of_itself),
    };
    return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}
