/* SPDX-License-Identifier: MIT */
#include "support/fake_conn.h"
#include "support/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The pipeline with `--parity next`, and beside it without. Handlers answer what they were given.
 */

#define ROUTE(pattern) \
    "{\"route\":\"" pattern "\",\"file\":\"x.js\",\"kind\":\"script\",\"module\":\"x\"}"
#define MANIFEST(more)                                                                                                                                                     \
    "{\"version\":1," more                                                                                                                                                 \
    "\"routes\":[" ROUTE("/api/hello") "," ROUTE("/api/with space") "," ROUTE("/api/dyn/[id]") "," ROUTE(                                                                  \
        "/api/two/[a]/[b]") "," ROUTE("/api/ca/[...s]") "," ROUTE("/api/oca/[[...s]]") ","                                                                                 \
                                                                                       "{\"route\":\"/api/small\",\"file\":\"x.js\",\"kind\":\"script\",\"module\":\"x\"," \
                                                                                       "\"config\":{\"bodyParser\":true,\"bodyLimit\":10,\"bodyLimitText\":\"10b\"}}]}"

typedef struct world {
    server *server;
    script_host host;
    fake_conn conn;
} world;

/* The pattern, the path, and each parameter; then trailers, if there are any. */
static void on_request(void *data, capra_request *req)
{
    (void)data;
    buffer text = { 0 };
    response_head const head = { .status = 200 };
    buffer_append_slice(&text, slice_text(req->route->pattern));
    buffer_append(&text, " ", 1);
    buffer_append_slice(&text, req->target.path);
    for (uint32_t i = 0; i < req->match.param_count; i++) {
        buffer_append(&text, " ", 1);
        buffer_append_slice(&text, req->match.params[i]);
    }
    buffer_append(&text, ".", 1);
    buffer_append_slice(&text, buffer_slice(&req->trailers));
    response_send(&req->res, &head, buffer_slice(&text));
    buffer_cleanup(&text);
}

static int set_up_with(void **state, const char *manifest)
{
    world *w = calloc(1, sizeof *w);
    options o;
    app *a = fake_host_app(manifest);
    options_init(&o);
    w->host = fake_host(w);
    w->host.request = on_request;
    w->server = server_new(&o, a, &w->host, NULL);
    app_release(a);
    fake_conn_open(&w->conn, w->server);
    *state = w;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, MANIFEST(""));
}

static int set_up_next(void **state)
{
    return set_up_with(state, MANIFEST("\"settings\":{\"parity\":true},"));
}

static int set_up_dev(void **state)
{
    return set_up_with(state, MANIFEST("\"mode\":\"development\","));
}

static int tear_down(void **state)
{
    world *w = *state;
    fake_conn_cleanup(&w->conn);
    assert_int_equal(server_in_flight(w->server), 0);
    server_free(w->server);
    free(w);
    return 0;
}

static const char *sent(world *w)
{
    buffer_append(&w->conn.sent, "", 1);
    w->conn.sent.end--;
    return w->conn.sent.data + w->conn.sent.start;
}

/* What comes for a request, on a connection of its own. */
static const char *ask(world *w, const char *request)
{
    fake_conn_cleanup(&w->conn);
    fake_conn_open(&w->conn, w->server);
    fake_conn_receive_text(&w->conn, request);
    return sent(w);
}

static const char *get(world *w, const char *target)
{
    char request[256];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    return ask(w, request);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("`%s` is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("`%s` is in:\n%s", part, text);
}

/* ---- Paths ---- */

static void needless_escapes_are_undone(void **state)
{
    assert_has(get(*state, "/api/h%65llo"), "\r\n\r\n/api/hello /api/h%65llo.");
    assert_has(get(*state, "/api/with%20space"), "\r\n\r\n/api/with space /api/with%20space.");
}

static void next_finds_nothing_behind_escapes(void **state)
{
    static const char *const known[] = { "/api/h%65llo", "/api%2Fhello", "/api/with%20space" };
    static const char *const unknown[] = { "/api/nope", "/api/n%6Fpe", "/api/hello%zz" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_has(get(*state, known[i]), "HTTP/1.1 404 ");
        assert_lacks(sent(*state), "Cache-Control");
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_has(get(*state, unknown[i]), "HTTP/1.1 404 ");
        assert_has(sent(*state), "Cache-Control: private, no-cache, no-store");
        assert_has(sent(*state), "X-Powered-By: Next.js");
    }
    assert_has(get(*state, "/api/dyn/st%61tic"), "/api/dyn/[id] /api/dyn/st%61tic st%61tic.");
}

static void what_stands_in_the_path_is_the_value(void **state)
{
    assert_has(get(*state, "/api/dyn/[id]?id=5"), "/api/dyn/[id] /api/dyn/[id] [id].");
    assert_has(get(*state, "/api/oca/index"), "/api/oca/[[...s]] /api/oca/index index.");
}

static void next_takes_placeholders_from_the_query(void **state)
{
    static const char *const cases[][2] = {
        { "/api/dyn/[id]?id=5", "/api/dyn/[id] /api/dyn/5 5." },
        { "/api/dyn/[id]?id=a+b/%C3%A9!",
          "/api/dyn/[id] /api/dyn/a%20b%2F%C3%A9! a%20b%2F%C3%A9!." },
        { "/api/dyn/[id]?id=5&id=6", "/api/dyn/[id] /api/dyn/5 5." },
        { "/api/dyn/[id]?x=5", "/api/dyn/[id] /api/dyn/[id] [id]." },
        { "/api/dyn/[id]", "/api/dyn/[id] /api/dyn/[id] [id]." },
        { "/api/dyn/[ix]?ix=5", "/api/dyn/[id] /api/dyn/[ix] [ix]." },
        { "/api/two/[a]/[b]?b=long&a=1", "/api/two/[a]/[b] /api/two/1/long 1 long." },
        { "/api/two/x/[b]?a=1&b=2", "/api/two/[a]/[b] /api/two/x/2 x 2." },
        { "/api/ca/[...s]?s=1", "/api/ca/[...s] /api/ca/1 1." },
        { "/api/oca/[[...s]]?s=1", "/api/oca/[[...s]] /api/oca/1 1." },
        { "/api/oca/index", "/api/oca/[[...s]] /api/oca/index." },
        { "/api/oca/index/x", "/api/oca/[[...s]] /api/oca/index/x index/x." },
        { "/api/oca", "/api/oca/[[...s]] /api/oca." },
        { "/api/ca/index", "/api/ca/[...s] /api/ca/index index." },
        { "/api/dyn/index", "/api/dyn/[id] /api/dyn/index index." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_has(get(*state, cases[i][0]), cases[i][1]);
}

static void an_absolute_form_has_a_path(void **state)
{
    assert_has(get(*state, "http://e.com/api/hello"), "/api/hello /api/hello.");
}

static void next_redirects_an_absolute_form_to_itself(void **state)
{
    assert_has(get(*state, "http://e.com/api/hello?a"), "HTTP/1.1 308 ");
    assert_has(sent(*state), "location: http://e.com/api/hello?a\r\n");
}

static void a_page_of_development_is_never_stored(void **state)
{
    assert_has(get(*state, "/api/nope"), "Cache-Control: no-store\r\n");
    assert_has(get(*state, "/api/dyn/%"), "HTTP/1.1 400 ");
    assert_has(sent(*state), "Cache-Control: no-store\r\n");
}

/* ---- Upgrades ---- */

#define UPGRADE(target, protocol) \
    "GET " target " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: " protocol "\r\n\r\n"

static void an_upgrade_is_declined(void **state)
{
    world *w = *state;
    assert_has(ask(w, UPGRADE("/api/hello", "websocket")), "HTTP/1.1 426 Upgrade Required\r\n");
    assert_has(sent(w), "\r\nUpgrade: HTTP/1.1\r\nConnection: Upgrade\r\n");
    assert_has(sent(w), "\r\nConnection: close\r\n");
    assert_true(w->conn.conn.lingers);
    assert_has(ask(w, UPGRADE("/nope", "websocket")), "HTTP/1.1 404 ");
    assert_has(ask(w, UPGRADE("/api/dyn/%", "websocket")), "HTTP/1.1 400 ");
    assert_has(ask(w, UPGRADE("/api/hello", "h2c")), "HTTP/1.1 200 OK\r\n");
    assert_has(ask(w, UPGRADE("/api/hello", "other")), "HTTP/1.1 200 OK\r\n");
}

static void next_closes_an_upgrade_without_a_word(void **state)
{
    world *w = *state;
    assert_string_equal(ask(w, UPGRADE("/api/hello", "websocket")), "");
    assert_true(w->conn.is_closed);
    assert_has(ask(w, UPGRADE("/api/hello", "h2c")), "HTTP/1.1 200 OK\r\n");
}

static void next_holds_an_upgrade_to_nowhere(void **state)
{
    world *w = *state;
    assert_string_equal(ask(w, UPGRADE("/nope", "websocket")), "");
    assert_false(w->conn.is_closed);
    fake_conn_receive_text(&w->conn, "GET /api/hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(sent(w), "");
    assert_int_equal(w->conn.conn.deadline, CONN_IDLE);
    fake_conn_run_out(&w->conn);
    assert_true(w->conn.is_closed);

    ask(w, UPGRADE("/nope", "websocket"));
    fake_conn_end(&w->conn);
    assert_true(w->conn.is_closed);
}

/* ---- Bodies that are too long ---- */

#define POST(framing) "POST /api/small HTTP/1.1\r\nHost: a\r\n" framing "\r\n\r\n"
#define NEXT_REQUEST  "GET /api/hello HTTP/1.1\r\nHost: a\r\n\r\n"

static void a_long_body_ends_the_connection(void **state)
{
    world *w = *state;
    assert_has(ask(w, POST("Content-Length: 11")), "HTTP/1.1 413 Payload Too Large\r\n");
    assert_has(sent(w), "Connection: close\r\n");
    assert_has(sent(w), "\r\n\r\nBody exceeded 10b limit");
    assert_true(w->conn.conn.lingers);
}

static void next_says_that_the_connection_goes_on(void **state)
{
    world *w = *state;
    assert_has(ask(w, POST("Content-Length: 11")), "HTTP/1.1 413 Body exceeded 10b limit\r\n");
    assert_has(sent(w), "Connection: keep-alive\r\n");
    assert_has(sent(w), "\r\n\r\n17\r\nBody exceeded 10b limit\r\n0\r\n\r\n");
    assert_true(w->conn.conn.lingers); /* but it is not left dead */
}

/* What is there is dropped, whatever its framing, and never taken for a request. */
static void it_does_when_the_body_is_there(void **state)
{
    world *w = *state;
    assert_has(ask(w, POST("Content-Length: 11") "hello world" NEXT_REQUEST), "HTTP/1.1 413 ");
    assert_has(sent(w), "HTTP/1.1 200 OK\r\n");
    assert_false(w->conn.conn.lingers);
    assert_has(ask(w, POST("Transfer-Encoding: chunked") "6\r\nhello \r\n5\r\nworld\r\n3\r\nabc\r\n"
                                                         "0\r\n\r\n" NEXT_REQUEST),
               "HTTP/1.1 413 ");
    assert_has(sent(w), "HTTP/1.1 200 OK\r\n");
    assert_false(w->conn.conn.lingers);
    assert_has(ask(w, POST("Transfer-Encoding: chunked") "6\r\nhello \r\n5\r\nworld\r\n"),
               "HTTP/1.1 413 ");
    assert_true(w->conn.conn.lingers);
}

/* ---- Trailers ---- */

static void trailers_reach_the_handler(void **state)
{
    world *w = *state;
    static const char text[] =
        "POST /api/hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        "\r\n2;x\r\nab\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n" NEXT_REQUEST;
    for (size_t cut = 1; cut < sizeof text - 1; cut++) {
        fake_conn_cleanup(&w->conn);
        fake_conn_open(&w->conn, w->server);
        fake_conn_receive(&w->conn, text, cut);
        fake_conn_receive(&w->conn, text + cut, sizeof text - 1 - cut);
        assert_has(sent(w), "/api/hello /api/hello.X-T: 1\r\nX-U: 2\r\nHTTP/1.1 200 OK\r\n");
        assert_has(sent(w), "\r\n\r\n/api/hello /api/hello.");
    }
}

/* ---- The end ---- */

static void a_server_that_drains_says_so(void **state)
{
    world *w = *state;
    server_drain(w->server);
    assert_has(get(w, "/api/hello"), "Connection: close\r\n");
    assert_true(w->conn.conn.lingers);
}

static void next_does_not(void **state)
{
    world *w = *state;
    server_drain(w->server);
    assert_has(get(w, "/api/hello"), "Connection: keep-alive\r\n");
    assert_true(w->conn.conn.lingers);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define NEXT(name) cmocka_unit_test_setup_teardown(name, set_up_next, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(needless_escapes_are_undone),
        NEXT(next_finds_nothing_behind_escapes),
        TEST(what_stands_in_the_path_is_the_value),
        NEXT(next_takes_placeholders_from_the_query),
        TEST(an_absolute_form_has_a_path),
        NEXT(next_redirects_an_absolute_form_to_itself),
        cmocka_unit_test_setup_teardown(a_page_of_development_is_never_stored, set_up_dev,
                                        tear_down),
        TEST(an_upgrade_is_declined),
        NEXT(next_closes_an_upgrade_without_a_word),
        NEXT(next_holds_an_upgrade_to_nowhere),
        TEST(a_long_body_ends_the_connection),
        NEXT(next_says_that_the_connection_goes_on),
        NEXT(it_does_when_the_body_is_there),
        TEST(trailers_reach_the_handler),
        TEST(a_server_that_drains_says_so),
        NEXT(next_does_not),
    };
    return cmocka_run_group_tests_name("parity", tests, NULL, NULL);
}
