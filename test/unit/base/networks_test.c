/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/networks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct membership {
    const char *list;
    const char *in[6], *out[6];
} membership;

static const membership memberships[] = {
    { "192.0.2.7", { "192.0.2.7", "::ffff:192.0.2.7" }, { "192.0.2.6", "192.0.2.8", "::1" } },
    { "10.0.0.0/8", { "10.0.0.0", "10.255.255.255" }, { "9.255.255.255", "11.0.0.0", "::a00:1" } },
    { "192.0.2.128/25", { "192.0.2.128", "192.0.2.255" }, { "192.0.2.127", "192.0.3.128" } },
    { "0.0.0.0/0", { "0.0.0.0", "255.255.255.255" }, { "::1", "2001:db8::1" } },
    { "::/0", { "::1", "192.0.2.7" }, { 0 } },
    { "192.0.2.7/32,2001:db8::/33",
      { "192.0.2.7", "2001:db8::1", "2001:db8:7fff::1" },
      { "2001:db8:8000::", "2001:db7:ffff::" } },
    { "::ffff:192.0.2.0/120", { "192.0.2.0", "192.0.2.255" }, { "192.0.3.0" } },
    { "loopback", { "127.0.0.1", "127.255.0.1", "::1" }, { "128.0.0.1", "::2", "10.0.0.1" } },
    { " private , loopback ",
      { "10.1.2.3", "172.31.0.1", "192.168.0.1", "fd00::1", "127.0.0.1" },
      { "172.32.0.1", "192.169.0.1", "fe00::1", "192.0.2.7" } },
    { "unix", { "" }, { "127.0.0.1" } },
    { "loopback,unix", { "", "127.0.0.1" }, { "192.0.2.7" } },
    { "none", { 0 }, { "127.0.0.1", "", "192.0.2.7" } },
};

/* An empty text is the peer of a Unix socket. */
static bool has(const networks *n, const char *text)
{
    ip_address a = { 0 };
    if (text[0] != '\0')
        assert_true(ip_parse(&a, slice_text(text)));
    return networks_has(n, &a);
}

static void a_list_has_whom_it_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof memberships / sizeof *memberships; i++) {
        const membership *m = &memberships[i];
        networks *n;
        char why[256] = "";
        if (networks_parse(&n, slice_text(m->list), why, sizeof why) != 0)
            fail_msg("`%s`: %s", m->list, why);
        for (int at = 0; at < 6; at++) {
            if (m->in[at] != NULL && !has(n, m->in[at]))
                fail_msg("`%s` lacks %s", m->list, m->in[at]);
            if (m->out[at] != NULL && has(n, m->out[at]))
                fail_msg("`%s` has %s", m->list, m->out[at]);
        }
        networks_free(n);
    }
}

typedef struct refusal {
    const char *list, *why; /* a part of it */
} refusal;

static const refusal refusals[] = {
    { "", "found ``, expected addresses" },
    { ",", "found `,`" },
    { "10.0.0.0/8,", "found `10.0.0.0/8,`" },
    { "10.0.0.1/8", "found `10.0.0.1/8`, expected 10.0.0.0/8, the network that it is in" },
    { "2001:db8::1/32", "expected 2001:db8::/32, the network" },
    { "10.0.0.0/33", "expected 0 to 32 bits behind the slash" },
    { "10.0.0.0/", "expected 0 to 32 bits" },
    { "10.0.0.0/08", "expected 0 to 32 bits" },
    { "10.0.0.0/-1", "expected 0 to 32 bits" },
    { "10.0.0.0/8/8", "expected 0 to 32 bits" },
    { "2001:db8::/129", "expected 0 to 128 bits behind the slash" },
    { "10.0.0", "found `10.0.0`, expected addresses" },
    { "10.0.0.1:80", "found `10.0.0.1:80`" },
    { "[::1]", "found `[::1]`" },
    { "loopback,none", "found `none`" },
    { "Private", "found `Private`" },
    { "10.0.0.0/8 192.168.0.0/16", "found `10.0.0.0/8 192.168.0.0/16`" },
};

static void what_is_no_list_is_refused_with_what_would_be_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        networks *n;
        char why[512] = "";
        assert_int_equal(networks_parse(&n, slice_text(refusals[i].list), why, sizeof why),
                         CAPRA_E_INVALID);
        if (strstr(why, refusals[i].why) == NULL)
            fail_msg("`%s`: %s", refusals[i].list, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_has_whom_it_names),
        cmocka_unit_test(what_is_no_list_is_refused_with_what_would_be_one),
    };
    return cmocka_run_group_tests_name("networks", tests, NULL, NULL);
}
