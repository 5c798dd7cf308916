/* SPDX-License-Identifier: MIT */
#include "policy/upgrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct offer {
    const char *version, *fields;
    bool is_wanted, is_wanted_of_next;
} offer;

static const offer offers[] = {
    { "1.1", "", false, false },
    { "1.1", "Upgrade: websocket\r\nConnection: Upgrade\r\n", true, true },
    { "1.1", "upgrade: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n", true, true },
    { "1.1", "Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n", true, true },
    { "1.1",
      "Connection: keep-alive\r\nUpgrade: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n", true,
      true },
    { "1.1", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n", false, false },
    { "1.1", "Upgrade: IRC/6.9\r\nConnection: Upgrade\r\n", false, true },
    { "1.1", "Upgrade: websocket\r\n", false, false },
    { "1.1", "Upgrade: websocket\r\nConnection: close\r\n", false, false },
    { "1.1", "Upgrade:\r\nConnection: Upgrade\r\n", false, false },
    { "1.1", "Connection: Upgrade\r\n", false, false },
    { "1.0", "Upgrade: websocket\r\nConnection: Upgrade\r\n", false, false },
};

static void is_wanted_of_whoever_speaks_no_http_then(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        char text[512];
        http_head head;
        int const length = snprintf(text, sizeof text, "GET / HTTP/%s\r\nHost: a\r\n%s\r\n",
                                    offers[i].version, offers[i].fields);
        http_head_init(&head);
        assert_int_equal(http_head_parse(&head, text, (size_t)length, &http_default_limits),
                         length);
        if (upgrade_is_wanted(&head, text, false) != offers[i].is_wanted ||
            upgrade_is_wanted(&head, text, true) != offers[i].is_wanted_of_next)
            fail_msg("%s", text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_wanted_of_whoever_speaks_no_http_then),
    };
    return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
