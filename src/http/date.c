/* SPDX-License-Identifier: MIT */
#include "date.h"

#include "char.h"

#include <assert.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday" };
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

typedef struct moment {
    int year, month, day; /* months and days from 1 */
    int hour, minute, second;
} moment;

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* From 1 January of the year 0 (of a calendar that was always Gregorian) to that of `year`. */
static int64_t days_before_year(int year)
{
    int64_t const y = year - 1;
    return year == 0 ? 0 : 366 + y * 365 + y / 4 - y / 100 + y / 400;
}

static int64_t days_since_1970(int year, int month, int day)
{
    int64_t days = days_before_year(year) - days_before_year(1970) + day - 1;
    for (int m = 1; m < month; m++)
        days += days_in_month(year, m);
    return days;
}

/* ---- Writing ---- */

static char *put_number(char *at, int number, int digits)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + digits;
}

static char *put_text(char *at, const char *text, size_t length)
{
    memcpy(at, text, length);
    return at + length;
}

void http_date_write(char out[HTTP_DATE_LENGTH], int64_t seconds)
{
    enum { THURSDAY = 4 }; /* 1 January 1970 */
    assert(seconds >= 0 && seconds < (days_before_year(10000) - days_before_year(1970)) * DAY);
    int64_t const days = seconds / DAY;
    int const rest = (int)(seconds % DAY);

    int year = (int)(1970 + days / 366), month = 1;
    while (days_since_1970(year + 1, 1, 1) <= days)
        year++;
    while (month < 12 && days_since_1970(year, month + 1, 1) <= days)
        month++;

    char *at = put_text(out, weekdays[(days + THURSDAY) % 7], 3);
    at = put_text(at, ", ", 2);
    at = put_number(at, (int)(days - days_since_1970(year, month, 1)) + 1, 2);
    at = put_text(at, " ", 1);
    at = put_text(at, months + (month - 1) * 3, 3);
    at = put_text(at, " ", 1);
    at = put_number(at, year, 4);
    at = put_text(at, " ", 1);
    at = put_number(at, rest / HOUR, 2);
    at = put_text(at, ":", 1);
    at = put_number(at, rest / MINUTE % 60, 2);
    at = put_text(at, ":", 1);
    at = put_number(at, rest % 60, 2);
    put_text(at, " GMT", 4);
}

/* ---- Reading ----
 * Each of these takes its part from the front of `*s`, or returns false. */

static bool take_text(capra_slice *s, const char *text, size_t length)
{
    if (s->length < length || memcmp(s->data, text, length) != 0)
        return false;
    *s = slice_from(*s, length);
    return true;
}

static bool take_number(capra_slice *s, int digits, int *out)
{
    *out = 0;
    if (s->length < (size_t)digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (!http_char_is(s->data[i], HTTP_CHAR_DIGIT))
            return false;
        *out = *out * 10 + (s->data[i] - '0');
    }
    *s = slice_from(*s, (size_t)digits);
    return true;
}

static bool take_month(capra_slice *s, int *out)
{
    for (*out = 1; *out <= 12; (*out)++)
        if (take_text(s, months + (*out - 1) * 3, 3))
            return true;
    return false;
}

static bool take_time(capra_slice *s, moment *m)
{
    return take_number(s, 2, &m->hour) && take_text(s, ":", 1) && take_number(s, 2, &m->minute) &&
           take_text(s, ":", 1) && take_number(s, 2, &m->second);
}

/* "Sun" or "Sunday"; `*is_long` tells which. */
static bool take_weekday(capra_slice *s, bool *is_long)
{
    for (int i = 0; i < 7; i++) {
        const char *name = weekdays[i];
        *is_long = take_text(s, name, strlen(name));
        if (*is_long || take_text(s, name, 3))
            return true;
    }
    return false;
}

/* "06 Nov 1994 08:49:37 GMT" */
static bool take_imf(capra_slice *s, moment *m)
{
    return take_number(s, 2, &m->day) && take_text(s, " ", 1) && take_month(s, &m->month) &&
           take_text(s, " ", 1) && take_number(s, 4, &m->year) && take_text(s, " ", 1) &&
           take_time(s, m) && take_text(s, " GMT", 4);
}

/* The two digits, as the last year that ends in them and is not more than 50 years ahead. */
static int full_year(int digits, int this_year)
{
    int const latest = this_year + 50;
    return latest - (latest - digits) % 100;
}

/* "06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(capra_slice *s, moment *m, int this_year)
{
    int digits;
    if (!take_number(s, 2, &m->day) || !take_text(s, "-", 1) || !take_month(s, &m->month) ||
        !take_text(s, "-", 1) || !take_number(s, 2, &digits) || !take_text(s, " ", 1))
        return false;
    m->year = full_year(digits, this_year);
    return take_time(s, m) && take_text(s, " GMT", 4);
}

/* "Nov  6 08:49:37 1994" */
static bool take_asctime(capra_slice *s, moment *m)
{
    if (!take_month(s, &m->month) || !take_text(s, " ", 1))
        return false;
    if (!take_number(s, take_text(s, " ", 1) ? 1 : 2, &m->day))
        return false;
    return take_text(s, " ", 1) && take_time(s, m) && take_text(s, " ", 1) &&
           take_number(s, 4, &m->year);
}

/* A leap second is a second like any other: the first of the next minute. */
static bool is_possible(const moment *m)
{
    return m->day >= 1 && m->day <= days_in_month(m->year, m->month) && m->hour < 24 &&
           m->minute < 60 && m->second <= 60;
}

static int year_now(void)
{
    int year = 1970;
    int64_t const days = (int64_t)time(NULL) / DAY;
    while (days_since_1970(year + 1, 1, 1) <= days)
        year++;
    return year;
}

bool http_date_parse(int64_t *out, capra_slice text)
{
    moment m;
    bool is_long, is_read;
    if (!take_weekday(&text, &is_long))
        return false;
    if (take_text(&text, ", ", 2))
        is_read = is_long ? take_rfc850(&text, &m, year_now()) : take_imf(&text, &m);
    else
        is_read = !is_long && take_text(&text, " ", 1) && take_asctime(&text, &m);
    if (!is_read || text.length > 0 || !is_possible(&m))
        return false;
    *out = days_since_1970(m.year, m.month, m.day) * DAY + m.hour * HOUR + m.minute * MINUTE +
           m.second;
    return true;
}
