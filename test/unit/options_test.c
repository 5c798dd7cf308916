/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const option_row *find(const char *flag)
{
    for (size_t i = 0; i < option_row_count; i++)
        if (strcmp(option_rows[i].flag, flag) == 0)
            return &option_rows[i];
    fail_msg("no option %s", flag);
    return NULL;
}

typedef struct reading {
    const char *flag, *text;
    uint64_t value;
} reading;

static const reading good[] = {
    { "head-timeout", "500ms", 500 },       { "head-timeout", "10", 10000 },
    { "head-timeout", "10s", 10000 },       { "head-timeout", "2m", 120000 },
    { "head-timeout", "1h", 3600000 },      { "head-timeout", "0", 0 },
    { "max-head-bytes", "16kb", 16384 },    { "max-head-bytes", "512", 512 },
    { "max-head-bytes", "1mb", 1 << 20 },   { "max-body-bytes", "2gb", UINT64_C(2) << 30 },
    { "max-target-bytes", "65535", 65535 }, { "max-connections", "1", 1 },
    { "workers", "auto", OPTION_AUTO },     { "workers", "64", 64 },
    { "max-workers", "auto", OPTION_AUTO }, { "min-workers", "0", 0 },
};

static const reading bad[] = {
    { "head-timeout", "", 0 },
    { "head-timeout", "s", 0 },
    { "head-timeout", "-1s", 0 },
    { "head-timeout", "1.5s", 0 },
    { "head-timeout", "10 s", 0 },
    { "head-timeout", "10kb", 0 },
    { "head-timeout", "99999999999999999999", 0 },
    { "head-timeout", "31536000001ms", 0 },
    { "head-timeout", "8761h", 0 },
    { "max-head-bytes", "511", 0 },
    { "max-head-bytes", "2mb", 0 },
    { "max-head-bytes", "10s", 0 },
    { "max-target-bytes", "65536", 0 },
    { "max-target-bytes", "63", 0 },
    { "max-connections", "0", 0 },
    { "max-connections", "10kb", 0 },
    { "workers", "0", 0 },
    { "workers", "65", 0 },
    { "workers", "many", 0 },
    { "min-workers", "auto", 0 },
    { "max-workers", "0", 0 },
};

static void takes_every_unit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        options o;
        const char *expected;
        const option_row *row = find(good[i].flag);
        options_init(&o);
        if (!options_set(&o, row, good[i].text, &expected))
            fail_msg("%s %s", good[i].flag, good[i].text);
        assert_int_equal(*options_field(&o, row), good[i].value);
    }
}

static void refuses_the_rest_and_says_what_would_be_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options o;
        const char *expected = NULL;
        const option_row *row = find(bad[i].flag);
        options_init(&o);
        if (options_set(&o, row, bad[i].text, &expected))
            fail_msg("%s %s", bad[i].flag, bad[i].text);
        assert_non_null(expected);
        assert_int_equal(*options_field(&o, row), row->value);
    }
}

static void prints_what_it_would_take(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_row_count; i++) {
        options o;
        char text[32];
        const char *expected;
        if (option_rows[i].value == 0)
            continue;
        options_init(&o);
        options_print(text, sizeof text, option_rows[i].unit, option_rows[i].value);
        *options_field(&o, &option_rows[i]) = 0;
        if (option_rows[i].value == OPTION_UNSET) {
            assert_non_null(strpbrk(text, " "));
            continue; /* words for a person */
        }
        assert_true(options_set(&o, &option_rows[i], text, &expected));
        assert_int_equal(*options_field(&o, &option_rows[i]), option_rows[i].value);
    }
}

static void sockets_get_what_is_theirs(void **state)
{
    static const char *const flags[] = { "keep-alive-timeout", "head-timeout",
                                         "body-timeout",       "write-timeout",
                                         "min-write-rate",     "max-connections-per-address",
                                         "max-connections" };
    options o;
    (void)state;
    options_init(&o);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        *options_field(&o, find(flags[i])) = 100 + i;
    net_options const how = options_for_net(&o);
    uint64_t const got[] = { how.deadlines_ms[CONN_IDLE],
                             how.deadlines_ms[CONN_HEAD],
                             how.deadlines_ms[CONN_BODY],
                             how.deadlines_ms[CONN_WRITE],
                             how.write_bytes_per_s,
                             how.connections_per_address,
                             how.connections };
    for (size_t i = 0; i < sizeof got / sizeof *got; i++)
        assert_int_equal(got[i], 100 + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_unit),
        cmocka_unit_test(refuses_the_rest_and_says_what_would_be_right),
        cmocka_unit_test(prints_what_it_would_take),
        cmocka_unit_test(sockets_get_what_is_theirs),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
