/* SPDX-License-Identifier: MIT */
#include "support/fake_conn.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* An app without a manifest: the routes stand in a table, and a server answers with them. */

typedef struct notes {
    int count;
} notes;

static void list_notes(capra_request *req, capra_response *res)
{
    const notes *n = capra_request_state(req);
    capra_json(res, 200, "{s:i, s:s}", "count", n->count, "route", capra_request_route(req));
}

static void add_note(capra_request *req, capra_response *res)
{
    notes *n = capra_request_state(req);
    n->count += (int)capra_request_body(req).length;
    capra_response_bytes(res, 204, NULL, NULL, 0);
}

static void show_note(capra_request *req, capra_response *res)
{
    capra_slice const id = capra_request_param(req, "id");
    capra_response_bytes(res, 200, "text/plain", id.data, id.length);
}

static const app_entry entries[] = {
    { .pattern = "/notes", .method = HTTP_GET, .run = list_notes },
    { .pattern = "/notes", .method = HTTP_POST, .run = add_note, .body_limit = 4 },
    { .pattern = "/notes/[id]", .method = APP_ANY_METHOD, .run = show_note },
    { .pattern = "/mixed", .method = APP_ANY_METHOD, .run = show_note },
    { .pattern = "/mixed", .method = HTTP_DELETE, .run = add_note },
    { .pattern = "/short", .method = HTTP_POST, .run = add_note, .body_limit = 2048 },
};

typedef struct world {
    notes notes;
    server *server;
    fake_conn conn;
} world;

static int set_up(void **state)
{
    world *w = calloc(1, sizeof *w);
    char why[256];
    app *a;
    options o;
    options_init(&o);
    assert_int_equal(
        app_make(&a, entries, sizeof entries / sizeof *entries, &w->notes, why, sizeof why), 0);
    w->server = server_new(&o, a, NULL, NULL);
    app_release(a);
    fake_conn_open(&w->conn, w->server);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    fake_conn_cleanup(&w->conn);
    server_free(w->server);
    free(w);
    return 0;
}

/* The text is a part of what the server has sent since the last time. */
static void expect(world *w, const char *request, const char *part)
{
    fake_conn_receive_text(&w->conn, request);
    buffer_append(&w->conn.sent, "", 1);
    const char *sent = buffer_slice(&w->conn.sent).data;
    if (strstr(sent, part) == NULL)
        fail_msg("no `%s` in\n%s", part, sent);
    buffer_used(&w->conn.sent, buffer_length(&w->conn.sent));
}

static void entries_answer_their_methods(void **state)
{
    world *w = *state;
    expect(w, "GET /notes HTTP/1.1\r\nHost: a\r\n\r\n", "{\"count\":0,\"route\":\"/notes\"}");
    expect(w, "POST /notes HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "204 No Content");
    expect(w, "GET /notes HTTP/1.1\r\nHost: a\r\n\r\n", "{\"count\":3,");
    expect(w, "HEAD /notes HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK");
    expect(w, "PATCH /notes/a%20b HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\na b");
    expect(w, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found");
}

static void other_methods_are_told_what_is_allowed(void **state)
{
    world *w = *state;
    expect(w, "PUT /notes HTTP/1.1\r\nHost: a\r\n\r\n",
           "HTTP/1.1 405 Method Not Allowed\r\n"
           "Allow: GET, HEAD, POST, OPTIONS\r\n");
    expect(w, "PUT /notes HTTP/1.1\r\nHost: a\r\n\r\n", "{\"error\":\"Method Not Allowed\"}");
    expect(w, "OPTIONS /notes HTTP/1.1\r\nHost: a\r\n\r\n",
           "HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, POST, OPTIONS\r\n");
}

static void an_entry_for_any_method_takes_the_rest(void **state)
{
    world *w = *state;
    expect(w, "GET /mixed HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK");
    expect(w, "DELETE /mixed HTTP/1.1\r\nHost: a\r\n\r\n", "204 No Content");
}

static void the_body_has_a_limit(void **state)
{
    world *w = *state;
    expect(w, "POST /short HTTP/1.1\r\nHost: a\r\nContent-Length: 2049\r\n\r\n",
           "Body exceeded 2kb limit");
}

static void what_cannot_be_told_apart_is_refused(void **state)
{
    (void)state;
    static const app_entry twice[] = {
        { .pattern = "/a", .method = HTTP_GET, .run = list_notes },
        { .pattern = "/a", .method = HTTP_GET, .run = add_note },
    };
    static const app_entry any_twice[] = {
        { .pattern = "/a", .method = APP_ANY_METHOD, .run = list_notes },
        { .pattern = "/a", .method = APP_ANY_METHOD, .run = add_note },
    };
    static const app_entry two_names[] = {
        { .pattern = "/[a]", .method = HTTP_GET, .run = list_notes },
        { .pattern = "/[b]", .method = HTTP_GET, .run = add_note },
    };
    char why[256];
    app *a;
    assert_int_equal(app_make(&a, twice, 2, NULL, why, sizeof why), CAPRA_E_ROUTE);
    assert_string_equal(why, "/a has two handlers for GET");
    assert_int_equal(app_make(&a, any_twice, 2, NULL, why, sizeof why), CAPRA_E_ROUTE);
    assert_string_equal(why, "/a has two handlers for every method");
    assert_int_equal(app_make(&a, two_names, 2, NULL, why, sizeof why), CAPRA_E_ROUTE);
    assert_non_null(strstr(why, "/[b]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_answer_their_methods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_methods_are_told_what_is_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_entry_for_any_method_takes_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_body_has_a_limit, set_up, tear_down),
        cmocka_unit_test(what_cannot_be_told_apart_is_refused),
    };
    return cmocka_run_group_tests_name("app_code", tests, NULL, NULL);
}
