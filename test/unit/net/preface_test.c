/* SPDX-License-Identifier: MIT */
#include "net/preface.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define V2  "\r\n\r\n\0\r\nQUIT\n"
#define TEN "0123456789"
#define UNIX_ADDRESSES \
    TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345"
#define BYTES(text) text, sizeof text - 1

typedef struct reading {
    const char *data;
    size_t length;
    long used;             /* of them; the rest is of the request */
    const char *from, *to; /* NULL: no address is given */
    uint16_t from_port, to_port, rest;
} reading;

static const reading good[] = {
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"), 45, "192.0.2.7", "198.51.100.1",
      56324, 443, 0 },
    { BYTES("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), 44, "0.0.0.0", "255.255.255.255", 0,
      65535, 0 },
    { BYTES("PROXY TCP6 2001:db8::7 ::1 56324 443\r\n"), 38, "2001:db8::7", "::1", 56324, 443, 0 },
    { BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
      104, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      65535, 65535, 0 },
    { BYTES("PROXY UNKNOWN\r\n"), 15, NULL, NULL, 0, 0, 0 },
    { BYTES("PROXY UNKNOWN what ever \t it says\r\n"), 35, NULL, NULL, 0, 0, 0 },
    { BYTES(V2 "\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"), 28, "192.0.2.7",
      "198.51.100.1", 56324, 443, 0 },
    { BYTES(V2 "\x21\x11\0\x10\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb\x04\0\x01x"), 28,
      "192.0.2.7", "198.51.100.1", 56324, 443, 4 },
    { BYTES(V2 "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\xdc\x04\x01\xbb"),
      52, "2001:db8::7", "::1", 56324, 443, 0 },
    { BYTES(V2 "\x21\x31\0\xd8" UNIX_ADDRESSES), 16, NULL, NULL, 0, 0, 216 },
    { BYTES(V2 "\x21\0\0\0"), 16, NULL, NULL, 0, 0, 0 },
    { BYTES(V2 "\x21\0\xff\xff"), 16, NULL, NULL, 0, 0, 65535 },
    { BYTES(V2 "\x20\0\0\0"), 16, NULL, NULL, 0, 0, 0 },
    { BYTES(V2 "\x20\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"), 16, NULL, NULL, 0,
      0, 12 },
    { BYTES(V2 "\x20\x77\0\x05"), 16, NULL, NULL, 0, 0, 5 },
};

typedef struct text {
    const char *data;
    size_t length;
} text;

static const text bad[] = {
    { BYTES("G") },
    { BYTES("GET / HTTP/1.1\r\n") },
    { BYTES("proxy TCP4") },
    { BYTES("PROXYTCP4") },
    { BYTES("PROXY  TCP4 192.0.2.7 198.51.100.1 56324 443\r\n") },
    { BYTES("PROXY TCP4  192.0.2.7 198.51.100.1 56324 443\r\n") },
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 \r\n") },
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 x\r\n") },
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n") },
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 056324 443\r\n") },
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n") },
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n") },
    { BYTES("PROXY TCP4 192.0.2.07 198.51.100.1 56324 443\r\n") },
    { BYTES("PROXY TCP4 2001:db8::7 ::1 56324 443\r\n") },
    { BYTES("PROXY TCP4 192.0.2.7:1 198.51.100.1 56324 443\r\n") },
    { BYTES("PROXY TCP6 192.0.2.7 198.51.100.1 56324 443\r\n") },
    { BYTES("PROXY TCP6 [2001:db8::7] ::1 56324 443\r\n") },
    { BYTES("PROXY TCP6 2001:db8::7%eth0 ::1 56324 443\r\n") },
    { BYTES("PROXY UDP4 192.0.2.7 198.51.100.1 56324 443\r\n") },
    { BYTES("PROXY UNKNOWNS\r\n") },
    { BYTES("PROXY \r\n") },
    { BYTES("PROXY \n") },
    { BYTES("PROXY UNKNOWN\n") },
    { BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\n") },
    { BYTES("PROXY UNKNOWN " TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345\r\n") },
    { BYTES("\r\n\r\n\0\r\nQUIT\r") },
    { BYTES("\r\n\r\nGET") },
    { BYTES(V2 "\x11") },
    { BYTES(V2 "\x22") },
    { BYTES(V2 "\x21\x11\0\x0b") },
    { BYTES(V2 "\x21\x21\0\x23") },
    { BYTES(V2 "\x21\x31\0\xd7") },
    { BYTES(V2 "\x21\x12\0\x0c") },
    { BYTES(V2 "\x21\x10\0\x0c") },
    { BYTES(V2 "\x21\x41\0\x0c") },
};

/* The bytes end where their memory page ends: who reads behind them falls off. */
typedef struct edge {
    char *page;
    size_t size;
} edge;

static const char *at_edge(const edge *e, const char *data, size_t length)
{
    char *at = e->page + e->size - length;
    memcpy(at, data, length);
    return at;
}

static int open_edge(void **state)
{
    static edge e;
    e.size = (size_t)sysconf(_SC_PAGESIZE);
    e.page = mmap(NULL, 2 * e.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *state = &e;
    return e.page == MAP_FAILED || mprotect(e.page + e.size, e.size, PROT_NONE);
}

static int close_edge(void **state)
{
    const edge *e = *state;
    return munmap(e->page, 2 * e->size);
}

static void check_address(const ip_address *a, const char *printed, uint16_t port)
{
    char buffer[IP_TEXT];
    assert_string_equal(ip_print(buffer, a), printed);
    assert_int_equal(a->port, port);
}

static void reads_both_versions(void **state)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const reading *r = &good[i];
        preface p;
        assert_int_equal(preface_read(&p, at_edge(*state, r->data, r->length), r->length), r->used);
        assert_int_equal(p.has_address, r->from != NULL);
        assert_int_equal(p.rest, r->rest);
        if (p.has_address) {
            check_address(&p.from, r->from, r->from_port);
            check_address(&p.to, r->to, r->to_port);
        }
    }
}

static void less_than_all_of_it_is_not_yet(void **state)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        for (size_t length = 0; length < (size_t)good[i].used; length++) {
            preface p;
            if (preface_read(&p, at_edge(*state, good[i].data, length), length) != PREFACE_MORE)
                fail_msg("%zu bytes of %zu", length, i);
        }
    }
}

static void what_follows_makes_no_difference(void **state)
{
    (void)state;
    char data[400];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        preface p;
        memcpy(data, good[i].data, good[i].length);
        memset(data + good[i].length, '\n', 100);
        assert_int_equal(preface_read(&p, data, good[i].length + 100), good[i].used);
    }
}

/* However it was cut: a part is either not enough to know, or is malformed, and then so is all. */
static void malformed_is_malformed(void **state)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        preface p;
        bool is_certain = false;
        for (size_t length = 0; length <= bad[i].length; length++) {
            long const used = preface_read(&p, at_edge(*state, bad[i].data, length), length);
            if (used > 0 || (is_certain && used != PREFACE_MALFORMED))
                fail_msg("%zu bytes of %zu: %ld", length, i, used);
            is_certain = used == PREFACE_MALFORMED;
        }
        if (!is_certain)
            fail_msg("%zu is not seen to be malformed", i);
    }
}

static void never_waits_for_more_than_it_needs(void **state)
{
    (void)state;
    char data[PREFACE_BYTES] = "PROXY UNKNOWN ";
    memset(data + 14, 'a', sizeof data - 14);
    preface p;
    assert_int_equal(preface_read(&p, data, sizeof data - 1), PREFACE_MORE);
    assert_int_equal(preface_read(&p, data, sizeof data), PREFACE_MALFORMED);
    memcpy(data + sizeof data - 2, "\r\n", 2);
    assert_int_equal(preface_read(&p, data, sizeof data), sizeof data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_versions),
        cmocka_unit_test(less_than_all_of_it_is_not_yet),
        cmocka_unit_test(what_follows_makes_no_difference),
        cmocka_unit_test(malformed_is_malformed),
        cmocka_unit_test(never_waits_for_more_than_it_needs),
    };
    return cmocka_run_group_tests_name("preface", tests, open_edge, close_edge);
}
