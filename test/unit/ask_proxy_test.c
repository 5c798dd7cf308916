/* SPDX-License-Identifier: MIT */
#include "support/fake_conn.h"
#include "support/fake_host.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Requests that a proxy is asked about, from bytes to bytes. The script host is made of C; what its
 * proxy does is said by the field P of the request, what its route does by its path. */

static const char manifest[] =
    "{\"version\":1,\"settings\":{\"basePath\":\"/base\",\"proxyBodyLimit\":30,"
    "\"proxyBodyLimitText\":\"30b\"},\"proxy\":{\"file\":\"proxy.js\",\"kind\":\"script\"},"
    "\"routes\":["
    "{\"route\":\"/echo\",\"file\":\"echo.js\",\"kind\":\"script\",\"module\":\"x\","
    "\"config\":{\"bodyParser\":true,\"bodyLimit\":20,\"bodyLimitText\":\"20b\"}},"
    "{\"route\":\"/pull\",\"file\":\"pull.js\",\"kind\":\"script\",\"module\":\"x\","
    "\"config\":{\"bodyParser\":false}}]}";

typedef struct world {
    server *server;
    script_host host;
    fake_conn conn;
    uint32_t asked, pulling; /* ids, of the last proxy that was asked and the last /pull */
    int asked_count, heard_count, run_count, ended_count, ended_why;
    buffer read; /* what the proxy has read */
    buffer pulled;
    int read_ends;
} world;

static void answer(capra_request *req, capra_slice text)
{
    response_head const head = { .status = 200, .lines = slice_text("A: route\r\n") };
    response_send(&req->res, &head, text);
}

static void pass(capra_request *req)
{
    proxy_changes const none = { 0 };
    server_pass_on(req, &none);
}

static void on_proxy(void *data, capra_request *req)
{
    world *w = data;
    capra_slice const what = capra_request_header(req, "p");
    w->asked = req->id;
    w->asked_count++;
    if (slice_is(what, "pass"))
        pass(req);
    else if (slice_is(what, "answer"))
        answer(req, slice_text("proxy"));
    else if (slice_is(what, "abort"))
        server_abort(req);
    else if (slice_is(what, "read"))
        server_read_body(req);
}

/* The same for listeners, by the field L. */
static void on_heard(void *data, capra_request *req)
{
    world *w = data;
    capra_slice const what = capra_request_header(req, "l");
    w->heard_count++;
    w->asked = req->id;
    if (slice_is(what, "answer"))
        answer(req, slice_text("listener"));
    else if (slice_is(what, "read"))
        server_read_body(req);
    else if (!slice_is(what, "later"))
        pass(req);
}

static void on_request(void *data, capra_request *req)
{
    world *w = data;
    w->run_count++;
    if (strcmp(req->route->pattern, "/pull") == 0) {
        w->pulling = req->id;
        if (req->body.is_done)
            answer(req, req->whole_body);
        else
            server_read_body(req);
        return;
    }
    capra_slice const x = capra_request_header(req, "x");
    answer(req, x.data != NULL ? x : req->whole_body);
}

static void on_body(void *data, uint32_t id, capra_slice piece)
{
    world *w = data;
    assert_non_null(server_request(w->server, id));
    buffer_append_slice(id == w->pulling ? &w->pulled : &w->read, piece);
}

static void on_body_end(void *data, uint32_t id)
{
    world *w = data;
    if (id == w->pulling)
        answer(server_request(w->server, id), buffer_slice(&w->pulled));
    else
        w->read_ends++;
}

static void on_ended(void *data, uint32_t id, script_end why)
{
    world *w = data;
    (void)id;
    w->ended_count++;
    w->ended_why = (int)why;
}

static int set_up_with(void **state, bool has_script)
{
    world *w = calloc(1, sizeof *w);
    options o;
    app *a = fake_host_app(manifest);
    options_init(&o);
    w->host = fake_host(w);
    w->host.request = on_request;
    w->host.proxy = on_proxy;
    w->host.heard = on_heard;
    w->host.body = on_body;
    w->host.body_end = on_body_end;
    w->host.ended = on_ended;
    w->server = server_new(&o, a, has_script ? &w->host : NULL, NULL);
    app_release(a);
    fake_conn_open(&w->conn, w->server);
    *state = w;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, true);
}

static int set_up_without(void **state)
{
    return set_up_with(state, false);
}

static int tear_down(void **state)
{
    world *w = *state;
    fake_conn_cleanup(&w->conn);
    assert_int_equal(server_in_flight(w->server), 0);
    server_free(w->server);
    buffer_cleanup(&w->read);
    buffer_cleanup(&w->pulled);
    free(w);
    return 0;
}

static void assert_sent(world *w, const char *text)
{
    buffer_append(&w->conn.sent, "", 1);
    w->conn.sent.end--;
    const char *sent = w->conn.sent.data + w->conn.sent.start;
    if (strstr(sent, text) == NULL)
        fail_msg("%s is not in:\n%s", text, sent);
}

static void assert_not_sent(world *w, const char *text)
{
    buffer_append(&w->conn.sent, "", 1);
    w->conn.sent.end--;
    assert_null(strstr(w->conn.sent.data + w->conn.sent.start, text));
}

static void assert_read(const buffer *b, const char *text)
{
    assert_true(slice_is(buffer_slice(b), text));
}

static void pass_on(world *w, const proxy_changes *changes)
{
    server_pass_on(server_request(w->server, w->asked), changes);
    fake_turn(w->server);
}

/* ---- Verdicts ---- */

static void it_passes_a_request_on_at_once(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/echo HTTP/1.1\r\nHost: a\r\nP: pass\r\n"
                                     "Content-Length: 4\r\n\r\nbody");
    assert_sent(w, "\r\n\r\nbody");
    assert_int_equal(w->asked_count, 1);
    assert_null(server_request(w->server, w->asked));
}

static void it_passes_a_request_on_later(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/echo HTTP/1.1\r\nHost: a\r\n"
                                     "Content-Length: 4\r\n\r\nbody");
    assert_int_equal(w->run_count, 0);
    proxy_changes const none = { 0 };
    pass_on(w, &none);
    assert_sent(w, "\r\n\r\nbody");
}

static void it_answers_and_no_route_runs(void **state)
{
    world *w = *state;
    for (int i = 0; i < 2; i++)
        fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\nP: answer\r\n\r\n");
    assert_sent(w, "\r\n\r\nproxy");
    assert_int_equal(w->asked_count, 2);
    assert_int_equal(w->run_count, 0);
}

static void it_answers_later_and_the_next_request_is_served(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "GET /base/echo HTTP/1.1\r\nHost: a\r\n\r\n"
                           "GET /base/echo HTTP/1.1\r\nHost: a\r\nP: pass\r\nX: next\r\n\r\n");
    assert_int_equal(w->asked_count, 1);
    answer(server_request(w->server, w->asked), slice_text("proxy"));
    fake_turn(w->server);
    assert_sent(w, "\r\n\r\nproxy");
    assert_sent(w, "\r\n\r\nnext");
}

static void it_sends_a_request_elsewhere(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1");
    proxy_changes const elsewhere = { .target = slice_text("/base/echo?a=b") };
    pass_on(w, &elsewhere);
    assert_sent(w, "\r\n\r\n1");
}

static void where_it_sends_a_request_there_may_be_nothing(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    proxy_changes const nowhere = { .target = slice_text("/echo") };
    pass_on(w, &nowhere);
    assert_sent(w, "HTTP/1.1 404 ");
}

static void a_target_that_is_none_is_a_fault_of_the_server(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    proxy_changes const none = { .target = slice_text("no path") };
    pass_on(w, &none);
    assert_sent(w, "HTTP/1.1 500 ");
}

static void its_fields_stand_behind_those_of_the_route(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    proxy_changes const fields = { .lines = slice_text("a: proxy\r\nb: proxy\r\n"),
                                   .cookies = slice_text("Set-Cookie: c=1\r\n") };
    pass_on(w, &fields);
    assert_sent(w, "Set-Cookie: c=1\r\nb: proxy\r\nA: route\r\n");
    assert_not_sent(w, "a: proxy");
}

/* ---- The request's own fields ---- */

static void it_changes_fields_of_the_request(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "\r\nGET /base/echo HTTP/1.1\r\nHost: a\r\nX: client\r\n\r\n");
    proxy_changes const changed = { .head = slice_text(
                                        "GET /base/echo HTTP/1.1\r\nHost: a\r\nx: new") };
    pass_on(w, &changed);
    assert_sent(w, "\r\n\r\nnew");
}

static void fields_that_none_can_have_are_a_fault_of_the_server(void **state)
{
    static const char *const heads[] = {
        "GET /base/echo HTTP/1.1\r\nHost: a\r\nx: \x01",
        "GET /base/echo HTTP/1.1\r\nHost: a\r\nx: 1\r\n\r\nGET /base/echo HTTP/1.1\r\nHost: a",
        "GET /base/echo HTTP/1.1\r\nx: no host",
        "GET /base/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
        "GET /base/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked",
        "GET /base/echo HTTP/1.1\r\nHost: a\r\nConnection: close",
        "GET /base/echo HTTP/1.0\r\nHost: a",
    };
    world *w = *state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\n\r\n");
        proxy_changes const changed = { .head = slice_text(heads[i]) };
        w->conn.sent.start = w->conn.sent.end = 0;
        pass_on(w, &changed);
        assert_sent(w, "HTTP/1.1 500 ");
    }
    assert_int_equal(w->run_count, 0);
}

/* ---- Listeners ---- */

static void who_listens_is_asked_about_every_request_and_first(void **state)
{
    static const char *const targets[] = { "/elsewhere", "/base/echo/", "//twice", "*" };
    world *w = *state;
    server_hear(w->server, true);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char request[96];
        snprintf(request, sizeof request, "OPTIONS %s HTTP/1.1\r\nHost: a\r\nL: answer\r\n\r\n",
                 targets[i]);
        w->conn.sent.start = w->conn.sent.end = 0;
        fake_conn_receive_text(&w->conn, request);
        assert_sent(w, "\r\n\r\nlistener");
    }
    assert_int_equal(w->heard_count, 4);
    assert_int_equal(w->asked_count, 0);
}

static void what_a_listener_passes_on_goes_its_usual_way(void **state)
{
    world *w = *state;
    server_hear(w->server, true);
    fake_conn_receive_text(&w->conn, "GET /base/echo/ HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "HTTP/1.1 308 ");
    fake_conn_receive_text(&w->conn,
                           "GET /base/echo HTTP/1.1\r\nHost: a\r\nL: later\r\nP: pass\r\n\r\n");
    assert_int_equal(w->asked_count, 0);
    proxy_changes const fields = { .lines = slice_text("b: listener\r\n") };
    pass_on(w, &fields);
    assert_int_equal(w->asked_count, 1);
    assert_sent(w, "b: listener\r\nA: route\r\n");
}

static void once_nobody_listens_nobody_is_asked(void **state)
{
    world *w = *state;
    server_hear(w->server, true);
    server_hear(w->server, false);
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\nP: pass\r\n\r\n");
    assert_int_equal(w->heard_count, 0);
    assert_int_equal(w->run_count, 1);
}

static void what_a_listener_has_read_is_there_for_the_proxy_and_the_route(void **state)
{
    world *w = *state;
    server_hear(w->server, true);
    fake_conn_receive_text(&w->conn, "POST /base/echo HTTP/1.1\r\nHost: a\r\nL: read\r\nP: read\r\n"
                                     "Content-Length: 8\r\n\r\nhalf");
    fake_conn_receive_text(&w->conn, "half");
    assert_read(&w->read, "halfhalf");
    proxy_changes const none = { 0 };
    pass_on(w, &none);
    assert_int_equal(w->asked_count, 1);
    assert_read(&w->read, "halfhalfhalfhalf");
    pass_on(w, &none);
    assert_sent(w, "\r\n\r\nhalfhalf");
}

/* ---- Bodies ---- */

static void what_it_has_read_is_there_for_the_route(void **state)
{
    static const char *const routes[] = { "echo", "pull" };
    world *w = *state;
    for (int i = 0; i < 2; i++) {
        char head[128];
        snprintf(head, sizeof head,
                 "POST /base/%s HTTP/1.1\r\nHost: a\r\nP: read\r\nContent-Length: 8\r\n\r\nhalf",
                 routes[i]);
        w->read.end = w->conn.sent.start = w->conn.sent.end = 0;
        w->read_ends = 0;
        fake_conn_receive_text(&w->conn, head);
        assert_int_equal(w->read_ends, 0);
        fake_conn_receive_text(&w->conn, "half");
        assert_read(&w->read, "halfhalf");
        assert_int_equal(w->read_ends, 1);
        proxy_changes const none = { 0 };
        pass_on(w, &none);
        assert_sent(w, "\r\n\r\nhalfhalf");
    }
}

static void it_may_pass_on_what_it_has_not_read_to_the_end(void **state)
{
    static const char *const routes[] = { "echo", "pull" };
    world *w = *state;
    for (int i = 0; i < 2; i++) {
        char head[160];
        snprintf(
            head, sizeof head,
            "POST /base/%s HTTP/1.1\r\nHost: a\r\nP: read\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nfirst\r\n6",
            routes[i]);
        w->conn.sent.start = w->conn.sent.end = 0;
        fake_conn_receive_text(&w->conn, head);
        proxy_changes const none = { 0 };
        pass_on(w, &none);
        fake_conn_receive_text(&w->conn, "\r\nsecond\r\n0\r\n\r\n");
        assert_sent(w, "\r\n\r\nfirstsecond");
    }
    assert_int_equal(w->read_ends, 0);
}

static void a_body_that_it_does_not_read_streams_to_the_route(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/pull HTTP/1.1\r\nHost: a\r\nP: pass\r\n"
                                     "Content-Length: 40\r\n\r\n01234567890123456789");
    fake_conn_receive_text(&w->conn, "01234567890123456789");
    assert_sent(w, "\r\n\r\n0123456789012345678901234567890123456789");
    assert_int_equal(w->read.end, 0);
}

static void a_body_too_long_for_it_is_refused(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/pull HTTP/1.1\r\nHost: a\r\nP: read\r\n"
                                     "Content-Length: 31\r\n\r\n");
    assert_sent(w, "HTTP/1.1 413 ");
    assert_sent(w, "Body exceeded 30b limit");
    assert_int_equal(w->ended_why, SCRIPT_LONG_BODY);
    assert_true(w->conn.conn.lingers);
}

static void chunks_too_long_for_it_are_refused(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/pull HTTP/1.1\r\nHost: a\r\nP: read\r\n"
                                     "Transfer-Encoding: chunked\r\n\r\n20\r\n"
                                     "01234567890123456789012345678901\r\n");
    assert_sent(w, "HTTP/1.1 413 ");
    assert_int_equal(w->ended_why, SCRIPT_LONG_BODY);
}

static void what_it_has_read_may_be_too_long_for_the_route(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/echo HTTP/1.1\r\nHost: a\r\nP: read\r\n"
                                     "Content-Length: 25\r\n\r\n0123456789012345678901234");
    proxy_changes const none = { 0 };
    pass_on(w, &none);
    assert_sent(w, "HTTP/1.1 413 ");
    assert_sent(w, "Body exceeded 20b limit");
    assert_int_equal(w->run_count, 0);
}

static void a_malformed_body_is_told_to_it(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/pull HTTP/1.1\r\nHost: a\r\nP: read\r\n"
                                     "Transfer-Encoding: chunked\r\n\r\nno chunk\r\n");
    assert_sent(w, "HTTP/1.1 400 ");
    assert_int_equal(w->ended_why, SCRIPT_BAD_BODY);
}

static void a_body_that_breaks_off_is_told_to_it(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/pull HTTP/1.1\r\nHost: a\r\nP: read\r\n"
                                     "Content-Length: 5\r\n\r\n12");
    fake_conn_end(&w->conn);
    assert_sent(w, "HTTP/1.1 400 ");
    assert_int_equal(w->ended_why, SCRIPT_BAD_BODY);
}

static void a_body_that_is_too_slow_is_told_to_it(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "POST /base/pull HTTP/1.1\r\nHost: a\r\nP: read\r\n"
                                     "Content-Length: 5\r\n\r\n12");
    assert_int_equal(w->conn.conn.deadline, CONN_BODY);
    fake_conn_run_out(&w->conn);
    assert_sent(w, "HTTP/1.1 408 ");
    assert_int_equal(w->ended_why, SCRIPT_BAD_BODY);
}

/* ---- Ends ---- */

static void a_client_that_leaves_ends_it(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    w->conn.conn.transport->close(&w->conn.conn);
    assert_int_equal(w->ended_count, 1);
    assert_int_equal(w->ended_why, SCRIPT_GONE);
    assert_null(server_request(w->server, w->asked));
}

static void a_client_that_sends_no_more_is_answered(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\nX: yes\r\n\r\n");
    fake_conn_end(&w->conn);
    assert_int_equal(w->ended_why, SCRIPT_HALF_CLOSED);
    proxy_changes const none = { 0 };
    pass_on(w, &none);
    assert_sent(w, "\r\n\r\nyes");
}

static void it_may_cut_the_connection(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\nP: abort\r\n\r\n");
    assert_true(w->conn.is_closed);
    assert_int_equal(w->conn.sent.end, 0);
}

static void a_new_build_that_comes_meanwhile_has_the_routes(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\nX: new\r\n\r\n");
    app *a = fake_host_app(manifest);
    server_set_app(w->server, a);
    app_release(a);
    proxy_changes const none = { 0 };
    pass_on(w, &none);
    assert_sent(w, "\r\n\r\nnew");
}

static void without_a_script_host_nothing_gets_past_it(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /base/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "HTTP/1.1 500 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_passes_a_request_on_at_once),
        TEST(it_passes_a_request_on_later),
        TEST(it_answers_and_no_route_runs),
        TEST(it_answers_later_and_the_next_request_is_served),
        TEST(it_sends_a_request_elsewhere),
        TEST(where_it_sends_a_request_there_may_be_nothing),
        TEST(a_target_that_is_none_is_a_fault_of_the_server),
        TEST(its_fields_stand_behind_those_of_the_route),
        TEST(who_listens_is_asked_about_every_request_and_first),
        TEST(what_a_listener_passes_on_goes_its_usual_way),
        TEST(once_nobody_listens_nobody_is_asked),
        TEST(what_a_listener_has_read_is_there_for_the_proxy_and_the_route),
        TEST(it_changes_fields_of_the_request),
        TEST(fields_that_none_can_have_are_a_fault_of_the_server),
        TEST(what_it_has_read_is_there_for_the_route),
        TEST(it_may_pass_on_what_it_has_not_read_to_the_end),
        TEST(a_body_that_it_does_not_read_streams_to_the_route),
        TEST(a_body_too_long_for_it_is_refused),
        TEST(chunks_too_long_for_it_are_refused),
        TEST(what_it_has_read_may_be_too_long_for_the_route),
        TEST(a_malformed_body_is_told_to_it),
        TEST(a_body_that_breaks_off_is_told_to_it),
        TEST(a_body_that_is_too_slow_is_told_to_it),
        TEST(a_client_that_leaves_ends_it),
        TEST(a_client_that_sends_no_more_is_answered),
        TEST(it_may_cut_the_connection),
        TEST(a_new_build_that_comes_meanwhile_has_the_routes),
        cmocka_unit_test_setup_teardown(without_a_script_host_nothing_gets_past_it, set_up_without,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
