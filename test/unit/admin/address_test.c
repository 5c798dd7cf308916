/* SPDX-License-Identifier: MIT */
#include "admin/address.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct reading {
    const char *text, *host; /* host NULL: refused */
    unsigned port;
} reading;

static const reading readings[] = {
    { "9090", "127.0.0.1", 9090 },
    { ":9090", "127.0.0.1", 9090 },
    { "0", "127.0.0.1", 0 },
    { "0.0.0.0:65535", "0.0.0.0", 65535 },
    { "localhost:80", "127.0.0.1", 80 },
    { "[::1]:80", "::1", 80 },
    { "http://127.0.0.1:9090", "127.0.0.1", 9090 },
    { "http://[::]:9090", "::", 9090 },
    { "", NULL, 0 },
    { "nowhere", NULL, 0 },
    { "127.0.0.1", NULL, 0 },
    { "127.0.0.1:", NULL, 0 },
    { "127.0.0.1:65536", NULL, 0 },
    { "127.0.0.1:-1", NULL, 0 },
    { "127.0.0.1:80x", NULL, 0 },
    { "example.org:80", NULL, 0 },
    { "::1:80", NULL, 0 },
    { "[::1:80", NULL, 0 },
    { "[]:80", NULL, 0 },
    { "unix:", NULL, 0 },
};

static void reads_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        const reading *r = &readings[i];
        admin_place place;
        char host[INET6_ADDRSTRLEN];
        assert_int_equal(admin_place_read(&place, r->text), r->host != NULL);
        if (r->host == NULL)
            continue;
        const struct sockaddr_in *v4 = (const void *)&place.address;
        const struct sockaddr_in6 *v6 = (const void *)&place.address;
        bool const is_v6 = place.address.ss_family == AF_INET6;
        inet_ntop(place.address.ss_family,
                  is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, host,
                  sizeof host);
        assert_string_equal(host, r->host);
        assert_int_equal(ntohs(is_v6 ? v6->sin6_port : v4->sin_port), r->port);
    }
}

static void what_is_printed_can_be_read(void **state)
{
    (void)state;
    static const char *const texts[] = { "0", "[::1]:0" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        admin_place place, again;
        char text[128];
        assert_true(admin_place_read(&place, texts[i]));
        int const listener = admin_place_listen(&place);
        if (listener < 0 && errno == EADDRNOTAVAIL)
            continue; /* a machine without IPv6 */
        assert_true(listener >= 0);
        admin_place_print(text, sizeof text, &place, listener);
        assert_true(admin_place_read(&again, text));
        int const client = admin_place_connect(&again);
        assert_true(client >= 0);
        close(client);
        close(listener);
    }
}

/* The system takes 107 bytes. */
static void a_unix_socket_may_be_far_away(void **state)
{
    (void)state;
    char folder[] = "/tmp/capra-admin-XXXXXX", deep[400], name[120];
    assert_non_null(mkdtemp(folder));
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    snprintf(deep, sizeof deep, "%s/%s", folder, name);
    assert_int_equal(mkdir(deep, 0700), 0);

    admin_place place;
    char text[600], here[4096], after[4096];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(text, sizeof text, "unix:%s/a.sock", deep);
    assert_true(admin_place_read(&place, text));
    int const listener = admin_place_listen(&place);
    assert_true(listener >= 0);
    struct stat found;
    assert_int_equal(stat(place.path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    int const client = admin_place_connect(&place);
    assert_true(client >= 0);
    assert_string_equal(getcwd(after, sizeof after), here);
    close(client);
    close(listener);

    /* A socket that a killed server has left is in nobody's way. */
    int const again = admin_place_listen(&place);
    assert_true(again >= 0);
    close(again);
    unlink(place.path);

    /* Anything else is. */
    FILE *file = fopen(place.path, "w");
    fclose(file);
    assert_true(admin_place_listen(&place) < 0);
    unlink(place.path);
    rmdir(deep);
    assert_true(admin_place_connect(&place) < 0);
    assert_string_equal(getcwd(after, sizeof after), here);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(what_is_printed_can_be_read),
        cmocka_unit_test(a_unix_socket_may_be_far_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
