/* SPDX-License-Identifier: MIT */
#include "support/fake_conn.h"
#include "support/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Handlers that answer too late, on a clock that goes when the test says so. */

static const char manifest_format[] =
    "{\"version\":1,\"settings\":{\"parity\":%s},\"routes\":["
    "{\"route\":\"/own\",\"file\":\"own.js\",\"kind\":\"script\",\"module\":\"x\","
    "\"config\":{\"maxDuration\":1.5}},"
    "{\"route\":\"/any\",\"file\":\"any.js\",\"kind\":\"script\",\"module\":\"x\","
    "\"config\":{\"bodyParser\":false}}]}";

enum { GENERAL_MS = 10000 };

typedef struct world {
    server *server;
    script_host host;
    fake_conn conn;
    uint32_t id;
    int ended_count, ended_why;
} world;

static void on_request(void *data, capra_request *req)
{
    world *w = data;
    w->id = req->id;
}

static void on_ended(void *data, uint32_t id, script_end why)
{
    world *w = data;
    assert_int_equal(id, w->id);
    w->ended_count++;
    w->ended_why = (int)why;
}

static app *load(bool is_parity)
{
    char text[1024];
    snprintf(text, sizeof text, manifest_format, is_parity ? "true" : "false");
    return fake_host_app(text);
}

static void open_world(world *w, bool is_parity)
{
    options o;
    app *a = load(is_parity);
    options_init(&o);
    o.max_duration_ms = GENERAL_MS;
    *w = (world){ 0 };
    w->host = fake_host(w);
    w->host.request = on_request;
    w->host.ended = on_ended;
    w->server = server_new(&o, a, &w->host, NULL);
    app_release(a);
    fake_conn_open(&w->conn, w->server);
    server_expire(w->server, 1000);
}

static void close_world(world *w)
{
    fake_conn_cleanup(&w->conn);
    server_free(w->server);
}

static void ask(world *w, const char *path)
{
    char text[128];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    fake_conn_receive_text(&w->conn, text);
    assert_non_null(server_request(w->server, w->id));
}

/* The clock shows `ms`, and the loop turns. */
static uint64_t pass(world *w, uint64_t ms)
{
    uint64_t const wait = server_expire(w->server, ms);
    fake_turn(w->server);
    return wait;
}

static const char *sent(world *w)
{
    buffer_append(&w->conn.sent, "", 1);
    w->conn.sent.end--;
    return w->conn.sent.data + w->conn.sent.start;
}

static void begin(world *w)
{
    response_head const head = { .status = 200 };
    capra_request *req = server_request(w->server, w->id);
    response_begin(&req->res, &head, -1);
    server_wrote(req);
    fake_turn(w->server);
}

static void is_504(world *w)
{
    assert_non_null(strstr(sent(w), "HTTP/1.1 504 Gateway Timeout\r\n"));
    assert_non_null(strstr(sent(w), "Connection: close\r\n"));
    assert_true(w->conn.conn.lingers);
    assert_int_equal(w->ended_count, 1);
    assert_int_equal(w->ended_why, SCRIPT_TIMED_OUT);
    assert_null(server_request(w->server, w->id));
}

static void who_is_late_is_answered_for(void **state)
{
    (void)state;
    world w;
    open_world(&w, false);
    ask(&w, "/own");
    assert_int_equal(pass(&w, 2400), 100);
    assert_int_equal(w.conn.sent.end, 0);
    assert_int_equal(pass(&w, 2500), 0);
    is_504(&w);
    close_world(&w);
}

static void a_route_that_says_nothing_has_the_general_time(void **state)
{
    (void)state;
    world w;
    open_world(&w, false);
    ask(&w, "/any");
    pass(&w, 1000 + GENERAL_MS - 1);
    assert_int_equal(w.conn.sent.end, 0);
    pass(&w, 1000 + GENERAL_MS);
    is_504(&w);
    close_world(&w);
}

static void who_answers_in_time_leaves_nothing_behind(void **state)
{
    (void)state;
    world w;
    open_world(&w, false);
    response_head const head = { .status = 200 };
    ask(&w, "/own");
    assert_int_equal(pass(&w, 1001), 1499);
    response_send(&server_request(w.server, w.id)->res, &head, slice_text("done"));
    assert_int_equal(pass(&w, 1002), 0);
    pass(&w, 100000);
    assert_int_equal(w.ended_count, 0);
    assert_false(w.conn.conn.lingers);
    close_world(&w);
}

static void a_stream_may_go_on_for_ever(void **state)
{
    (void)state;
    world w;
    open_world(&w, false);
    ask(&w, "/any");
    begin(&w);
    assert_int_equal(pass(&w, 10000000), 0);
    assert_non_null(server_request(w.server, w.id));
    close_world(&w);
}

static void a_stream_of_a_route_with_a_limit_is_cut(void **state)
{
    (void)state;
    world w;
    open_world(&w, false);
    ask(&w, "/own");
    begin(&w);
    pass(&w, 2500);
    assert_true(w.conn.is_closed);
    assert_int_equal(w.ended_why, SCRIPT_GONE);
    close_world(&w);
}

static void a_body_that_still_comes_takes_the_clients_time(void **state)
{
    (void)state;
    world w;
    open_world(&w, false);
    fake_conn_receive_text(&w.conn,
                           "POST /any HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
    server_read_body(server_request(w.server, w.id));
    fake_turn(w.server);
    assert_int_equal(pass(&w, 1000 + GENERAL_MS), GENERAL_MS);
    server_pause_body(server_request(w.server, w.id));
    pass(&w, 1000 + 2 * GENERAL_MS);
    is_504(&w);
    close_world(&w);
}

static void a_module_may_say_it_itself(void **state)
{
    (void)state;
    world w;
    open_world(&w, false);
    ask(&w, "/any");
    assert_int_equal(pass(&w, 1100), GENERAL_MS - 100);
    server_limit(server_request(w.server, w.id), 2000);
    assert_int_equal(pass(&w, 1100), 1900);
    begin(&w);
    pass(&w, 3000);
    assert_true(w.conn.is_closed);
    close_world(&w);
}

static void with_parity_nobody_is_limited(void **state)
{
    (void)state;
    world w;
    open_world(&w, true);
    ask(&w, "/own");
    assert_int_equal(pass(&w, 1000000), 0);
    assert_int_equal(w.conn.sent.end, 0);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_late_is_answered_for),
        cmocka_unit_test(a_route_that_says_nothing_has_the_general_time),
        cmocka_unit_test(who_answers_in_time_leaves_nothing_behind),
        cmocka_unit_test(a_stream_may_go_on_for_ever),
        cmocka_unit_test(a_stream_of_a_route_with_a_limit_is_cut),
        cmocka_unit_test(a_body_that_still_comes_takes_the_clients_time),
        cmocka_unit_test(a_module_may_say_it_itself),
        cmocka_unit_test(with_parity_nobody_is_limited),
    };
    return cmocka_run_group_tests_name("limit handler", tests, NULL, NULL);
}
