/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "support/fake_conn.h"
#include "support/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A server for all but routes in C. What it hands over arrives in another one of the same share, as
 * it does where two builds do not agree whose a route is. */
typedef struct world {
    script_host host;
    server *server;
    fake_conn conn, next;
} world;

static const char manifest[] =
    "{\"version\":1,\"routes\":["
    "{\"route\":\"/js\",\"file\":\"js.js\",\"module\":\"m\",\"kind\":\"script\"},"
    "{\"route\":\"/c\",\"file\":\"c.c\",\"module\":\"m\",\"kind\":\"native\"}]}";

static void on_request(void *data, capra_request *req)
{
    (void)data;
    capra_response_text(&req->res, 200, "js");
}

static int set_up(void **state)
{
    world *w = calloc(1, sizeof *w);
    options o;
    app *a = fake_host_app_share(manifest, APP_SCRIPTS);
    options_init(&o);
    w->host = fake_host(w);
    w->host.request = on_request;
    w->server = server_new(&o, a, &w->host, NULL);
    app_release(a);
    fake_conn_open(&w->conn, w->server);
    fake_conn_open(&w->next, w->server);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    fake_conn_cleanup(&w->conn);
    fake_conn_cleanup(&w->next);
    server_free(w->server);
    free(w);
    return 0;
}

#define HEAD_C  "GET /c HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD_JS "GET /js HTTP/1.1\r\nHost: a\r\n\r\n"

static uint32_t count_answers(const fake_conn *f, const char *status)
{
    uint32_t count = 0;
    capra_slice rest = buffer_slice(&f->sent);
    char line[64];
    int const length = snprintf(line, sizeof line, "HTTP/1.1 %s ", status);
    for (const char *at; (at = memmem(rest.data, rest.length, line, (size_t)length)) != NULL;
         count++)
        rest = slice_from(rest, (size_t)(at - rest.data) + 1);
    return count;
}

/* What one connection has handed over begins on the other. */
static void arrive(world *w, capra_slice note, bool is_returned)
{
    conn *c = &w->next.conn;
    c->events->on_arrival(c, note, is_returned);
    capra_slice const bytes = buffer_slice(&w->conn.handed);
    fake_conn_receive(&w->next, bytes.data, bytes.length);
}

static void all_that_was_read_goes_along(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, HEAD_JS HEAD_C HEAD_JS "GET /c");
    assert_int_equal(w->conn.handed_count, 1);
    assert_true(slice_is(buffer_slice(&w->conn.handed), HEAD_C HEAD_JS "GET /c"));
    assert_int_equal(count_answers(&w->conn, "200"), 1);
    assert_true(w->conn.is_closed);
    assert_int_equal(server_in_flight(w->server), 0);
}

static void earlier_answers_go_first(void **state)
{
    world *w = *state;
    w->conn.sends_nothing = true;
    fake_conn_receive_text(&w->conn, HEAD_JS HEAD_C);
    assert_int_equal(w->conn.handed_count, 0);
    fake_conn_drain(&w->conn);
    assert_int_equal(w->conn.handed_count, 1);
    assert_int_equal(count_answers(&w->conn, "200"), 1);
}

static void without_room_it_waits_for_some(void **state)
{
    world *w = *state;
    w->conn.hand_over_error = CAPRA_E_BUSY;
    fake_conn_receive_text(&w->conn, HEAD_C);
    assert_int_equal(w->conn.conn.deadline, CONN_MOVING);
    fake_conn_receive_text(&w->conn, HEAD_JS); /* which is no reason to give up, or to answer it */
    server_move_on(w->server);
    fake_turn(w->server);
    assert_int_equal(w->conn.handed_count, 0);
    assert_int_equal(buffer_length(&w->conn.sent), 0);
    w->conn.hand_over_error = 0;
    server_move_on(w->server);
    fake_turn(w->server);
    assert_true(slice_is(buffer_slice(&w->conn.handed), HEAD_C HEAD_JS));
}

static void but_not_for_ever(void **state)
{
    world *w = *state;
    w->conn.hand_over_error = CAPRA_E_BUSY;
    fake_conn_receive_text(&w->conn, HEAD_C);
    fake_conn_run_out(&w->conn);
    assert_int_equal(count_answers(&w->conn, "503"), 1);
    assert_int_equal(server_in_flight(w->server), 0);
    server_move_on(w->server);
    fake_turn(w->server);
    assert_int_equal(w->conn.handed_count, 0);
}

static void what_cannot_go_is_answered_and_the_connection_goes_on(void **state)
{
    world *w = *state;
    w->conn.hand_over_error = CAPRA_E_SYSTEM;
    fake_conn_receive_text(&w->conn, HEAD_C HEAD_JS);
    assert_int_equal(count_answers(&w->conn, "503"), 1);
    assert_int_equal(count_answers(&w->conn, "200"), 1);
    assert_non_null(memmem(w->conn.sent.data, w->conn.sent.end, "Retry-After: 1\r\n", 16));
}

static void a_client_that_leaves_while_it_waits_is_gone(void **state)
{
    world *w = *state;
    w->conn.hand_over_error = CAPRA_E_BUSY;
    fake_conn_receive_text(&w->conn, HEAD_C);
    fake_conn_cleanup(&w->conn);
    server_move_on(w->server);
    fake_turn(w->server);
    assert_int_equal(server_in_flight(w->server), 0);
    fake_conn_open(&w->conn, w->server);
}

static void what_comes_back_is_answered(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, HEAD_C HEAD_JS);
    arrive(w, buffer_slice(&w->conn.note), true);
    assert_int_equal(w->next.handed_count, 0);
    assert_int_equal(count_answers(&w->next, "503"), 1);
    assert_int_equal(count_answers(&w->next, "200"), 1); /* what stood behind it as well */
}

static void nobody_hands_it_to_and_fro_for_ever(void **state)
{
    world *w = *state;
    uint32_t hops = 0;
    fake_conn_receive_text(&w->conn, HEAD_C);
    while (w->conn.handed_count == 1 && hops < 100) {
        buffer note = w->conn.note, bytes = w->conn.handed;
        w->conn.note = w->conn.handed = (buffer){ 0 };
        fake_conn_cleanup(&w->conn);
        fake_conn_open(&w->conn, w->server);
        w->conn.conn.events->on_arrival(&w->conn.conn, buffer_slice(&note), false);
        fake_conn_receive(&w->conn, buffer_slice(&bytes).data, buffer_length(&bytes));
        buffer_cleanup(&note);
        buffer_cleanup(&bytes);
        hops++;
    }
    assert_int_equal(hops, 16);
    assert_int_equal(count_answers(&w->conn, "503"), 1);
}

/* The other worker may be out of its mind. */
static void a_note_that_makes_no_sense_is_none(void **state)
{
    world *w = *state;
    fake_conn_receive_text(&w->conn, HEAD_C);
    capra_slice const note = buffer_slice(&w->conn.note);
    for (size_t length = 0; length < note.length; length++) {
        char *exact = malloc(length + 1); /* a read beyond it is found by the sanitizer */
        memcpy(exact, note.data, length);
        w->next.conn.events->on_arrival(&w->next.conn, slice_of(exact, length), false);
        free(exact);
        assert_null(w->next.conn.request);
    }
    for (size_t i = 0; i < note.length; i++) {
        char *copy = malloc(note.length);
        memcpy(copy, note.data, note.length);
        copy[i] = (char)~copy[i];
        fake_conn_cleanup(&w->next);
        fake_conn_open(&w->next, w->server);
        arrive(w, slice_of(copy, note.length), false);
        free(copy);
    }
    fake_conn_cleanup(&w->next);
    fake_conn_open(&w->next, w->server);
    assert_int_equal(server_in_flight(w->server), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_was_read_goes_along, set_up, tear_down),
        cmocka_unit_test_setup_teardown(earlier_answers_go_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_room_it_waits_for_some, set_up, tear_down),
        cmocka_unit_test_setup_teardown(but_not_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_go_is_answered_and_the_connection_goes_on,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_leaves_while_it_waits_is_gone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_comes_back_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_hands_it_to_and_fro_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_note_that_makes_no_sense_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
