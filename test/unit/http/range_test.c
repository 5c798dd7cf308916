/* SPDX-License-Identifier: MIT */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct range_case {
    const char *text;
    uint64_t size;
    http_range_kind kind;
    uint64_t first, last;
} range_case;

#define WHOLE   HTTP_RANGE_WHOLE, 0, 0
#define OUTSIDE HTTP_RANGE_OUTSIDE, 0, 0

/* RFC 9110, 14.1.2, and what is sent by people who try things. */
static const range_case cases[] = {
    { "bytes=0-499", 10000, HTTP_RANGE_PART, 0, 499 },
    { "bytes=500-999", 10000, HTTP_RANGE_PART, 500, 999 },
    { "bytes=-500", 10000, HTTP_RANGE_PART, 9500, 9999 },
    { "bytes=9500-", 10000, HTTP_RANGE_PART, 9500, 9999 },
    { "bytes=0-0", 10000, HTTP_RANGE_PART, 0, 0 },
    { "bytes=0-", 1, HTTP_RANGE_PART, 0, 0 },
    { "bytes=9999-9999", 10000, HTTP_RANGE_PART, 9999, 9999 },
    { "bytes=9999-10000", 10000, HTTP_RANGE_PART, 9999, 9999 },
    { "bytes=-20000", 10000, HTTP_RANGE_PART, 0, 9999 },
    { "BYTES=1-2", 10, HTTP_RANGE_PART, 1, 2 },
    { "bytes= 1-2", 10, HTTP_RANGE_PART, 1, 2 },
    { "bytes=0-18446744073709551615", 10, HTTP_RANGE_PART, 0, 9 },
    { "bytes=1-99999999999999999999999999", 10, HTTP_RANGE_PART, 1, 9 },
    { "bytes=-99999999999999999999999999", 10, HTTP_RANGE_PART, 0, 9 },

    { "bytes=10000-", 10000, OUTSIDE },
    { "bytes=10000-10001", 10000, OUTSIDE },
    { "bytes=99999999999999999999999999-", 10, OUTSIDE },
    { "bytes=-0", 10000, OUTSIDE },
    { "bytes=0-", 0, OUTSIDE },
    { "bytes=0-0", 0, OUTSIDE },
    { "bytes=-1", 0, OUTSIDE },

    { "bytes=0-0,-1", 10000, WHOLE },
    { "bytes=500-700, 600-999", 10000, WHOLE },
    { "bytes=2-1", 10000, WHOLE },
    { "bytes=", 10000, WHOLE },
    { "bytes=-", 10000, WHOLE },
    { "bytes", 10000, WHOLE },
    { "", 10000, WHOLE },
    { "bytes=a-b", 10000, WHOLE },
    { "bytes=1", 10000, WHOLE },
    { "bytes=1-2x", 10000, WHOLE },
    { "bytes=--1", 10000, WHOLE },
    { "bytes=+1-2", 10000, WHOLE },
    { "bytes=1 -2", 10000, WHOLE },
    { "bytes=1- 2", 10000, WHOLE },
    { "bytes=0x0-0x1", 10000, WHOLE },
    { "bytes: 0-1", 10000, WHOLE },
    { "items=0-1", 10000, WHOLE },
    { "bytes=-1-", 10000, WHOLE },
    { "bytes=\xff-1", 10000, WHOLE },
};

static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const range_case *c = &cases[i];
        size_t const length = strlen(c->text);
        char *exact = malloc(length + 1);
        http_range range = { 0, 0 };
        memcpy(exact + 1, c->text, length);
        http_range_kind const kind = http_range_parse(&range, slice_of(exact + 1, length), c->size);
        free(exact);
        if (kind != c->kind || range.first != c->first || range.last != c->last)
            fail_msg("\"%s\" of %lu: kind %d, %lu to %lu", c->text, (unsigned long)c->size, kind,
                     (unsigned long)range.first, (unsigned long)range.last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ranges) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
