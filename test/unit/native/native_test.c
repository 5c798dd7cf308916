/* SPDX-License-Identifier: MIT */
#include "support/fake_conn.h"

#include "base/error.h"
#include "net/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include <cmocka.h>
#include <jansson.h>

/* Routes in C, from bytes to bytes: what they read, what they write, and when. */

typedef struct world {
    server *server;
    void *loop;
    fake_conn conn;
    capra_request *req; /* of a handler that answers later */
    capra_response *res;
    int cancelled, drained, ended, pieces, due;
    size_t piece_bytes;
    uv_thread_t thread, handler_thread;
    uv_sem_t begun, gate;
    uv_prepare_t keeper;
} world;

static world *world_of(capra_request *req)
{
    return capra_request_state(req);
}

/* ---- Reading ---- */

static void put(buffer *out, const char *mark, capra_slice name, capra_slice value)
{
    buffer_append_slice(out, slice_text(mark));
    buffer_append_slice(out, name);
    buffer_append(out, "=", 1);
    buffer_append_slice(out, value);
    buffer_append(out, "\n", 1);
}

static void show(capra_request *req, capra_response *res)
{
    buffer out = { 0 };
    capra_slice name, value;
    capra_walk params = { 0 }, query = { 0 }, cookies = { 0 }, fields = { 0 };
    while (capra_request_next_param(req, &params, &name, &value))
        put(&out, "param ", name, value);
    while (capra_request_next_query(req, &query, &name, &value))
        put(&out, "query ", name, value);
    while (capra_request_next_cookie(req, &cookies, &name, &value))
        put(&out, "cookie ", name, value);
    while (capra_request_next_field(req, &fields, &name, &value))
        put(&out, "field ", name, value);
    put(&out, "", slice_text("url"), capra_request_url(req));
    put(&out, "", slice_text("tags"), capra_request_header_list(req, "X-Tag"));
    put(&out, "", slice_text("session"), capra_request_cookie(req, "session"));
    put(&out, "", slice_text("first"), capra_request_field(req, "a"));
    capra_response_bytes(res, 200, "text/plain", out.data, buffer_length(&out));
    buffer_cleanup(&out);
}

static void count_end(void *data)
{
    ((world *)data)->ended++;
}

static void echo_json(capra_request *req, capra_response *res)
{
    capra_on_end(req, count_end, world_of(req));
    struct json_t *value = capra_request_json(req);
    if (value == NULL) {
        capra_fail(res, 400, "Invalid JSON");
        return;
    }
    assert_ptr_equal(capra_request_json(req), value);
    capra_json_value(res, 200, value);
}

static void remember(capra_request *req, capra_response *res)
{
    char *text = capra_printf(req, "%s-%d", capra_text(req, capra_request_query(req, "n")), 7);
    char *room = capra_alloc(req, 10000);
    memset(room, 'x', 10000);
    capra_response_text(res, 200, text);
}

/* ---- Writing ---- */

static void set_cookies(capra_request *req, capra_response *res)
{
    capra_cookie const full = { .path = "/app",
                                .domain = "example.com",
                                .max_age_s = 60,
                                .http_only = true,
                                .secure = true,
                                .same_site = CAPRA_SAME_SITE_NONE };
    capra_cookie const gone = { .max_age_s = -1 };
    capra_cookie const open_none = { .same_site = CAPRA_SAME_SITE_NONE };
    capra_cookie const split = { .path = "/;Secure" };
    (void)req;
    assert_int_equal(capra_response_cookie(res, "a", "b c;\"%\xc3\xa4", NULL), 0);
    assert_int_equal(capra_response_cookie(res, "full", "1", &full), 0);
    assert_int_equal(capra_response_cookie(res, "gone", "", &gone), 0);
    assert_int_equal(capra_response_cookie(res, "b d", "1", NULL), CAPRA_E_INVALID);
    assert_int_equal(capra_response_cookie(res, "x", "1", &open_none), CAPRA_E_INVALID);
    assert_int_equal(capra_response_cookie(res, "x", "1", &split), CAPRA_E_INVALID);
    assert_int_equal(capra_response_cookie(res, "__Host-x", "1", NULL), CAPRA_E_INVALID);
    assert_int_equal(capra_response_cookie(res, "__Secure-x", "1", NULL), CAPRA_E_INVALID);
    capra_response_redirect(res, 303, "/next?a=1");
}

static void send_file(capra_request *req, capra_response *res)
{
    char *path = capra_text(req, capra_request_query(req, "path"));
    capra_response_header(res, "Cache-Control", "no-store");
    if (capra_response_file(res, "test/http", path) != 0)
        capra_fail(res, 404, "No such file");
}

static void send_pieces(capra_request *req, capra_response *res)
{
    (void)req;
    assert_int_equal(capra_response_begin(res, 201, "text/plain", -1), 0);
    assert_int_equal(capra_response_begin(res, 201, "text/plain", -1), CAPRA_E_HEAD_SENT);
    assert_int_equal(capra_response_header(res, "A", "b"), CAPRA_E_HEAD_SENT);
    assert_int_equal(capra_response_write(res, "one", 3), 0);
    assert_int_equal(capra_response_write(res, "two", 3), 0);
    assert_int_equal(capra_response_end(res), 0);
    assert_int_equal(capra_response_end(res), CAPRA_E_INVALID);
    assert_int_equal(capra_response_text(res, 200, "x"), CAPRA_E_HEAD_SENT);
}

static void stop_short(capra_request *req, capra_response *res)
{
    (void)req;
    capra_response_begin(res, 200, "text/plain", -1);
    capra_response_write(res, "one", 3);
}

static void say_nothing(capra_request *req, capra_response *res)
{
    (void)req;
    (void)res;
}

/* ---- Later ---- */

static void on_cancel(capra_request *req, void *data)
{
    world *w = data;
    w->cancelled++;
    assert_true(capra_is_cancelled(req));
}

static void answer_later(capra_request *req, capra_response *res)
{
    world *w = world_of(req);
    w->req = req;
    w->res = res;
    assert_int_equal(capra_on_cancel(req, on_cancel, w), CAPRA_E_INVALID);
    assert_int_equal(capra_defer(req), 0);
    assert_int_equal(capra_on_cancel(req, on_cancel, w), 0);
    capra_on_end(req, count_end, w);
}

static void on_drain(capra_response *res, void *data)
{
    (void)res;
    ((world *)data)->drained++;
}

static void stream_later(capra_request *req, capra_response *res)
{
    answer_later(req, res);
    capra_response_on_drain(res, on_drain, world_of(req));
    capra_response_begin(res, 200, "application/octet-stream", -1);
}

static void on_piece(capra_request *req, capra_slice piece, bool is_last, void *data)
{
    world *w = data;
    w->pieces++;
    w->piece_bytes += piece.length;
    if (is_last)
        capra_json(w->res, 200, "{s:i}", "bytes", (int)w->piece_bytes);
    else if (piece.length > 0 && piece.data[0] == 'p')
        capra_request_pause(req);
}

static void read_body(capra_request *req, capra_response *res)
{
    world *w = world_of(req);
    w->req = req;
    w->res = res;
    w->pieces = 0;
    w->piece_bytes = 0;
    assert_int_equal(capra_request_body(req).length, 0);
    assert_int_equal(capra_request_on_body(req, on_piece, w), 0);
    capra_on_cancel(req, on_cancel, w);
}

static void on_due(capra_request *req, void *data)
{
    world *w = data;
    w->due++;
    capra_response_text(w->res, 200, capra_is_cancelled(req) ? "late" : "due");
}

static void answer_soon(capra_request *req, capra_response *res)
{
    world *w = world_of(req);
    answer_later(req, res);
    assert_int_equal(capra_after(req, 1, on_due, w), 0);
    assert_ptr_equal(capra_loop(req), w->loop);
}

static void on_word(capra_request *req, void *data)
{
    world *w = data;
    w->due++;
    capra_response_text(w->res, 200, capra_request_method(req));
}

static void post_word(void *data)
{
    world *w = data;
    capra_post(w->req, on_word, w);
}

static void ask_thread(capra_request *req, capra_response *res)
{
    world *w = world_of(req);
    answer_later(req, res);
    uv_thread_create(&w->thread, post_word, w);
}

static void wait_long(capra_request *req, capra_response *res)
{
    world *w = world_of(req);
    w->handler_thread = uv_thread_self();
    assert_int_equal(capra_defer(req), CAPRA_E_INVALID);
    assert_int_equal(capra_after(req, 1, on_due, w), CAPRA_E_INVALID);
    assert_int_equal(capra_response_begin(res, 200, NULL, -1), CAPRA_E_INVALID);
    capra_response_header(res, "X-From", "thread");
    capra_response_text(res, 200, capra_text(req, capra_request_body(req)));
    assert_int_equal(capra_response_text(res, 200, "again"), CAPRA_E_HEAD_SENT);
}

static void wait_at_gate(capra_request *req, capra_response *res)
{
    world *w = world_of(req);
    uv_sem_post(&w->begun);
    uv_sem_wait(&w->gate);
    capra_response_text(res, 200, "through the gate");
}

static void wait_for_file(capra_request *req, capra_response *res)
{
    (void)req;
    capra_response_file(res, "test/http", "README.md");
}

static const app_entry entries[] = {
    { .pattern = "/show/[a]/[...b]", .method = APP_ANY_METHOD, .run = show },
    { .pattern = "/json", .method = HTTP_POST, .run = echo_json },
    { .pattern = "/text", .method = HTTP_GET, .run = remember },
    { .pattern = "/cookies", .method = HTTP_GET, .run = set_cookies },
    { .pattern = "/file", .method = APP_ANY_METHOD, .run = send_file },
    { .pattern = "/pieces", .method = HTTP_GET, .run = send_pieces },
    { .pattern = "/short", .method = HTTP_GET, .run = stop_short },
    { .pattern = "/nothing", .method = HTTP_GET, .run = say_nothing },
    { .pattern = "/later", .method = APP_ANY_METHOD, .run = answer_later },
    { .pattern = "/stream", .method = HTTP_GET, .run = stream_later },
    { .pattern = "/body", .method = HTTP_POST, .run = read_body, .streams_body = true },
    { .pattern = "/soon", .method = HTTP_GET, .run = answer_soon },
    { .pattern = "/thread", .method = HTTP_GET, .run = ask_thread },
    { .pattern = "/wait", .method = HTTP_POST, .run = wait_long, .is_blocking = true },
    { .pattern = "/wait/file", .method = HTTP_GET, .run = wait_for_file, .is_blocking = true },
    { .pattern = "/wait/gate", .method = HTTP_GET, .run = wait_at_gate, .is_blocking = true },
    { .pattern = "/wait/nothing", .method = HTTP_GET, .run = say_nothing, .is_blocking = true },
};

/* ---- The world ---- */

static int set_up(void **state)
{
    world *w = calloc(1, sizeof *w);
    char why[256];
    app *a;
    options o;
    options_init(&o);
    assert_int_equal(app_make(&a, entries, sizeof entries / sizeof *entries, w, why, sizeof why),
                     0);
    w->server = server_new(&o, a, NULL, NULL);
    w->loop = loop_new();
    server_set_loop(w->server, w->loop);
    app_release(a);
    fake_conn_open(&w->conn, w->server);
    uv_sem_init(&w->begun, 0);
    uv_sem_init(&w->gate, 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    fake_conn_cleanup(&w->conn);
    server_free(w->server);
    if (uv_is_active((uv_handle_t *)&w->keeper))
        uv_close((uv_handle_t *)&w->keeper, NULL);
    loop_free(w->loop);
    uv_sem_destroy(&w->begun);
    uv_sem_destroy(&w->gate);
    free(w);
    return 0;
}

static void expect_sent(world *w, const char *part)
{
    buffer_append(&w->conn.sent, "", 1);
    const char *sent = buffer_slice(&w->conn.sent).data;
    if (strstr(sent, part) == NULL)
        fail_msg("no `%s` in\n%s", part, sent);
    buffer_used(&w->conn.sent, buffer_length(&w->conn.sent));
}

static void expect(world *w, const char *request, const char *part)
{
    fake_conn_receive_text(&w->conn, request);
    expect_sent(w, part);
}

static void get(world *w, const char *target, const char *part)
{
    char request[512];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    expect(w, request, part);
}

/* Turns the loop until the handler has been called back, and sends what it wrote. */
static void run_until(world *w, const int *count, int wanted)
{
    while (*count < wanted)
        uv_run(w->loop, UV_RUN_ONCE);
    fake_turn(w->server);
}

static void on_prepare(uv_prepare_t *prepare)
{
    (void)prepare;
}

/* Word from a thread does not keep the loop going; in a worker its listener does. */
static void keep_loop(world *w)
{
    uv_prepare_init(w->loop, &w->keeper);
    uv_prepare_start(&w->keeper, on_prepare);
}

/* The loop does not wait for threads, so it is asked again and again. */
static void run_until_sent(world *w)
{
    while (buffer_length(&w->conn.sent) == 0) {
        uv_run(w->loop, UV_RUN_NOWAIT);
        fake_turn(w->server);
    }
}

/* ---- The cases ---- */

static void everything_that_came_can_be_walked(void **state)
{
    world *w = *state;
    expect(
        w,
        "POST /show/x%20y/1/2?q=a+b&q=%41&empty HTTP/1.1\r\nHost: a\r\nX-Tag: one\r\n"
        "x-tag: two\r\nCookie: session=%22s%22; b=\"quoted\"; nothing\r\nCookie: session=other\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
        "Content-Length: 11\r\n\r\na=1&a=2&b=+",
        "param a=x y\nparam b=1/2\nquery q=a b\nquery q=A\nquery empty=\n"
        "cookie session=\"s\"\ncookie b=quoted\ncookie session=other\n"
        "field a=1\nfield a=2\nfield b= \n"
        "url=/show/x%20y/1/2?q=a+b&q=%41&empty\ntags=one, two\nsession=\"s\"\nfirst=1\n");
}

static void a_body_of_another_type_is_no_form(void **state)
{
    world *w = *state;
    expect(w,
           "POST /show/a/b HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
           "Content-Length: 3\r\n\r\na=1",
           "param b=b\nurl=/show/a/b\ntags=\nsession=\nfirst=\n");
}

static void json_comes_and_goes(void **state)
{
    world *w = *state;
    expect(w, "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n{\"a\":[1,2]}",
           "\r\n\r\n{\"a\":[1,2]}");
    expect(w, "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{a", "400 Bad Request");
    expect(w, "POST /json HTTP/1.1\r\nHost: a\r\n\r\n", "Invalid JSON");
    assert_int_equal(w->ended, 3);
}

static void memory_lasts_as_long_as_the_request(void **state)
{
    get(*state, "/text?n=abc", "\r\n\r\nabc-7");
}

static void cookies_are_written_as_browsers_keep_them(void **state)
{
    get(*state, "/cookies",
        "HTTP/1.1 303 See Other\r\n"
        "Set-Cookie: a=b%20c%3B%22%25%C3%A4; Path=/\r\n"
        "Set-Cookie: full=1; Max-Age=60; Domain=example.com; Path=/app; HttpOnly; Secure; "
        "SameSite=None\r\n"
        "Set-Cookie: gone=; Max-Age=0; Path=/\r\n"
        "Location: /next?a=1\r\n");
}

static void a_file_is_sent_with_its_conditions(void **state)
{
    world *w = *state;
    get(w, "/file?path=README.md",
        "Content-Type: text/markdown; charset=UTF-8\r\n"
        "Cache-Control: no-store\r\n");
    expect(w, "GET /file?path=README.md HTTP/1.1\r\nHost: a\r\nRange: bytes=0-3\r\n\r\n",
           "206 Partial Content");
    expect(w, "GET /file?path=README.md HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
           "304 Not Modified");
    expect(w, "POST /file?path=README.md HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
           "200 OK");
    get(w, "/file?path=../unit/app_test.c", "404 Not Found");
    get(w, "/file?path=/etc/passwd", "404 Not Found");
    get(w, "/file?path=", "404 Not Found");
}

static void pieces_make_an_answer(void **state)
{
    get(*state, "/pieces", "201 Created\r\nContent-Type: text/plain\r\n");
    get(*state, "/pieces", "\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
}

static void an_answer_that_stops_short_is_cut(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /short HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(w->conn.is_closed);
}

static void no_answer_is_a_fault(void **state)
{
    get(*state, "/nothing", "500 Internal Server Error");
}

static void an_answer_may_come_later(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(buffer_length(&w->conn.sent), 0);
    assert_int_equal(capra_response_text(w->res, 200, "now"), 0);
    assert_int_equal(capra_response_text(w->res, 200, "again"), CAPRA_E_HEAD_SENT);
    fake_turn(w->server);
    expect_sent(w, "\r\n\r\nnow");
    assert_int_equal(w->ended, 1);
    get(w, "/text", "200 OK");
}

static void a_request_outlives_its_connection(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /later?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    fake_conn_cleanup(&w->conn);
    assert_int_equal(w->cancelled, 1);
    assert_true(slice_is(capra_request_query(w->req, "a"), "b"));
    assert_true(slice_is(capra_request_body(w->req), "body"));
    assert_int_equal(capra_request_address(w->req).length, 0);
    assert_int_equal(capra_response_header(w->res, "A", "b"), CAPRA_E_GONE);
    assert_int_equal(capra_response_begin(w->res, 200, NULL, -1), CAPRA_E_GONE);
    assert_int_equal(capra_response_write(w->res, "a", 1), CAPRA_E_GONE);
    assert_int_equal(w->ended, 0);
    assert_int_equal(capra_json(w->res, 200, "{s:i}", "a", 1), CAPRA_E_GONE);
    fake_turn(w->server);
    assert_int_equal(w->ended, 1);
    assert_int_equal(server_in_flight(w->server), 0);
}

static void a_request_outlives_the_server_it_came_to(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    fake_conn_cleanup(&w->conn);
    capra_abandon(w->req);
}

static void what_is_given_up_is_cut(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    capra_abandon(w->req);
    fake_turn(w->server);
    assert_true(w->conn.is_closed);
    assert_int_equal(w->ended, 1);
    assert_int_equal(w->cancelled, 0);
}

static void a_writer_waits_for_its_client(void **state)
{
    world *w = *state;
    static char block[32 * 1024];
    w->conn.sends_nothing = true;
    fake_conn_receive_text(&w->conn, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(capra_response_write(w->res, "a", 1), 0);
    assert_int_equal(capra_response_write(w->res, block, sizeof block), CAPRA_FULL);
    fake_turn(w->server);
    assert_int_equal(w->drained, 0);
    fake_conn_drain(&w->conn);
    assert_int_equal(w->drained, 1);
    assert_int_equal(capra_response_end(w->res), 0);
    fake_turn(w->server);
    assert_int_equal(w->ended, 1);
    expect_sent(w, "\r\nConnection: keep-alive\r\n");
    w->conn.sends_nothing = false;
    get(w, "/text", "200 OK");
}

static void a_body_flows_to_its_handler(void **state)
{
    world *w = *state;
    expect(w, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nwhole", "{\"bytes\":5}");
    assert_int_equal(w->pieces, 1);
    fake_conn_receive_text(&w->conn,
                           "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    fake_conn_receive_text(&w->conn, "def");
    expect(w, "ghi", "{\"bytes\":9}");
    expect(w,
           "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n0\r\n\r\n",
           "{\"bytes\":3}");
}

static void a_body_waits_while_nobody_takes_it(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\np");
    fake_conn_receive_text(&w->conn, "bcdef");
    assert_int_equal(w->piece_bytes, 1);
    capra_request_resume(w->req);
    fake_turn(w->server);
    expect_sent(w, "{\"bytes\":6}");
}

static void a_body_that_breaks_off_is_answered_by_the_server(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect(w, "3\r\nabc\r\nzz", "400 Bad Request");
    assert_int_equal(w->cancelled, 1);
    capra_abandon(w->req);
    fake_turn(w->server);
    assert_int_equal(server_in_flight(w->server), 0);
}

static void a_timer_answers(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /soon HTTP/1.1\r\nHost: a\r\n\r\n");
    run_until(w, &w->due, 1);
    expect_sent(w, "\r\n\r\ndue");
}

static void a_timer_outlives_the_client(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /soon HTTP/1.1\r\nHost: a\r\n\r\n");
    fake_conn_cleanup(&w->conn);
    run_until(w, &w->due, 1);
    assert_int_equal(w->ended, 1);
}

static void a_timer_ends_with_its_request(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /soon HTTP/1.1\r\nHost: a\r\n\r\n");
    capra_response_text(w->res, 200, "first");
    fake_turn(w->server);
    expect_sent(w, "first");
    uv_run(w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->due, 0);
}

static void another_thread_sends_word(void **state)
{
    world *w = *state;
    keep_loop(w);
    fake_conn_receive_text(&w->conn, "GET /thread HTTP/1.1\r\nHost: a\r\n\r\n");
    run_until_sent(w);
    uv_thread_join(&w->thread);
    expect_sent(w, "\r\n\r\nGET");
}

static void a_handler_that_waits_has_a_thread(void **state)
{
    world *w = *state;
    keep_loop(w);
    uv_thread_t const here = uv_thread_self();
    fake_conn_receive_text(&w->conn,
                           "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    run_until_sent(w);
    assert_false(uv_thread_equal(&here, &w->handler_thread));
    expect_sent(w, "X-From: thread\r\nContent-Type: text/plain; charset=utf-8\r\n");
    fake_conn_receive_text(&w->conn, "GET /wait/file HTTP/1.1\r\nHost: a\r\n\r\n");
    run_until_sent(w);
    expect_sent(w, "text/markdown");
    fake_conn_receive_text(&w->conn, "GET /wait/nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    run_until_sent(w);
    expect_sent(w, "500 Internal Server Error");
}

static void clients_may_leave_handlers_that_wait(void **state)
{
    world *w = *state;
    keep_loop(w);
    fake_conn others[16];
    for (int i = 0; i < 16; i++) {
        fake_conn_open(&others[i], w->server);
        fake_conn_receive_text(&others[i],
                               "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    }
    for (int i = 0; i < 16; i += 2)
        fake_conn_cleanup(&others[i]);
    while (server_in_flight(w->server) > 0) {
        uv_run(w->loop, UV_RUN_NOWAIT);
        fake_turn(w->server);
    }
    for (int i = 1; i < 16; i += 2) {
        assert_true(buffer_length(&others[i].sent) > 0);
        fake_conn_cleanup(&others[i]);
    }
}

static void the_server_waits_for_handlers_on_threads(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
}

/* With the options' defaults: 300 s to answer, and 30 s more to come back. */
static void a_handler_that_keeps_its_thread_is_found(void **state)
{
    world *w = *state;
    keep_loop(w);
    fake_conn_receive_text(&w->conn, "GET /wait/gate HTTP/1.1\r\nHost: a\r\n\r\n");
    fake_turn(w->server);
    uv_sem_wait(&w->begun);
    assert_true(server_waits(w->server));
    assert_int_equal(server_expire(w->server, 299999), 1);
    assert_int_equal(server_expire(w->server, 300000), 30000);
    fake_turn(w->server);
    expect_sent(w, "504 Gateway Timeout");
    assert_int_equal(server_expire(w->server, 329999), 1);
    assert_false(server_is_stuck(w->server));
    assert_int_equal(server_expire(w->server, 330000), 0);
    assert_true(server_is_stuck(w->server));
    assert_false(server_waits(w->server));
    uv_sem_post(&w->gate);
    while (server_in_flight(w->server) > 0) {
        uv_run(w->loop, UV_RUN_NOWAIT);
        fake_turn(w->server);
    }
    assert_false(server_is_stuck(w->server));
}

/* The body fills the connection's first block, goes on in another one, and is malformed there. */
static void who_is_answered_for_in_a_long_body_keeps_its_head(void **state)
{
    enum { CHUNK = 0xc000 };
    world *w = *state;
    static const char head[] = "POST /body HTTP/1.1\r\nHost: a\r\nX-Kept: it is\r\n"
                               "Transfer-Encoding: chunked\r\n\r\nc000\r\n";
    static char message[sizeof head - 1 + CHUNK];
    memcpy(message, head, sizeof head - 1);
    memset(message + sizeof head - 1, 'b', CHUNK);
    fake_conn_receive(&w->conn, message, sizeof message);
    assert_int_equal(w->piece_bytes, CHUNK);
    assert_non_null(w->conn.conn.in.kept);
    fake_conn_receive_text(&w->conn, "\r\nno chunk\r\n");
    expect_sent(w, "400 Bad Request");
    assert_int_equal(w->cancelled, 1);
    assert_true(slice_is(capra_request_header(w->req, "x-kept"), "it is"));
    capra_response_text(w->res, 200, "late");
    fake_turn(w->server);
    assert_int_equal(server_in_flight(w->server), 0);
}

static void a_handler_that_has_no_thread_yet_keeps_none(void **state)
{
    world *w = *state;
    fake_conn others[5];
    keep_loop(w);
    for (int i = 0; i < 5; i++) {
        fake_conn_open(&others[i], w->server);
        fake_conn_receive_text(&others[i], "GET /wait/gate HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    fake_turn(w->server);
    for (int i = 0; i < 4; i++)
        uv_sem_wait(&w->begun); /* --threads */
    server_expire(w->server, 300000);
    fake_turn(w->server);
    for (int i = 0; i < 4; i++)
        uv_sem_post(&w->gate);
    while (server_in_flight(w->server) > 0) {
        uv_run(w->loop, UV_RUN_NOWAIT);
        fake_turn(w->server);
    }
    assert_int_not_equal(uv_sem_trywait(&w->begun), 0);
    assert_int_equal(server_expire(w->server, 330000), 0);
    assert_false(server_is_stuck(w->server));
    for (int i = 0; i < 5; i++)
        fake_conn_cleanup(&others[i]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(everything_that_came_can_be_walked),
        CASE(a_body_of_another_type_is_no_form),
        CASE(json_comes_and_goes),
        CASE(memory_lasts_as_long_as_the_request),
        CASE(cookies_are_written_as_browsers_keep_them),
        CASE(a_file_is_sent_with_its_conditions),
        CASE(pieces_make_an_answer),
        CASE(an_answer_that_stops_short_is_cut),
        CASE(no_answer_is_a_fault),
        CASE(an_answer_may_come_later),
        CASE(a_request_outlives_its_connection),
        CASE(a_request_outlives_the_server_it_came_to),
        CASE(what_is_given_up_is_cut),
        CASE(a_writer_waits_for_its_client),
        CASE(a_body_flows_to_its_handler),
        CASE(a_body_waits_while_nobody_takes_it),
        CASE(a_body_that_breaks_off_is_answered_by_the_server),
        CASE(a_timer_answers),
        CASE(a_timer_outlives_the_client),
        CASE(a_timer_ends_with_its_request),
        CASE(another_thread_sends_word),
        CASE(a_handler_that_waits_has_a_thread),
        CASE(clients_may_leave_handlers_that_wait),
        CASE(the_server_waits_for_handlers_on_threads),
        CASE(a_handler_that_keeps_its_thread_is_found),
        CASE(who_is_answered_for_in_a_long_body_keeps_its_head),
        CASE(a_handler_that_has_no_thread_yet_keeps_none),
    };
    return cmocka_run_group_tests_name("native", tests, NULL, NULL);
}
