/* SPDX-License-Identifier: MIT */
#include "http/date.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>

static void check_written(int64_t seconds, const char *expected)
{
    char *text = malloc(HTTP_DATE_LENGTH);
    http_date_write(text, seconds);
    assert_memory_equal(text, expected, HTTP_DATE_LENGTH);
    free(text);
}

static void dates_are_written(void **state)
{
    (void)state;
    check_written(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    check_written(59, "Thu, 01 Jan 1970 00:00:59 GMT");
    check_written(86399, "Thu, 01 Jan 1970 23:59:59 GMT");
    check_written(86400, "Fri, 02 Jan 1970 00:00:00 GMT");
    check_written(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
    check_written(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    check_written(951868799, "Tue, 29 Feb 2000 23:59:59 GMT");
    check_written(951868800, "Wed, 01 Mar 2000 00:00:00 GMT");
    check_written(1795996799, "Sun, 29 Nov 2026 23:59:59 GMT");
    check_written(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
    check_written(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* Every day from 1970 to 2500, and the C library says what it is called. */
static void every_day_agrees_with_the_c_library(void **state)
{
    (void)state;
    char expected[64], text[HTTP_DATE_LENGTH];
    for (time_t seconds = 3661; seconds < 16725225600; seconds += 86400) {
        struct tm tm;
        int64_t read;
        gmtime_r(&seconds, &tm);
        strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        http_date_write(text, seconds);
        assert_memory_equal(text, expected, HTTP_DATE_LENGTH);
        assert_true(http_date_parse(&read, slice_of(text, sizeof text)));
        assert_int_equal(read, seconds);
    }
}

static void check_read(const char *text, int64_t expected)
{
    int64_t seconds;
    size_t const length = strlen(text);
    char *copy = malloc(length);
    memcpy(copy, text, length);
    if (!http_date_parse(&seconds, slice_of(copy, length)))
        fail_msg("refused: %s", text);
    assert_int_equal(seconds, expected);
    free(copy);
}

static void all_three_forms_are_read(void **state)
{
    (void)state;
    check_read("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
    check_read("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
    check_read("Sun Nov  6 08:49:37 1994", 784111777);
    check_read("Wed Nov 16 08:49:37 1994", 784975777);
    check_read("Mon, 06 Nov 1994 08:49:37 GMT", 784111777);
    check_read("Wed, 31 Dec 1969 23:59:59 GMT", -1);
    check_read("Sat, 01 Jan 0000 00:00:00 GMT", -62167219200);
    check_read("Fri, 01 Mar 1600 00:00:00 GMT", -11670912000);
    check_read("Thu, 01 Jan 1970 00:00:60 GMT", 60);
    check_read("Thu Jan 01 00:00:00 1970", 0);
    check_read("Fri, 31 Dec 9999 23:59:59 GMT", 253402300799);
}

/* RFC 9110, 5.6.7: more than 50 years ahead means the past. */
static void two_digits_mean_a_year_nearby(void **state)
{
    (void)state;
    assert_int_equal(full_year(26, 2026), 2026);
    assert_int_equal(full_year(76, 2026), 2076);
    assert_int_equal(full_year(77, 2026), 1977);
    assert_int_equal(full_year(99, 2026), 1999);
    assert_int_equal(full_year(0, 2026), 2000);
    assert_int_equal(full_year(94, 2060), 2094);
    assert_int_equal(full_year(10, 2060), 2110);
    assert_int_equal(full_year(11, 2060), 2011);

    struct tm before, after;
    time_t now = time(NULL);
    gmtime_r(&now, &before);
    int const year = year_now();
    now = time(NULL);
    gmtime_r(&now, &after);
    assert_in_range(year, before.tm_year + 1900, after.tm_year + 1900);
}

static void months_have_their_days(void **state)
{
    (void)state;
    static const struct {
        const char *last, *beyond;
    } ends[] = {
        { "Mon, 31 Jan 2023 00:00:00 GMT", "Mon, 32 Jan 2023 00:00:00 GMT" },
        { "Mon, 28 Feb 2023 00:00:00 GMT", "Mon, 29 Feb 2023 00:00:00 GMT" },
        { "Mon, 31 Mar 2023 00:00:00 GMT", "Mon, 32 Mar 2023 00:00:00 GMT" },
        { "Mon, 30 Apr 2023 00:00:00 GMT", "Mon, 31 Apr 2023 00:00:00 GMT" },
        { "Mon, 31 May 2023 00:00:00 GMT", "Mon, 32 May 2023 00:00:00 GMT" },
        { "Mon, 30 Jun 2023 00:00:00 GMT", "Mon, 31 Jun 2023 00:00:00 GMT" },
        { "Mon, 31 Jul 2023 00:00:00 GMT", "Mon, 32 Jul 2023 00:00:00 GMT" },
        { "Mon, 31 Aug 2023 00:00:00 GMT", "Mon, 32 Aug 2023 00:00:00 GMT" },
        { "Mon, 30 Sep 2023 00:00:00 GMT", "Mon, 31 Sep 2023 00:00:00 GMT" },
        { "Mon, 31 Oct 2023 00:00:00 GMT", "Mon, 32 Oct 2023 00:00:00 GMT" },
        { "Mon, 30 Nov 2023 00:00:00 GMT", "Mon, 31 Nov 2023 00:00:00 GMT" },
        { "Mon, 31 Dec 2023 00:00:00 GMT", "Mon, 32 Dec 2023 00:00:00 GMT" },
        { "Mon, 29 Feb 2024 00:00:00 GMT", "Mon, 30 Feb 2024 00:00:00 GMT" },
        { "Mon, 29 Feb 2000 00:00:00 GMT", "Mon, 29 Feb 2100 00:00:00 GMT" },
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        int64_t seconds;
        assert_true(http_date_parse(&seconds, slice_text(ends[i].last)));
        assert_false(http_date_parse(&seconds, slice_text(ends[i].beyond)));
    }
}

static void other_texts_are_no_dates(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0",
        "Sun",
        "Sun,",
        "Sun, ",
        "Sunday",
        "Sunday ",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994-08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1994 08:49:37 GMT",
        "Thu, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08 49:37 GMT",
        "Sun, 06 Nov 1994 08:49 37 GMT",
        "Sun, 06 Nov 1994 0x:49:37 GMT",
        "Sun, 06 Nov 1994 08:4x:37 GMT",
        "Sun, 06 Nov 1994 08:49:3",
        "Sun, 0",
        "Sun, 06 N",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sunday, x6-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov-94 08:49:37 GMT",
        "Sunday, 06-Nox-94 08:49:37 GMT",
        "Sunday, 06-Nov 94 08:49:37 GMT",
        "Sunday, 06-Nov-x4 08:49:37 GMT",
        "Sunday, 06-Nov-94-08:49:37 GMT",
        "Sunday, 06-Nov-94 x8:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 UTC",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday Nov  6 08:49:37 1994",
        "Sun-Nov  6 08:49:37 1994",
        "Sun Nox  6 08:49:37 1994",
        "Sun Nov-06 08:49:37 1994",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov  6-08:49:37 1994",
        "Sun Nov  6 08:49-37 1994",
        "Sun Nov  6 08:49:37-1994",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "1994-11-06T08:49:37Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t seconds;
        size_t const length = strlen(texts[i]);
        char *copy = malloc(length);
        memcpy(copy, texts[i], length);
        if (http_date_parse(&seconds, slice_of(copy, length)))
            fail_msg("taken: %s", texts[i]);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_written),
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(all_three_forms_are_read),
        cmocka_unit_test(two_digits_mean_a_year_nearby),
        cmocka_unit_test(months_have_their_days),
        cmocka_unit_test(other_texts_are_no_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
