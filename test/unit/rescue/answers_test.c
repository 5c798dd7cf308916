/* SPDX-License-Identifier: MIT */
#include "rescue/answers.h"

#include "base/error.h"
#include "pipeline.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* One connection, as a fault may have left it, over a pair of sockets. */
typedef struct world {
    int ours, theirs;
    conn conn;
    server server;
    app_route route, other;
    capra_request request;
    char out[64], in[64];
    rescue_tally tally;
    char sent[4096];
} world;

static int set_up(void **state)
{
    world *w = calloc(1, sizeof *w);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    w->ours = pair[0];
    w->theirs = pair[1];
    w->route.file = "pages/api/a.ts";
    w->other.file = "pages/api/b.ts";
    conn_init(&w->conn, NULL, NULL, &w->server);
    list_init(&w->server.dirty);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    close(w->ours);
    close(w->theirs);
    free(w);
    return 0;
}

/* Its request has come as far as this. */
static void stand_at(world *w, request_stage stage, response_state answered)
{
    w->request.stage = stage;
    w->request.route = &w->route;
    w->request.res.state = answered;
    w->request.res.left = -1;
    w->conn.request = &w->request;
}

/* Answers of before wait to be sent, in the turn that the fault came in. */
static void leave_unsent(world *w, const char *text)
{
    memcpy(w->out, text, strlen(text));
    w->conn.out = (buffer){ .data = w->out, .end = strlen(text), .capacity = sizeof w->out };
    list_append(&w->server.dirty, &w->conn.dirty);
}

/* What the client has got, up to the end of the connection. */
static const char *rescue(world *w, const rescue_blame *blame)
{
    size_t length = 0;
    rescue_answer_one(&w->tally, &w->conn, w->ours, blame);
    fcntl(w->theirs, F_SETFL, O_NONBLOCK);
    ssize_t const got = read(w->theirs, w->sent, sizeof w->sent - 1);
    if (got > 0)
        length = (size_t)got;
    w->sent[length] = '\0';
    return w->sent;
}

static bool has_ended(const world *w)
{
    char byte;
    return read(w->theirs, &byte, 1) == 0;
}

static const rescue_blame late = { .code = CAPRA_E_HANDLER_SLOW };

static void answers_behind_what_waits(void **state)
{
    world *w = *state;
    stand_at(w, STAGE_RUNNING, RESPONSE_OPEN);
    leave_unsent(w, "out;");
    const char *sent = rescue(w, &late);
    char *date = strstr(sent, "Date: ");
    assert_non_null(date);
    memset(date + 6, 'x', 29);
    assert_string_equal(sent, "out;HTTP/1.1 504 Gateway Timeout\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 52\r\n"
                              "Date: xxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nConnection: close\r\n\r\n"
                              "Gateway Timeout: the route has not answered in time\n");
    assert_int_equal(w->tally.blamed, 1);
    assert_true(has_ended(w));
}

static void blames_a_request_a_route_or_everyone(void **state)
{
    world *w = *state;
    capra_request someone = { .route = &w->route };
    stand_at(w, STAGE_RUNNING, RESPONSE_OPEN);
    assert_true(rescue_is_blamed(&late, &w->request));
    assert_true(rescue_is_blamed(&(rescue_blame){ .route = &w->route }, &w->request));
    assert_false(rescue_is_blamed(&(rescue_blame){ .route = &w->other }, &w->request));
    assert_true(rescue_is_blamed(&(rescue_blame){ .request = &w->request }, &w->request));
    assert_false(rescue_is_blamed(&(rescue_blame){ .request = &someone }, &w->request));
}

static void tells_who_had_begun_from_who_had_not(void **state)
{
    world *w = *state;
    rescue_blame const another = { .route = &w->other, .code = CAPRA_E_CRASHED };
    stand_at(w, STAGE_RUNNING, RESPONSE_OPEN);
    assert_non_null(strstr(rescue(w, &another), "HTTP/1.1 500 "));
    assert_int_equal(w->tally.lost, 1);
    assert_int_equal(w->tally.route_count, 1);
}

static void what_has_not_begun_may_be_sent_again(void **state)
{
    world *w = *state;
    stand_at(w, STAGE_BODY, RESPONSE_OPEN);
    const char *sent = rescue(w, &late);
    assert_non_null(strstr(sent, "HTTP/1.1 503 Service Unavailable\r\n"));
    assert_non_null(strstr(sent, "\r\nRetry-After: 1\r\n"));
    assert_int_equal(w->tally.unserved, 1);
    assert_int_equal(w->tally.route_count, 0);
}

static void a_request_that_was_not_read_is_one(void **state)
{
    world *w = *state;
    assert_int_equal(write(w->theirs, "GET", 3), 3);
    assert_non_null(strstr(rescue(w, &late), "HTTP/1.1 503 "));
    assert_true(has_ended(w)); /* and no reset for what was left in the socket */
}

static void nor_is_one_that_waits_in_memory(void **state)
{
    world *w = *state;
    w->conn.in = (conn_inflow){ .data = w->in, .end = 3, .capacity = sizeof w->in };
    assert_non_null(strstr(rescue(w, &late), "HTTP/1.1 503 "));
}

static void an_idle_connection_only_ends(void **state)
{
    world *w = *state;
    assert_string_equal(rescue(w, &late), "");
    assert_true(has_ended(w));
}

static void an_answer_that_is_whole_needs_no_other(void **state)
{
    world *w = *state;
    stand_at(w, STAGE_RUNNING, RESPONSE_ENDED);
    leave_unsent(w, "whole");
    assert_string_equal(rescue(w, &late), "whole");
    assert_true(has_ended(w));
    assert_int_equal(w->tally.blamed + w->tally.cut, 0);
}

static void an_answer_that_has_begun_is_cut(void **state)
{
    world *w = *state;
    stand_at(w, STAGE_RUNNING, RESPONSE_STREAMING);
    w->request.res.is_chunked = true;
    leave_unsent(w, "5\r\nfirst\r\n");
    assert_string_equal(rescue(w, &late), "5\r\nfirst\r\n");
    assert_true(has_ended(w));
    assert_int_equal(w->tally.cut, 1);
}

/* Its end would look like the answer's. */
static void one_without_framing_is_not_ended_but_reset(void **state)
{
    world *w = *state;
    struct linger how = { 0 };
    socklen_t size = sizeof how;
    stand_at(w, STAGE_RUNNING, RESPONSE_STREAMING);
    rescue(w, &late);
    assert_false(has_ended(w));
    assert_int_equal(getsockopt(w->ours, SOL_SOCKET, SO_LINGER, &how, &size), 0);
    assert_int_equal(how.l_onoff, 1);
    assert_int_equal(how.l_linger, 0);
}

/* Nobody knows how many of these bytes have gone. */
static void what_was_just_being_sent_is_not_sent_twice(void **state)
{
    world *w = *state;
    stand_at(w, STAGE_RUNNING, RESPONSE_OPEN);
    leave_unsent(w, "half");
    list_remove(&w->conn.dirty);
    assert_string_equal(rescue(w, &late), "");
    assert_int_equal(w->tally.cut, 1);
}

static void head_has_no_body(void **state)
{
    world *w = *state;
    stand_at(w, STAGE_RUNNING, RESPONSE_OPEN);
    w->request.head.method = HTTP_HEAD;
    const char *sent = rescue(w, &late);
    assert_non_null(strstr(sent, "Content-Length: 52\r\n"));
    assert_string_equal(sent + strlen(sent) - 4, "\r\n\r\n");
}

static void a_client_that_does_not_read_is_not_waited_for(void **state)
{
    world *w = *state;
    static char full[65536];
    fcntl(w->ours, F_SETFL, O_NONBLOCK);
    while (write(w->ours, full, sizeof full) > 0)
        ;
    stand_at(w, STAGE_RUNNING, RESPONSE_OPEN);
    rescue_answer_one(&w->tally, &w->conn, w->ours, &late);
    assert_int_equal(w->tally.blamed, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answers_behind_what_waits),
        TEST(blames_a_request_a_route_or_everyone),
        TEST(tells_who_had_begun_from_who_had_not),
        TEST(what_has_not_begun_may_be_sent_again),
        TEST(a_request_that_was_not_read_is_one),
        TEST(nor_is_one_that_waits_in_memory),
        TEST(an_idle_connection_only_ends),
        TEST(an_answer_that_is_whole_needs_no_other),
        TEST(an_answer_that_has_begun_is_cut),
        TEST(one_without_framing_is_not_ended_but_reset),
        TEST(what_was_just_being_sent_is_not_sent_twice),
        TEST(head_has_no_body),
        TEST(a_client_that_does_not_read_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
