/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <capra.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A program with the server inside: on a thread of its own, asked through real sockets. */

static void hello(capra_request *req, capra_response *res)
{
    capra_slice const name = capra_request_param(req, "name");
    capra_slice const address = capra_request_address(req);
    capra_json(res, 200, "{s:s, s:s%, s:s%}", "greeting", (const char *)capra_request_state(req),
               "name", name.data, name.length, "from", address.data == NULL ? "" : address.data,
               address.length);
}

static void slow(capra_request *req, capra_response *res)
{
    capra_response_bytes(res, 200, NULL, capra_request_body(req).data,
                         capra_request_body(req).length);
}

static void give_up(capra_request *req, void *data)
{
    (void)data;
    capra_abandon(req);
}

static void never(capra_request *req, capra_response *res)
{
    (void)res;
    capra_defer(req);
    capra_on_cancel(req, give_up, NULL);
}

static capra_app *make_app(void)
{
    static char greeting[] = "hi";
    capra_app *app = capra_app_new(greeting);
    assert_int_equal(capra_app_get(app, "/hello/[name]", hello), 0);
    assert_int_equal(capra_app_get(app, "/never", never), 0);
    capra_app_route const blocking = {
        .method = "PUT", .pattern = "/slow", .run = slow, .is_blocking = true
    };
    assert_int_equal(capra_app_add(app, &blocking), 0);
    assert_int_equal(capra_app_set(app, "shutdown-timeout", "200ms"), 0);
    return app;
}

static void *run(void *app)
{
    assert_int_equal(capra_app_run(app), 0);
    return NULL;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in const at = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int const fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static int connect_to_path(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int const fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* Asks for the connection to end with the answer, and reads until it does. */
static void expect(int fd, const char *request, const char *part)
{
    char answer[4096] = "";
    size_t length = 0;
    assert_int_equal(write(fd, request, strlen(request)), strlen(request));
    for (ssize_t got = 1; got > 0; length += (size_t)(got > 0 ? got : 0))
        got = read(fd, answer + length, sizeof answer - 1 - length);
    close(fd);
    if (strstr(answer, part) == NULL)
        fail_msg("no `%s` in\n%s", part, answer);
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static void an_app_serves_until_it_is_stopped(void **state)
{
    (void)state;
    pthread_t thread;
    char path[] = "/tmp/capra-embed-XXXXXX", address[64];
    assert_non_null(mkdtemp(path));
    snprintf(address, sizeof address, "unix:%s/s", path);
    capra_app *app = make_app();
    assert_int_equal(capra_app_listen(app, address), 0);
    assert_int_equal(capra_app_port(app), 0);
    assert_int_equal(capra_app_listen(app, "127.0.0.1:0"), 0);
    assert_true(capra_app_port(app) > 0);
    pthread_create(&thread, NULL, run, app);
    uint16_t const port = capra_app_port(app);
    expect(connect_to(port), GET("/hello/you"),
           "{\"greeting\":\"hi\",\"name\":\"you\",\"from\":\"127.0.0.1\"}");
    expect(connect_to_path(address + 5), GET("/hello/file"),
           "{\"greeting\":\"hi\",\"name\":\"file\",\"from\":\"\"}");
    expect(connect_to(port), GET("/none"), "404 Not Found");
    expect(connect_to(port), GET("/slow"), "Allow: PUT, OPTIONS\r\n");
    expect(connect_to(port),
           "PUT /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody",
           "\r\n\r\nbody");
    int const waiting = connect_to(port);
    assert_int_equal(write(waiting, GET("/never"), strlen(GET("/never"))), strlen(GET("/never")));
    expect(connect_to(port), GET("/hello/again"), "again");
    capra_app_stop(app);
    pthread_join(thread, NULL);
    assert_int_equal(capra_app_run(app), CAPRA_E_INVALID);
    assert_string_equal(capra_app_error(app), "an app runs once");
    capra_app_free(app);
    close(waiting);
    unlink(address + 5);
    rmdir(path);
}

static void a_stop_before_the_start_counts(void **state)
{
    (void)state;
    capra_app *app = make_app();
    assert_int_equal(capra_app_listen(app, "127.0.0.1:0"), 0);
    capra_app_stop(app);
    assert_int_equal(capra_app_run(app), 0);
    capra_app_free(app);
}

static void a_socket_that_listens_is_taken_over(void **state)
{
    (void)state;
    pthread_t thread;
    char address[32];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int const fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    snprintf(address, sizeof address, "fd:%d", fd);
    capra_app *app = make_app();
    assert_int_equal(capra_app_listen(app, address), CAPRA_E_SYSTEM);
    assert_non_null(strstr(capra_app_error(app), "it is no socket that listens"));
    assert_int_equal(capra_app_listen(app, "fd:x"), CAPRA_E_SYSTEM);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(capra_app_listen(app, address), 0);
    pthread_create(&thread, NULL, run, app);
    expect(connect_to(capra_app_port(app)), GET("/hello/fd"), "\"name\":\"fd\"");
    capra_app_stop(app);
    pthread_join(thread, NULL);
    capra_app_free(app);
}

static void an_app_may_be_freed_at_any_time(void **state)
{
    (void)state;
    capra_app_free(NULL);
    capra_app_free(make_app());
    capra_app *app = make_app();
    assert_int_equal(capra_app_listen(app, "127.0.0.1:0"), 0);
    capra_app_free(app);
}

static void a_socket_that_was_left_is_replaced(void **state)
{
    (void)state;
    char path[] = "/tmp/capra-embed-XXXXXX", address[64];
    assert_non_null(mkdtemp(path));
    snprintf(address, sizeof address, "unix:%s/s", path);
    capra_app *first = make_app();
    assert_int_equal(capra_app_listen(first, address), 0);
    capra_app *second = make_app();
    assert_int_equal(capra_app_listen(second, address), CAPRA_E_SYSTEM);
    assert_non_null(strstr(capra_app_error(second), "Address already in use"));
    capra_app_free(first);
    assert_int_equal(capra_app_listen(second, address), 0);
    assert_string_equal(capra_app_error(second), "");
    capra_app_free(second);
    unlink(address + 5);
    rmdir(path);
}

static void expect_mistake(capra_app *app, int code, const char *says)
{
    assert_true(code < 0);
    if (strstr(capra_app_error(app), says) == NULL)
        fail_msg("`%s` does not say `%s`", capra_app_error(app), says);
}

static void each_mistake_is_named(void **state)
{
    (void)state;
    capra_app *app = make_app();
    capra_app_route const odd = { .method = "FETCH", .pattern = "/a", .run = hello };
    capra_app_route const torn = {
        .pattern = "/a", .run = hello, .is_blocking = true, .streams_body = true
    };
    expect_mistake(app, capra_app_get(app, "a", hello), "begins with a slash");
    expect_mistake(app, capra_app_get(app, "/a", NULL), "and a function");
    expect_mistake(app, capra_app_add(app, &odd), "/a: there is no method FETCH");
    expect_mistake(app, capra_app_add(app, &torn), "gets its body whole");
    expect_mistake(app, capra_app_set(app, "nonsense", "1"), "there is no option nonsense");
    expect_mistake(app, capra_app_set(app, "keep-alive-timeout", "soon"), "must be a time such as");
    expect_mistake(app, capra_app_run(app), "after capra_app_listen");
    expect_mistake(app, capra_app_listen(app, "nonsense"), "it is none of");
    expect_mistake(app, capra_app_listen(app, "::1:80"), "it is none of");
    expect_mistake(app, capra_app_listen(app, "127.0.0.1:99999"), "127.0.0.1:99999");
    expect_mistake(app, capra_app_listen(app, "unix:"), "the path is empty");
    expect_mistake(app, capra_app_get(app, "/late", hello), "before capra_app_listen");
    capra_app_free(app);
}

static void contradictions_show_when_it_listens(void **state)
{
    (void)state;
    capra_app *app = make_app();
    capra_app_get(app, "/hello/[other]", hello);
    expect_mistake(app, capra_app_listen(app, "127.0.0.1:0"), "/hello/[other]");
    capra_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_app_serves_until_it_is_stopped),
        cmocka_unit_test(a_stop_before_the_start_counts),
        cmocka_unit_test(a_socket_that_listens_is_taken_over),
        cmocka_unit_test(an_app_may_be_freed_at_any_time),
        cmocka_unit_test(a_socket_that_was_left_is_replaced),
        cmocka_unit_test(each_mistake_is_named),
        cmocka_unit_test(contradictions_show_when_it_listens),
    };
    return cmocka_run_group_tests_name("embed_app", tests, NULL, NULL);
}
