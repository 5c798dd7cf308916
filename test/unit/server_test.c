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

/* The pipeline, from bytes to bytes. The handlers are a script host made of C: what it does is said
 * by the route. */

static const char manifest[] =
    "{\"version\":1,\"routes\":["
    "{\"route\":\"/now\",\"file\":\"now.js\",\"kind\":\"script\",\"module\":\"x\"},"
    "{\"route\":\"/later\",\"file\":\"later.js\",\"kind\":\"script\",\"module\":\"x\"},"
    "{\"route\":\"/echo\",\"file\":\"echo.js\",\"kind\":\"script\",\"module\":\"x\","
    "\"config\":{\"bodyParser\":true,\"bodyLimit\":20000,\"bodyLimitText\":\"20kb\"}},"
    "{\"route\":\"/abort\",\"file\":\"abort.js\",\"kind\":\"script\",\"module\":\"x\"},"
    "{\"route\":\"/pull\",\"file\":\"pull.js\",\"kind\":\"script\",\"module\":\"x\","
    "\"config\":{\"bodyParser\":false}},"
    "{\"route\":\"/ignore\",\"file\":\"ignore.js\",\"kind\":\"script\",\"module\":\"x\","
    "\"config\":{\"bodyParser\":false}},"
    "{\"route\":\"/stream\",\"file\":\"stream.js\",\"kind\":\"script\",\"module\":\"x\"},"
    "{\"route\":\"/empty\",\"file\":\"empty.js\",\"kind\":\"script\",\"module\":\"x\"},"
    "{\"route\":\"/broken\",\"file\":\"broken.js\",\"kind\":\"error\",\"message\":\"why\"},"
    "{\"route\":\"/id/[id]\",\"file\":\"id.js\",\"kind\":\"script\",\"module\":\"x\"}]}";

typedef struct world {
    server *server;
    script_host host;
    fake_conn conn;
    uint32_t waiting[16]; /* ids of /later, /pull and /stream, in order of arrival */
    int waiting_count;
    buffer pulled;
    int enters, leaves, drained, body_ends;
    int ended_count, ended_why;
    uint32_t ended_id;
} world;

static void answer(capra_request *req, const char *text)
{
    response_head const head = { .status = 200 };
    response_send(&req->res, &head, slice_text(text));
}

static void on_enter(void *data)
{
    ((world *)data)->enters++;
}

static void on_leave(void *data)
{
    ((world *)data)->leaves++;
}

static void on_request(void *data, capra_request *req)
{
    world *w = data;
    capra_slice const path = req->target.path;
    response_head const ok = { .status = 200 };
    assert_int_equal(w->enters, w->leaves + 1);
    if (slice_is(path, "/now") || slice_is(path, "/ignore")) {
        answer(req, "now");
    } else if (slice_is(path, "/echo")) {
        response_send(&req->res, &ok, req->whole_body);
    } else if (slice_is(path, "/abort")) {
        server_abort(req);
    } else if (slice_is(path, "/empty")) {
        response_head const empty = { .status = 204 };
        response_send(&req->res, &empty, slice_text("dropped"));
    } else if (slice_is(path, "/broken")) {
        answer(req, req->route->message);
    } else if (slice_is(path, "/stream")) {
        w->waiting[w->waiting_count++] = req->id;
        response_begin(&req->res, &ok, -1);
        server_wrote(req);
    } else {
        w->waiting[w->waiting_count++] = req->id;
        if (slice_is(path, "/pull"))
            server_read_body(req);
    }
}

static void on_body(void *data, uint32_t id, capra_slice piece)
{
    world *w = data;
    assert_non_null(server_request(w->server, id));
    buffer_append_slice(&w->pulled, piece);
}

static void on_body_end(void *data, uint32_t id)
{
    world *w = data;
    w->body_ends++;
    answer(server_request(w->server, id), "pulled");
}

static void on_drained(void *data, uint32_t id)
{
    (void)id;
    ((world *)data)->drained++;
}

static void on_ended(void *data, uint32_t id, script_end why)
{
    world *w = data;
    w->ended_count++;
    w->ended_id = id;
    w->ended_why = (int)why;
}

static int set_up(void **state)
{
    world *w = calloc(1, sizeof *w);
    options o;
    app *a = fake_host_app(manifest);
    options_init(&o);
    w->host = fake_host(w);
    w->host.enter = on_enter;
    w->host.leave = on_leave;
    w->host.request = on_request;
    w->host.body = on_body;
    w->host.body_end = on_body_end;
    w->host.drained = on_drained;
    w->host.ended = on_ended;
    w->server = server_new(&o, a, &w->host, NULL);
    app_release(a);
    fake_conn_open(&w->conn, w->server);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    fake_conn_cleanup(&w->conn);
    assert_int_equal(server_in_flight(w->server), 0);
    assert_int_equal(w->enters, w->leaves);
    server_free(w->server);
    buffer_cleanup(&w->pulled);
    free(w);
    return 0;
}

/* ---- Helpers ---- */

static char *sent(world *w)
{
    buffer_append(&w->conn.sent, "", 1);
    w->conn.sent.end--;
    return w->conn.sent.data + w->conn.sent.start;
}

static void forget_sent(world *w)
{
    buffer_cleanup(&w->conn.sent);
}

/* How often `needle` stands in what was sent. */
static int count(world *w, const char *needle)
{
    int found = 0;
    for (const char *at = sent(w); (at = strstr(at, needle)) != NULL; at++)
        found++;
    return found;
}

static void assert_sent(world *w, const char *needle)
{
    if (count(w, needle) == 0)
        fail_msg("`%s` is not in what was sent:\n%s", needle, sent(w));
}

static capra_request *waiting(world *w, int index)
{
    capra_request *req = server_request(w->server, w->waiting[index]);
    assert_non_null(req);
    return req;
}

/* ---- Answers ---- */

static void answers_a_request_with_the_whole_message(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    char *date = strstr(sent(w), "Date: ");
    assert_non_null(date);
    memset(date + 6, 'x', 29);
    assert_string_equal(sent(w), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                                 "Date: xxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"
                                 "Connection: keep-alive\r\nKeep-Alive: timeout=72\r\n\r\nnow");
    assert_false(w->conn.conn.lingers);
    assert_int_equal(w->conn.conn.deadline, CONN_IDLE);
}

static void keeps_no_memory_for_an_idle_connection(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_null(w->conn.conn.in.data);
    assert_null(w->conn.conn.out.data);
    assert_null(w->conn.conn.request);
}

static void serves_a_batch_inside_one_visit_to_the_host(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /now HTTP/1.1\r\nHost: a\r\n\r\n"
                                     "GET /now HTTP/1.1\r\nHost: a\r\n\r\n"
                                     "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(count(w, "200 OK"), 3);
    assert_int_equal(w->enters, 1);
}

static void a_malformed_request_behind_a_good_one_costs_nothing_but_itself(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "GET /now HTTP/1.1\r\nHost: a\r\n\r\nGET /now HTTP/1.1\r\nbad\r\n\r\n"
                           "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(count(w, "HTTP/1.1 200 OK"), 1);
    assert_int_equal(count(w, "HTTP/1.1 400 Bad Request"), 1);
    assert_true(strstr(sent(w), "200 OK") < strstr(sent(w), "400 Bad"));
    assert_int_equal(count(w, "Connection: close"), 1);
    assert_true(w->conn.conn.lingers);
}

static void answers_come_in_the_order_of_requests(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
                                     "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(w->conn.sent.end, 0);
    answer(waiting(w, 0), "later");
    fake_turn(w->server);
    assert_true(strstr(sent(w), "later") < strstr(sent(w), "now"));
    assert_int_equal(count(w, "200 OK"), 2);
}

static void head_has_the_length_and_no_body(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "HEAD /now HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "Content-Length: 3\r\n");
    assert_int_equal(count(w, "now"), 0);
}

static void status_204_has_neither(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "HTTP/1.1 204 No Content\r\n");
    assert_int_equal(count(w, "Content-Length"), 0);
    assert_int_equal(count(w, "dropped"), 0);
}

static void http_1_0_closes_unless_asked_otherwise(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_sent(w, "Connection: keep-alive");
    assert_false(w->conn.conn.lingers);
    fake_conn_receive_text(&w->conn, "GET /now HTTP/1.0\r\n\r\n");
    assert_sent(w, "Connection: close");
    assert_true(w->conn.conn.lingers);
}

static void what_no_route_matches_is_404(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "HTTP/1.1 404 Not Found\r\n");
    assert_sent(w, "This page could not be found.");
    assert_false(w->conn.conn.lingers);
}

static void slashes_are_redirected_with_the_query_as_it_is(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /now/?a=%20+b HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "HTTP/1.1 308 Permanent Redirect\r\nlocation: /now?a=%20+b\r\n");
    forget_sent(w);
    fake_conn_receive_text(&w->conn, "GET //now?x=//y HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "location: /now?x=//y\r\n");
}

static void a_malformed_escape_of_a_parameter_is_400(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /id/%zz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "HTTP/1.1 400 Bad Request\r\n");
}

/* ---- Bodies ---- */

static void a_body_that_comes_with_its_head_is_not_copied(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                           "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "\r\n\r\nhelloHTTP/1.1 200 OK");
    assert_int_equal(count(w, "200 OK"), 2);
}

static void a_body_longer_than_a_block_is_collected(void **state)
{
    world *w = *state;
    char bytes[20000];
    memset(bytes, 'b', sizeof bytes);
    fake_conn_receive_text(&w->conn,
                           "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n");
    fake_conn_receive(&w->conn, bytes, sizeof bytes);
    assert_sent(w, "Content-Length: 20000\r\n");
    assert_true(buffer_length(&w->conn.sent) > 20000);
}

static void any_segmentation_gives_the_same_answers(void **state)
{
    world *w = *state;
    static const char text[] =
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: t\r\n\r\n"
        "GET /id/7 HTTP/1.1\r\nHost: a\r\n\r\n";
    for (size_t cut = 1; cut < sizeof text - 1; cut++) {
        fake_conn c;
        fake_conn_open(&c, w->server);
        w->waiting_count = 0;
        fake_conn_receive(&c, text, cut);
        fake_conn_receive(&c, text + cut, sizeof text - 1 - cut);
        answer(waiting(w, 0), "seven");
        fake_turn(w->server);
        buffer_append(&c.sent, "", 1);
        const char *first = strstr(c.sent.data, "hello");
        const char *second = first == NULL ? NULL : strstr(first, "abcde");
        const char *third = second == NULL ? NULL : strstr(second, "seven");
        if (third == NULL)
            fail_msg("cut at %zu: %s", cut, c.sent.data);
        fake_conn_cleanup(&c);
    }
}

static void a_client_that_expects_100_is_told_to_go_on(void **state)
{
    world *w = *state;
    fake_conn_receive_text(
        &w->conn,
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n");
    assert_string_equal(sent(w), "HTTP/1.1 100 Continue\r\n\r\n");
    fake_conn_receive_text(&w->conn, "hello");
    assert_int_equal(count(w, "100 Continue"), 1);
    assert_sent(w, "\r\n\r\nhello");
}

static void a_body_beyond_the_limit_is_refused_before_it_comes(void **state)
{
    world *w = *state;
    fake_conn_receive_text(
        &w->conn,
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 20001\r\n\r\n");
    assert_sent(w, "HTTP/1.1 413 Payload Too Large\r\n");
    assert_sent(w, "Body exceeded 20kb limit");
    assert_int_equal(count(w, "100 Continue"), 0);
    assert_sent(w, "Connection: close");
    assert_true(w->conn.conn.lingers);
}

static void a_chunked_body_beyond_the_limit_is_refused_as_it_comes(void **state)
{
    world *w = *state;
    char chunk[0x3000 + 8];
    memset(chunk, 'c', sizeof chunk);
    memcpy(chunk, "3000\r\n", 6);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    fake_conn_receive_text(&w->conn,
                           "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    fake_conn_receive(&w->conn, chunk, sizeof chunk);
    assert_int_equal(w->conn.sent.end, 0);
    fake_conn_receive(&w->conn, chunk, sizeof chunk);
    assert_sent(w, "HTTP/1.1 413 ");
    assert_true(w->conn.conn.lingers);
}

static void a_streamed_body_flows_when_it_is_asked_for(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /pull HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nabc");
    assert_true(slice_is(buffer_slice(&w->pulled), "abc"));
    fake_conn_receive_text(&w->conn, "defgh");
    assert_true(slice_is(buffer_slice(&w->pulled), "abcdefgh"));
    assert_int_equal(w->body_ends, 1);
    assert_sent(w, "\r\n\r\npulled");
    assert_false(w->conn.conn.lingers);
}

static void a_paused_body_waits_and_input_stops_when_a_block_is_full(void **state)
{
    world *w = *state;
    char bytes[40000];
    memset(bytes, 'p', sizeof bytes);
    fake_conn_receive_text(&w->conn,
                           "POST /pull HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n");
    server_pause_body(waiting(w, 0));
    fake_conn_receive(&w->conn, bytes, sizeof bytes);
    assert_int_equal(buffer_length(&w->pulled), 0);
    assert_true(w->conn.conn.is_paused);
    server_read_body(waiting(w, 0));
    fake_turn(w->server);
    assert_true(buffer_length(&w->pulled) > 10000);
    assert_false(w->conn.conn.is_paused);
}

static void a_streamed_body_that_nobody_read_ends_the_connection(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nabc");
    assert_sent(w, "Connection: close");
    assert_true(w->conn.conn.lingers);
}

static void one_that_has_come_already_does_not(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                           "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(count(w, "Connection: keep-alive"), 2);
}

static void a_malformed_streamed_body_is_answered_and_told(void **state)
{
    world *w = *state;
    fake_conn_receive_text(
        &w->conn, "POST /pull HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert_sent(w, "HTTP/1.1 400 Bad Request");
    assert_int_equal(w->ended_count, 1);
    assert_int_equal(w->ended_why, SCRIPT_BAD_BODY);
    assert_true(w->conn.conn.lingers);
}

/* ---- Clients that leave or are slow ---- */

static void a_half_closed_client_gets_its_answer(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    fake_conn_end(&w->conn);
    assert_int_equal(w->ended_why, SCRIPT_HALF_CLOSED);
    assert_int_equal(w->ended_count, 1);
    assert_int_equal(w->conn.conn.deadline, CONN_HALF);
    answer(waiting(w, 0), "later");
    fake_turn(w->server);
    assert_sent(w, "\r\n\r\nlater");
    assert_true(w->conn.conn.lingers);
}

static void a_half_closed_client_does_not_wait_for_ever(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    fake_conn_end(&w->conn);
    fake_conn_run_out(&w->conn);
    assert_true(w->conn.is_closed);
    assert_int_equal(w->ended_why, SCRIPT_GONE);
}

static void a_client_that_leaves_is_told_to_the_host_once(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    uint32_t const id = w->waiting[0];
    w->conn.conn.transport->close(&w->conn.conn);
    assert_int_equal(w->ended_count, 1);
    assert_int_equal(w->ended_id, id);
    assert_int_equal(w->ended_why, SCRIPT_GONE);
    assert_null(server_request(w->server, id));
}

static void a_body_that_is_cut_is_400(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    fake_conn_end(&w->conn);
    assert_sent(w, "HTTP/1.1 400 Bad Request");
    assert_true(w->conn.conn.lingers);
}

static void a_head_that_is_cut_is_not_answered(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /now HT");
    fake_conn_end(&w->conn);
    assert_int_equal(w->conn.sent.end, 0);
    assert_true(w->conn.is_closed);
}

static void a_slow_head_is_408(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /now HT");
    assert_int_equal(w->conn.conn.deadline, CONN_HEAD);
    fake_conn_run_out(&w->conn);
    assert_sent(w, "HTTP/1.1 408 Request Timeout");
    assert_true(w->conn.conn.lingers);
}

static void a_connection_that_never_speaks_is_closed(void **state)
{
    world *w = *state;
    fake_conn_run_out(&w->conn);
    assert_int_equal(w->conn.sent.end, 0);
    assert_true(w->conn.is_closed);
}

static void a_slow_body_is_408(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn,
                           "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    assert_int_equal(w->conn.conn.deadline, CONN_BODY);
    fake_conn_run_out(&w->conn);
    assert_sent(w, "HTTP/1.1 408 Request Timeout");
}

static void a_deadline_that_is_no_longer_meant_does_nothing(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    w->conn.conn.deadline = CONN_HEAD;
    fake_conn_run_out(&w->conn);
    assert_int_equal(w->conn.sent.end, 0);
    assert_non_null(server_request(w->server, w->waiting[0]));
}

/* ---- Hosts that misbehave, and streams ---- */

static void a_handler_may_cut_its_connection(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /abort HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(w->conn.is_closed);
    assert_int_equal(w->conn.sent.end, 0);
    assert_int_equal(w->ended_count, 0);
}

static void an_id_names_nothing_once_its_request_was_answered(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    uint32_t const id = w->waiting[0];
    answer(waiting(w, 0), "later");
    assert_null(server_request(w->server, id));
    fake_turn(w->server);
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_null(server_request(w->server, id));
    assert_int_not_equal(id, w->waiting[1]);
}

static void a_stream_is_chunked_and_ends(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_sent(w, "Transfer-Encoding: chunked\r\n");
    capra_request *req = waiting(w, 0);
    response_write(&req->res, slice_text("hello, stream"));
    server_wrote(req);
    fake_turn(w->server);
    assert_sent(w, "\r\nd\r\nhello, stream\r\n");
    response_end(&req->res, slice_text("T: t\r\n"));
    fake_turn(w->server);
    assert_sent(w, "\r\n0\r\nT: t\r\n\r\n");
    assert_false(w->conn.conn.lingers);
}

static void a_stream_for_http_1_0_ends_with_the_connection(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_sent(w, "Connection: close\r\n\r\n");
    response_write(&waiting(w, 0)->res, slice_text("raw"));
    response_end(&waiting(w, 0)->res, (capra_slice){ 0 });
    fake_turn(w->server);
    assert_sent(w, "\r\n\r\nraw");
    assert_int_equal(count(w, "chunked"), 0);
    assert_true(w->conn.conn.lingers);
}

static void a_writer_of_much_is_told_when_it_has_gone(void **state)
{
    world *w = *state;
    static const char much[32768];
    fake_conn_receive_text(&w->conn, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    w->conn.sends_nothing = true;
    response_write(&waiting(w, 0)->res, slice_of(much, sizeof much));
    assert_true(server_wrote(waiting(w, 0)) > sizeof much);
    fake_turn(w->server);
    assert_int_equal(w->drained, 0);
    fake_conn_drain(&w->conn);
    assert_int_equal(w->drained, 1);
}

static void a_client_that_does_not_read_is_served_no_further(void **state)
{
    world *w = *state;
    static char bytes[20000];
    w->conn.sends_nothing = true;
    for (int i = 0; i < 50; i++) {
        fake_conn_receive_text(&w->conn,
                               "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n");
        fake_conn_receive(&w->conn, bytes, sizeof bytes);
    }
    assert_true(buffer_length(&w->conn.conn.out) < 200000);
    assert_true(w->conn.conn.is_paused);
    fake_conn_drain(&w->conn);
    assert_false(w->conn.conn.is_paused);
}

static void a_draining_server_ends_connections_with_their_answer(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    server_drain(w->server);
    answer(waiting(w, 0), "later");
    fake_turn(w->server);
    assert_sent(w, "Connection: close\r\n");
    assert_true(w->conn.conn.lingers);
}

static void many_pipelined_requests_leave_the_loop_its_turn(void **state)
{
    world *w = *state;
    buffer many = { 0 };
    for (int i = 0; i < 300; i++)
        buffer_append_slice(&many, slice_text("GET /now HTTP/1.1\r\nHost: a\r\n\r\n"));
    fake_conn_receive(&w->conn, many.data, many.end);
    assert_int_equal(count(w, "200 OK"), 300);
    assert_true(w->enters > 1);
    buffer_cleanup(&many);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answers_a_request_with_the_whole_message),
        TEST(keeps_no_memory_for_an_idle_connection),
        TEST(serves_a_batch_inside_one_visit_to_the_host),
        TEST(a_malformed_request_behind_a_good_one_costs_nothing_but_itself),
        TEST(answers_come_in_the_order_of_requests),
        TEST(head_has_the_length_and_no_body),
        TEST(status_204_has_neither),
        TEST(http_1_0_closes_unless_asked_otherwise),
        TEST(what_no_route_matches_is_404),
        TEST(slashes_are_redirected_with_the_query_as_it_is),
        TEST(a_malformed_escape_of_a_parameter_is_400),
        TEST(a_body_that_comes_with_its_head_is_not_copied),
        TEST(a_body_longer_than_a_block_is_collected),
        TEST(any_segmentation_gives_the_same_answers),
        TEST(a_client_that_expects_100_is_told_to_go_on),
        TEST(a_body_beyond_the_limit_is_refused_before_it_comes),
        TEST(a_chunked_body_beyond_the_limit_is_refused_as_it_comes),
        TEST(a_streamed_body_flows_when_it_is_asked_for),
        TEST(a_paused_body_waits_and_input_stops_when_a_block_is_full),
        TEST(a_streamed_body_that_nobody_read_ends_the_connection),
        TEST(one_that_has_come_already_does_not),
        TEST(a_malformed_streamed_body_is_answered_and_told),
        TEST(a_half_closed_client_gets_its_answer),
        TEST(a_half_closed_client_does_not_wait_for_ever),
        TEST(a_client_that_leaves_is_told_to_the_host_once),
        TEST(a_body_that_is_cut_is_400),
        TEST(a_head_that_is_cut_is_not_answered),
        TEST(a_slow_head_is_408),
        TEST(a_connection_that_never_speaks_is_closed),
        TEST(a_slow_body_is_408),
        TEST(a_deadline_that_is_no_longer_meant_does_nothing),
        TEST(a_handler_may_cut_its_connection),
        TEST(an_id_names_nothing_once_its_request_was_answered),
        TEST(a_stream_is_chunked_and_ends),
        TEST(a_stream_for_http_1_0_ends_with_the_connection),
        TEST(a_writer_of_much_is_told_when_it_has_gone),
        TEST(a_client_that_does_not_read_is_served_no_further),
        TEST(a_draining_server_ends_connections_with_their_answer),
        TEST(many_pipelined_requests_leave_the_loop_its_turn),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
