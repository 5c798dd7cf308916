/* SPDX-License-Identifier: MIT */
#include "net/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static ip_address from(const char *text)
{
    ip_address a;
    assert_true(ip_parse(&a, slice_text(text)));
    return a;
}

static void an_address_has_so_many_and_no_more(void **state)
{
    (void)state;
    crowd *c = crowd_new();
    ip_address const one = from("192.0.2.7"), other = from("192.0.2.8");
    crowd_member *first = crowd_enter(c, &one, 2);
    assert_non_null(first);
    assert_ptr_equal(crowd_enter(c, &one, 2), first);
    assert_null(crowd_enter(c, &one, 2));
    crowd_member *second = crowd_enter(c, &other, 2);
    assert_non_null(second);
    assert_int_equal(crowd_size(c), 2);
    crowd_leave(c, first);
    assert_ptr_equal(crowd_enter(c, &one, 2), first);
    crowd_leave(c, first);
    crowd_leave(c, first);
    assert_int_equal(crowd_size(c), 1);
    crowd_leave(c, second);
    crowd_leave(c, NULL);
    assert_int_equal(crowd_size(c), 0);
    crowd_free(c);
}

static void a_network_of_64_bits_is_one_address(void **state)
{
    (void)state;
    crowd *c = crowd_new();
    ip_address const a = from("2001:db8:1:2::7"), b = from("2001:db8:1:2:ffff::8"),
                     elsewhere = from("2001:db8:1:3::7");
    crowd_member *m = crowd_enter(c, &a, 1);
    assert_null(crowd_enter(c, &b, 1));
    crowd_member *n = crowd_enter(c, &elsewhere, 1);
    assert_non_null(n);
    crowd_leave(c, m);
    crowd_leave(c, n);
    crowd_free(c);
}

static void an_address_is_the_same_through_either_family(void **state)
{
    (void)state;
    crowd *c = crowd_new();
    ip_address const a = from("192.0.2.7"), b = from("::ffff:192.0.2.7");
    crowd_member *m = crowd_enter(c, &a, 1);
    assert_null(crowd_enter(c, &b, 1));
    crowd_leave(c, m);
    crowd_free(c);
}

enum { MANY = 5000 };

static void many_addresses_are_found_again(void **state)
{
    (void)state;
    static crowd_member *members[MANY];
    crowd *c = crowd_new();
    ip_address a = from("10.0.0.0");
    for (int i = 0; i < MANY; i++) {
        a.bytes[14] = (uint8_t)(i >> 8);
        a.bytes[15] = (uint8_t)i;
        members[i] = crowd_enter(c, &a, 2);
        assert_non_null(members[i]);
    }
    assert_int_equal(crowd_size(c), MANY);
    for (int i = 0; i < MANY; i++) {
        a.bytes[14] = (uint8_t)(i >> 8);
        a.bytes[15] = (uint8_t)i;
        assert_ptr_equal(crowd_enter(c, &a, 2), members[i]);
        assert_null(crowd_enter(c, &a, 2));
    }
    for (int i = 0; i < MANY; i++) {
        crowd_leave(c, members[i]);
        crowd_leave(c, members[i]);
    }
    assert_int_equal(crowd_size(c), 0);
    crowd_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_so_many_and_no_more),
        cmocka_unit_test(a_network_of_64_bits_is_one_address),
        cmocka_unit_test(an_address_is_the_same_through_either_family),
        cmocka_unit_test(many_addresses_are_found_again),
    };
    return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
