/* SPDX-License-Identifier: MIT */
#include "cli/notify.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A socket such as systemd has, and its name as NOTIFY_SOCKET. */
static int open_systemd(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    int const fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t const length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    setenv("NOTIFY_SOCKET", name, true);
    return fd;
}

static void expect_word(const char *name)
{
    char word[64] = "";
    int const fd = open_systemd(name);
    notify_init();
    assert_null(getenv("NOTIFY_SOCKET"));
    notify_ready();
    assert_int_equal(recv(fd, word, sizeof word - 1, MSG_DONTWAIT), 7);
    assert_string_equal(word, "READY=1");
    close(fd);
}

static void systemd_hears_of_it_at_a_path(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/capra-notify-%d", (int)getpid());
    expect_word(path);
    unlink(path);
}

#ifdef __linux__
static void systemd_hears_of_it_by_an_abstract_name(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "@capra-notify-%d", (int)getpid());
    expect_word(name);
}
#endif

static void nobody_is_told_where_nobody_asks(void **state)
{
    (void)state;
    static const char *const names[] = { "", "relative", "/nowhere/socket" };
    notify_init();
    notify_ready();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        setenv("NOTIFY_SOCKET", names[i], true);
        notify_init();
        notify_ready();
        assert_null(getenv("NOTIFY_SOCKET"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(systemd_hears_of_it_at_a_path),
#ifdef __linux__
        cmocka_unit_test(systemd_hears_of_it_by_an_abstract_name),
#endif
        cmocka_unit_test(nobody_is_told_where_nobody_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
