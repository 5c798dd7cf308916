/* SPDX-License-Identifier: MIT */
#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

typedef struct reading {
    const char *text, *printed; /* NULL: it is none */
    uint16_t port;
} reading;

static const reading readings[] = {
    { "192.0.2.7", "192.0.2.7", 0 },
    { "192.0.2.7:4000", "192.0.2.7", 4000 },
    { "192.0.2.7:0", "192.0.2.7", 0 },
    { "192.0.2.7:65535", "192.0.2.7", 65535 },
    { "0.0.0.0", "0.0.0.0", 0 },
    { "255.255.255.255", "255.255.255.255", 0 },
    { "2001:db8::7", "2001:db8::7", 0 },
    { "[2001:db8::7]", "2001:db8::7", 0 },
    { "[2001:DB8:0:0:0:0:0:7]:443", "2001:db8::7", 443 },
    { "::", "::", 0 },
    { "::1", "::1", 0 },
    { "::ffff:192.0.2.7", "192.0.2.7", 0 },
    { "[::ffff:192.0.2.7]:80", "192.0.2.7", 80 },
    { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0 },
    { "", NULL, 0 },
    { " 192.0.2.7", NULL, 0 },
    { "192.0.2.7 ", NULL, 0 },
    { "192.0.2", NULL, 0 },
    { "192.0.2.256", NULL, 0 },
    { "192.0.2.07", NULL, 0 },
    { "192.0.2.0x7", NULL, 0 },
    { "3221225991", NULL, 0 },
    { "192.0.2.7.8", NULL, 0 },
    { "192.0.2.7:", NULL, 0 },
    { "192.0.2.7:65536", NULL, 0 },
    { "192.0.2.7:000080", NULL, 0 },
    { "192.0.2.7:4a", NULL, 0 },
    { "192.0.2.7:80:80", NULL, 0 },
    { "192.0.2.7000000000000000000000", NULL, 0 },
    { "2001:db8::7::1", NULL, 0 },
    { "2001:db8::7%eth0", NULL, 0 },
    { "[2001:db8::7", NULL, 0 },
    { "[]", NULL, 0 },
    { "[192.0.2.7]", NULL, 0 },
    { "[2001:db8::7]443", NULL, 0 },
    { "[2001:db8::7]:", NULL, 0 },
    { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, 0 },
    { "unknown", NULL, 0 },
    { "_hidden", NULL, 0 },
    { "localhost", NULL, 0 },
    { "\"192.0.2.7\"", NULL, 0 },
};

static void reads_what_proxies_write_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        const reading *r = &readings[i];
        ip_address a;
        char text[IP_TEXT];
        bool const is_one = ip_parse(&a, slice_text(r->text));
        if (is_one != (r->printed != NULL))
            fail_msg("`%s`", r->text);
        if (!is_one)
            continue;
        assert_string_equal(ip_print(text, &a), r->printed);
        assert_int_equal(a.port, r->port);
    }
}

static void a_zero_byte_ends_no_address(void **state)
{
    (void)state;
    ip_address a;
    assert_false(ip_parse(&a, slice_of("192.0.2.7\0x", 11)));
    assert_false(ip_parse(&a, slice_of("2001:db8::7\0", 12)));
}

static void an_address_is_the_same_whichever_socket_it_came_through(void **state)
{
    (void)state;
    struct sockaddr_storage v4 = { .ss_family = AF_INET }, v6 = { .ss_family = AF_INET6 };
    struct sockaddr_in *in4 = (void *)&v4;
    struct sockaddr_in6 *in6 = (void *)&v6;
    ip_address a, b;
    in4->sin_port = in6->sin6_port = htons(4000);
    inet_pton(AF_INET, "192.0.2.7", &in4->sin_addr);
    inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6->sin6_addr);
    ip_of_socket(&a, &v4);
    ip_of_socket(&b, &v6);
    assert_true(a.is_known && b.is_known && ip_is_v4(&a));
    assert_memory_equal(a.bytes, b.bytes, sizeof a.bytes);
    assert_int_equal(a.port, 4000);
    assert_int_equal(b.port, 4000);
}

static void the_peer_of_a_unix_socket_has_none(void **state)
{
    (void)state;
    struct sockaddr_storage const from = { .ss_family = AF_UNIX };
    char text[IP_TEXT];
    ip_address a;
    ip_of_socket(&a, &from);
    assert_false(a.is_known);
    assert_string_equal(ip_print(text, &a), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_proxies_write_and_nothing_else),
        cmocka_unit_test(a_zero_byte_ends_no_address),
        cmocka_unit_test(an_address_is_the_same_whichever_socket_it_came_through),
        cmocka_unit_test(the_peer_of_a_unix_socket_has_none),
    };
    return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
