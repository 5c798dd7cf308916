/* SPDX-License-Identifier: MIT */
#include "base/program_pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { TABLE_BYTES = 8 << 20 };

/* A part of this program's file that nobody needs to run it: much, for a system maps more around
 * each page that is read, as much as it has in one piece. */
static const unsigned char table[TABLE_BYTES] = { 1, 2, 3, [TABLE_BYTES - 1] = 4 };

/* Read one by one: the compiler knows what is in it. */
static unsigned sum_table(void)
{
    const volatile unsigned char *bytes = table;
    unsigned sum = 0;
    for (size_t i = 0; i < TABLE_BYTES; i++)
        sum += bytes[i];
    return sum;
}

static volatile unsigned char *page_in_table(void)
{
    uintptr_t const page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t const middle = (uintptr_t)table + TABLE_BYTES / 2;
    return (volatile unsigned char *)(middle & ~(page_bytes - 1)); /* NOLINT */
}

/* Of the mapping that holds `at`; -1 where the system does not say. */
static long resident_kib(const void *at)
{
    char line[8192], *rest;
    long kib = -1;
    FILE *smaps = fopen("/proc/self/smaps", "re");
    bool is_it = false;
    while (smaps != NULL && kib < 0 && fgets(line, sizeof line, smaps) != NULL) {
        uintptr_t const start = strtoul(line, &rest, 16);
        if (rest > line && *rest == '-')
            is_it = (uintptr_t)at >= start && (uintptr_t)at < strtoul(rest + 1, NULL, 16);
        else if (is_it && strncmp(line, "Rss:", 4) == 0)
            kib = strtol(line + 4, NULL, 10);
    }
    if (smaps != NULL)
        fclose(smaps);
    return kib;
}

static void pages_go_and_come_again(void **state)
{
    (void)state;
    assert_int_equal(sum_table(), 10);
    long const before = resident_kib(table);
    program_pages_release();
    if (before >= 0)
        assert_true(resident_kib(table) < before);
    assert_int_equal(sum_table(), 10);
}

/* As a debugger's breakpoint is. */
static void what_was_written_stays(void **state)
{
    (void)state;
    size_t const page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    volatile unsigned char *page = page_in_table();
    assert_int_equal(mprotect((void *)page, page_bytes, PROT_READ | PROT_WRITE), 0);
    page[0] = 7;
    assert_int_equal(mprotect((void *)page, page_bytes, PROT_READ), 0);
    program_pages_release();
    assert_int_equal(page[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_go_and_come_again),
        cmocka_unit_test(what_was_written_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
