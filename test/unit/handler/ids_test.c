/* SPDX-License-Identifier: MIT */
#include "handler/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 1000, REUSES = 5000 };

/* Never looked into: a name stands for an address. */
static capra_request *request(size_t i)
{
    static char requests[MANY];
    return (capra_request *)&requests[i];
}

static void test_many_have_names_of_their_own(void **state)
{
    (void)state;
    ids names = { 0 };
    uint32_t given[MANY];
    for (size_t i = 0; i < MANY; i++) {
        given[i] = ids_give(&names, request(i));
        assert_int_not_equal(given[i], 0);
    }
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(ids_find(&names, given[i]), request(i));
    ids_cleanup(&names);
}

static void test_forgotten_names_name_nobody(void **state)
{
    (void)state;
    ids names = { 0 };
    assert_null(ids_find(&names, 0));
    assert_null(ids_find(&names, 1));
    uint32_t const first = ids_give(&names, request(0));
    ids_forget(&names, first);
    assert_null(ids_find(&names, first));
    uint32_t const second = ids_give(&names, request(1));
    assert_int_not_equal(first, second);
    assert_null(ids_find(&names, first));
    assert_ptr_equal(ids_find(&names, second), request(1));
    ids_cleanup(&names);
}

/* A name is at most a small integer of V8, 31 bits, however often its slot was used. */
static void test_names_stay_small_integers(void **state)
{
    (void)state;
    ids names = { 0 };
    for (int i = 0; i < REUSES; i++) {
        uint32_t const id = ids_give(&names, request(0));
        assert_true(id <= INT32_MAX);
        assert_ptr_equal(ids_find(&names, id), request(0));
        ids_forget(&names, id);
    }
    ids_cleanup(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_have_names_of_their_own),
        cmocka_unit_test(test_forgotten_names_name_nobody),
        cmocka_unit_test(test_names_stay_small_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
