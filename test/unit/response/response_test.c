/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Answers into a buffer, for requests of every kind. */

typedef struct made {
    response_clock clock;
    http_head head;
    char text[512];
    buffer to;
    capra_request req; /* around the response, as routes in C find it */
} made;

static void ask(made *m, const char *request)
{
    buffer_cleanup(&m->to);
    response_cleanup(&m->req.res);
    snprintf(m->text, sizeof m->text, "%s", request);
    http_head_init(&m->head);
    assert_true(http_head_parse(&m->head, m->text, strlen(m->text), &http_default_limits) > 0);
    response_init(&m->req.res, NULL, &m->clock, &m->head, m->text, &m->to);
}

static int set_up(void **state)
{
    made *m = calloc(1, sizeof *m);
    response_clock_init(&m->clock, 72);
    response_clock_set(&m->clock, 784111777);
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    made *m = *state;
    buffer_cleanup(&m->to);
    response_cleanup(&m->req.res);
    free(m);
    return 0;
}

static const char get[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
#define TAIL \
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=72\r\n\r\n"
#define CLOSED "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n\r\n"

static void assert_made(made *m, const char *expected)
{
    buffer_append(&m->to, "", 1);
    assert_string_equal(m->to.data, expected);
}

static void writes_a_whole_answer(void **state)
{
    made *m = *state;
    response_head const head = { .status = 201, .lines = slice_text("X-A: 1\r\n") };
    ask(m, get);
    assert_int_equal(response_send(&m->req.res, &head, slice_text("body")), 0);
    assert_made(m, "HTTP/1.1 201 Created\r\nX-A: 1\r\nContent-Length: 4\r\n" TAIL "body");
    assert_int_equal(response_send(&m->req.res, &head, slice_text("again")), CAPRA_E_HEAD_SENT);
}

static void writes_any_status_and_reason(void **state)
{
    made *m = *state;
    response_head const named = { .status = 200, .reason = slice_text("Fine") };
    response_head const unknown = { .status = 799 };
    ask(m, get);
    response_send(&m->req.res, &named, slice_text(""));
    assert_made(m, "HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n" TAIL);
    ask(m, get);
    response_send(&m->req.res, &unknown, slice_text(""));
    assert_made(m, "HTTP/1.1 799 unknown\r\nContent-Length: 0\r\n" TAIL);
}

static void leaves_date_and_connection_to_flags(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200, .flags = RESPONSE_CLOSE | RESPONSE_NO_DATE };
    ask(m, get);
    response_send(&m->req.res, &head, slice_text("x"));
    assert_made(m, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
    assert_true(m->req.res.closes);
}

static void tells_a_client_that_has_it(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200,
                                 .lines = slice_text("X-A: 1\r\nContent-Type: t/t\r\nX-B: 2\r\n"),
                                 .flags = RESPONSE_ETAG };
    ask(m, "GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"2caikvdqo85\"\r\n\r\n");
    response_send(&m->req.res, &head, slice_text("hello"));
    assert_made(m, "HTTP/1.1 304 Not Modified\r\nX-A: 1\r\nX-B: 2\r\n"
                   "ETag: \"2caikvdqo85\"\r\n" TAIL);
}

static void a_304_of_the_handler_has_no_type_either(void **state)
{
    made *m = *state;
    response_head const head = { .status = 304,
                                 .lines = slice_text("ETag: \"a\"\r\nContent-Type: t/t\r\n") };
    ask(m, get);
    response_send(&m->req.res, &head, (capra_slice){ 0 });
    assert_made(m, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n" TAIL);
}

static void says_which_version_it_is(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200, .flags = RESPONSE_ETAG };
    ask(m, get);
    response_send(&m->req.res, &head, slice_text("hello"));
    assert_made(m,
                "HTTP/1.1 200 OK\r\nETag: \"2caikvdqo85\"\r\nContent-Length: 5\r\n" TAIL "hello");
}

static void streams_in_chunks(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200 };
    char long_piece[300];
    memset(long_piece, 'x', sizeof long_piece);
    ask(m, get);
    assert_int_equal(response_begin(&m->req.res, &head, -1), 0);
    assert_int_equal(response_write(&m->req.res, slice_text("ab")), 0);
    assert_int_equal(response_write(&m->req.res, slice_text("")), 0);
    assert_int_equal(response_write(&m->req.res, slice_of(long_piece, sizeof long_piece)), 0);
    assert_int_equal(response_end(&m->req.res, slice_text("")), 0);
    assert_int_equal(response_write(&m->req.res, slice_text("late")), CAPRA_E_INVALID);
    assert_int_equal(response_end(&m->req.res, slice_text("")), CAPRA_E_INVALID);
    char expected[1024];
    snprintf(expected, sizeof expected,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" TAIL
             "2\r\nab\r\n12c\r\n%.300s\r\n0\r\n\r\n",
             long_piece);
    assert_made(m, expected);
}

static void streams_a_declared_length(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200 };
    ask(m, get);
    response_begin(&m->req.res, &head, 5);
    response_write(&m->req.res, slice_text("abc"));
    response_write(&m->req.res, slice_text("defgh"));
    response_end(&m->req.res, slice_text(""));
    assert_made(m, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" TAIL "abcde");
    assert_false(m->req.res.closes);
}

static void closes_when_the_body_is_too_short(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200 };
    ask(m, get);
    response_begin(&m->req.res, &head, 5);
    response_write(&m->req.res, slice_text("abc"));
    response_end(&m->req.res, slice_text(""));
    assert_true(m->req.res.closes);
}

static void sends_no_body_to_head(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200 };
    ask(m, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    response_begin(&m->req.res, &head, 5);
    response_write(&m->req.res, slice_text("abcde"));
    response_end(&m->req.res, slice_text(""));
    assert_made(m, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" TAIL);
    assert_false(m->req.res.closes);
}

static void sends_no_framing_with_204(void **state)
{
    made *m = *state;
    response_head const head = { .status = 204 };
    ask(m, get);
    response_begin(&m->req.res, &head, -1);
    response_write(&m->req.res, slice_text("dropped"));
    response_end(&m->req.res, slice_text("T: t\r\n"));
    assert_made(m, "HTTP/1.1 204 No Content\r\n" TAIL);
}

static void interim_responses_come_before_the_answer_only(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200 };
    ask(m, get);
    assert_int_equal(response_interim(&m->req.res, 103, slice_text("Link: </a>\r\n")), 0);
    response_send(&m->req.res, &head, slice_text(""));
    assert_int_equal(response_interim(&m->req.res, 103, slice_text("")), CAPRA_E_HEAD_SENT);
    assert_made(m, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" TAIL);
    ask(m, "GET / HTTP/1.0\r\n\r\n");
    assert_int_equal(response_interim(&m->req.res, 100, slice_text("")), CAPRA_E_INVALID);
}

static void every_error_has_a_status_and_says_what_is_wrong(void **state)
{
    made *m = *state;
    for (int code = CAPRA_ERROR_FIRST + 1; code < CAPRA_ERROR_LAST; code++) {
        char line[32];
        ask(m, get);
        response_error(&m->req.res, code);
        buffer_append(&m->to, "", 1);
        snprintf(line, sizeof line, "HTTP/1.1 %d ", error_status(code));
        assert_int_equal(strncmp(m->to.data, line, strlen(line)), 0);
        assert_non_null(strstr(m->to.data, error_message(code)));
    }
}

/* ---- The same for routes in C ---- */

static void json_is_built_by_format(void **state)
{
    made *m = *state;
    ask(m, get);
    assert_int_equal(capra_json(&m->req.res, 200, "{s:i}", "a", 1), 0);
    assert_made(m, "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
                   "ETag: \"147uiiad94i7\"\r\nContent-Length: 7\r\n" TAIL "{\"a\":1}");
    assert_int_equal(capra_json(&m->req.res, 200, "{}"), CAPRA_E_HEAD_SENT);
}

static void a_format_that_cannot_be_is_a_500_without_a_leak(void **state)
{
    made *m = *state;
    ask(m, get);
    capra_response_header(&m->req.res, "X-Secret", "1");
    assert_int_equal(capra_json(&m->req.res, 200, "{s:q}", "a", 1), CAPRA_E_HANDLER);
    buffer_append(&m->to, "", 1);
    assert_non_null(strstr(m->to.data, "HTTP/1.1 500 "));
    assert_null(strstr(m->to.data, "X-Secret"));
}

static void headers_that_would_split_the_response_are_refused(void **state)
{
    made *m = *state;
    ask(m, get);
    assert_int_equal(capra_response_header(&m->req.res, "X-A", "b\r\nSet-Cookie: c=d"),
                     CAPRA_E_INVALID);
    assert_int_equal(capra_response_header(&m->req.res, "X A", "b"), CAPRA_E_INVALID);
    assert_int_equal(capra_response_header(&m->req.res, "", "b"), CAPRA_E_INVALID);
    assert_int_equal(capra_response_header(&m->req.res, "content-LENGTH", "1"), CAPRA_E_INVALID);
    assert_int_equal(capra_response_header(&m->req.res, "Transfer-Encoding", "x"), CAPRA_E_INVALID);
    assert_int_equal(capra_response_header(&m->req.res, "Connection", "x"), CAPRA_E_INVALID);
    assert_int_equal(capra_response_header(&m->req.res, "Keep-Alive", "x"), CAPRA_E_INVALID);
    assert_int_equal(capra_response_header(&m->req.res, "Date", "x"), CAPRA_E_INVALID);
    assert_int_equal(capra_response_header(&m->req.res, "X-Good", "b"), 0);
    assert_int_equal(capra_response_bytes(&m->req.res, 199, NULL, "", 0), CAPRA_E_INVALID);
    assert_int_equal(capra_response_bytes(&m->req.res, 600, NULL, "", 0), CAPRA_E_INVALID);
    assert_int_equal(capra_fail(&m->req.res, 200, "no"), CAPRA_E_INVALID);
    assert_int_equal(capra_fail(&m->req.res, 422, "no"), 0);
    assert_int_equal(capra_response_header(&m->req.res, "X-Late", "b"), CAPRA_E_HEAD_SENT);
    buffer_append(&m->to, "", 1);
    assert_non_null(strstr(m->to.data, "422 Unprocessable Entity\r\nX-Good: b\r\n"));
    assert_non_null(strstr(m->to.data, "{\"error\":\"no\"}"));
}

static void text_is_text(void **state)
{
    made *m = *state;
    ask(m, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    capra_response_text(&m->req.res, 200, "hello");
    assert_made(m, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "ETag: \"2caikvdqo85\"\r\nContent-Length: 5\r\n" CLOSED "hello");
}

static void the_type_that_a_route_has_set_stays(void **state)
{
    made *m = *state;
    ask(m, get);
    capra_response_header(&m->req.res, "X-A", "1");
    capra_response_text(&m->req.res, 200, "hello");
    assert_made(m, "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "ETag: \"2caikvdqo85\"\r\nContent-Length: 5\r\n" TAIL "hello");
    ask(m, get);
    capra_response_header(&m->req.res, "content-type", "text/csv");
    capra_response_text(&m->req.res, 200, "hello");
    assert_made(m, "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\n"
                   "ETag: \"2caikvdqo85\"\r\nContent-Length: 5\r\n" TAIL "hello");
    ask(m, get);
    capra_response_header(&m->req.res, "Content-Type", "application/problem+json");
    capra_json(&m->req.res, 400, "{s:i}", "a", 1);
    assert_made(m, "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"
                   "ETag: \"147uiiad94i7\"\r\nContent-Length: 7\r\n" TAIL "{\"a\":1}");
    ask(m, get);
    capra_response_header(&m->req.res, "Content-Type", "a/b");
    capra_response_bytes(&m->req.res, 200, "c/d", "x", 1);
    assert_made(m, "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 1\r\n" TAIL "x");
}

static void a_refused_status_leaves_no_type_behind(void **state)
{
    made *m = *state;
    ask(m, get);
    assert_int_equal(capra_response_bytes(&m->req.res, 700, "a/b", "x", 1), CAPRA_E_INVALID);
    assert_int_equal(capra_response_bytes(&m->req.res, 200, "a b\r\n", "x", 1), CAPRA_E_INVALID);
    assert_int_equal(capra_response_bytes(&m->req.res, 200, NULL, "x", 1), 0);
    assert_made(m, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" TAIL "x");
}

/* ---- What does not exist ---- */

static void assert_not_found(made *m, const char *path, const char *fields, bool is_text)
{
    char request[256];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, fields);
    ask(m, request);
    response_not_found(&m->req.res, slice_text(path), false);
    buffer_append(&m->to, "", 1);
    const char *type = is_text ? "text/plain; charset=utf-8\r\nContent-Length: 9\r\n" : "text/html";
    if (strncmp(m->to.data, "HTTP/1.1 404 ", 13) != 0 || strstr(m->to.data, type) == NULL ||
        strstr(m->to.data, "Cache-Control: private, no-cache, no-store") == NULL)
        fail_msg("%s %s: %s", path, fields, m->to.data);
}

static void a_page_is_for_who_looks_at_pages(void **state)
{
    made *m = *state;
    assert_not_found(m, "/a", "", false);
    assert_not_found(m, "/a", "Sec-Fetch-Dest: document\r\n", false);
    assert_not_found(m, "/a", "Sec-Fetch-Dest: empty\r\n", false);
    assert_not_found(m, "/a", "Sec-Fetch-Dest: image\r\n", true);
    assert_not_found(m, "/a", "sec-fetch-dest: xslt\r\n", true);
    assert_not_found(m, "/_next/static/a.js", "", true);
    assert_not_found(m, "/_next/other.js", "", false);
    ask(m, "POST /a HTTP/1.1\r\nHost: a\r\nSec-Fetch-Dest: image\r\n\r\n");
    response_not_found(&m->req.res, slice_text("/a"), false);
    buffer_append(&m->to, "", 1);
    assert_non_null(strstr(m->to.data, "text/html"));
}

static void nobody_keeps_a_page_of_development(void **state)
{
    made *m = *state;
    response_settings const settings = { .is_dev = true };
    ask(m, get);
    m->req.res.settings = &settings;
    response_page(&m->req.res, 400);
    buffer_append(&m->to, "", 1);
    assert_non_null(strstr(m->to.data, "Cache-Control: no-store\r\n"));
    assert_null(strstr(m->to.data, "private"));
}

static void who_upgrades_is_told_to_what(void **state)
{
    made *m = *state;
    ask(m, get);
    m->req.res.closes = true;
    response_error(&m->req.res, CAPRA_E_UPGRADE);
    assert_made(m, "HTTP/1.1 426 Upgrade Required\r\n"
                   "Content-Type: text/plain; charset=utf-8\r\nUpgrade: HTTP/1.1\r\n"
                   "Connection: Upgrade\r\nContent-Length: 65\r\n" CLOSED
                   "Upgrade Required: no other protocol than HTTP/1.1 is spoken here\n");
}

/* ---- With --parity next ---- */

static const response_settings plain_next = { .as_next = true, .tags_pages = true };

static void ask_next(made *m, const response_settings *settings, const char *request)
{
    ask(m, request);
    m->req.res.settings = settings;
}

static void next_tells_any_method_that_it_has_it(void **state)
{
    made *m = *state;
    static const char post[] =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nIf-None-Match: *\r\n\r\n";
    response_head head = { .status = 500,
                           .lines = slice_text("X-A: 1\r\nContent-Type: t/t\r\n"),
                           .flags = RESPONSE_ETAG };
    ask_next(m, &plain_next, post);
    response_send(&m->req.res, &head, slice_text("hello"));
    assert_made(m, "HTTP/1.1 304 Not Modified\r\nX-A: 1\r\nContent-Type: t/t\r\n"
                   "ETag: \"2caikvdqo85\"\r\n" TAIL);
    head.flags |= RESPONSE_LATE_TYPE;
    ask_next(m, &plain_next, post);
    response_send(&m->req.res, &head, slice_text("hello"));
    assert_made(m, "HTTP/1.1 304 Not Modified\r\nX-A: 1\r\nETag: \"2caikvdqo85\"\r\n" TAIL);
}

static void next_frames_in_chunks(void **state)
{
    made *m = *state;
    response_head const head = { .status = 200, .flags = RESPONSE_CHUNKED };
    ask_next(m, &plain_next, get);
    response_send(&m->req.res, &head, slice_text("x"));
    assert_made(m, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" TAIL "1\r\nx\r\n0\r\n\r\n");
    assert_int_equal(m->req.res.state, RESPONSE_ENDED);
    ask_next(m, &plain_next, get);
    response_send(&m->req.res, &head, slice_text(""));
    assert_made(m, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" TAIL "0\r\n\r\n");
    ask_next(m, &plain_next, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    response_send(&m->req.res, &head, slice_text("x"));
    assert_made(m, "HTTP/1.1 200 OK\r\n" TAIL);
    ask_next(m, &plain_next, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    response_send(&m->req.res, &head, slice_text("x"));
    assert_made(m, "HTTP/1.1 200 OK\r\n" CLOSED "x");
    ask_next(m, &plain_next, get);
    response_redirect(&m->req.res, 307, slice_text("/b"));
    assert_made(m, "HTTP/1.1 307 Temporary Redirect\r\nlocation: /b\r\n"
                   "Transfer-Encoding: chunked\r\n" TAIL "2\r\n/b\r\n0\r\n\r\n");
}

/* Its compression is what keeps Next from knowing lengths. */
static void next_refuses_with_the_reason(void **state)
{
    made *m = *state;
    compressor *c = compressor_new();
    response_settings const compresses = { .compressor = c, .as_next = true };
    ask_next(m, &compresses, get);
    response_refusal(&m->req.res, 413, slice_text("Body exceeded 1b limit"));
    assert_made(m, "HTTP/1.1 413 Body exceeded 1b limit\r\nTransfer-Encoding: chunked\r\n" TAIL
                   "16\r\nBody exceeded 1b limit\r\n0\r\n\r\n");
    ask_next(m, &plain_next, get);
    response_refusal(&m->req.res, 413, slice_text("Body exceeded 1b limit"));
    assert_made(m, "HTTP/1.1 413 Body exceeded 1b limit\r\nContent-Length: 22\r\n" TAIL
                   "Body exceeded 1b limit");
    ask_next(m, &plain_next, get);
    response_error_text(&m->req.res, 500, slice_text("no"));
    assert_made(m, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n" TAIL "no");
    ask(m, get);
    response_refusal(&m->req.res, 413, slice_text("no"));
    assert_made(m, "HTTP/1.1 413 Payload Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "Content-Length: 2\r\n" TAIL "no");
    response_cleanup(&m->req.res);
    m->req.res = (capra_response){ 0 };
    compressor_free(c);
}

static void pages_of_next_are_powered_and_tagged(void **state)
{
    made *m = *state;
    response_settings const powered = { .as_next = true,
                                        .tags_pages = true,
                                        .is_powered_by = true };
    ask_next(m, &powered, get);
    response_not_found(&m->req.res, slice_text("/"), false);
    buffer_append(&m->to, "", 1);
    assert_non_null(strstr(m->to.data, "Cache-Control: private, no-cache"));
    assert_non_null(strstr(m->to.data, "X-Powered-By: Next.js\r\n"));
    assert_non_null(strstr(m->to.data, "ETag: \""));
    ask_next(m, &plain_next, get);
    response_not_found(&m->req.res, slice_text("/"), true);
    buffer_append(&m->to, "", 1);
    assert_null(strstr(m->to.data, "Cache-Control"));
    assert_null(strstr(m->to.data, "X-Powered-By"));
    ask_next(m, &powered, "GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n");
    response_page(&m->req.res, 404);
    buffer_append(&m->to, "", 1);
    assert_int_equal(strncmp(m->to.data, "HTTP/1.1 304 ", 13), 0);
    assert_null(strstr(m->to.data, "Content-Type"));
}

static void preset_lines_hold_unless_they_are_said_anew(void **state)
{
    made *m = *state;
    ask(m, get);
    m->req.res.preset = slice_text("X-A: 1\r\nx-b: 2\r\nContent-Type: text/x\r\n");
    capra_response_header(&m->req.res, "X-B", "3");
    capra_response_bytes(&m->req.res, 200, NULL, "a", 1);
    assert_made(m, "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Type: text/x\r\nX-B: 3\r\n"
                   "Content-Length: 1\r\n" TAIL "a");
    ask(m, get);
    m->req.res.preset = slice_text("X-A: 1\r\nContent-Type: text/x\r\n");
    response_head const head = { .status = 200, .lines = slice_text("content-type: a/b\r\n") };
    response_begin(&m->req.res, &head, 0);
    response_end(&m->req.res, (capra_slice){ 0 });
    assert_made(m, "HTTP/1.1 200 OK\r\nX-A: 1\r\ncontent-type: a/b\r\nContent-Length: 0\r\n" TAIL);
}

static void preset_lines_that_were_lent_are_sent_only_if_they_were_left_alone(void **state)
{
    made *m = *state;
    capra_slice const preset = slice_text("X-A: 1\r\nX-B: 2\r\n");
    response_head head = { .status = 200, .lines = slice_text("x-b: 3\r\n") };
    ask(m, get);
    m->req.res.preset = preset;
    response_lend_preset(&m->req.res);
    response_send(&m->req.res, &head, slice_text("a"));
    assert_made(m, "HTTP/1.1 200 OK\r\nx-b: 3\r\nContent-Length: 1\r\n" TAIL "a");
    head.flags = RESPONSE_PRESET;
    ask(m, get);
    m->req.res.preset = preset;
    response_lend_preset(&m->req.res);
    response_send(&m->req.res, &head, slice_text("a"));
    assert_made(m, "HTTP/1.1 200 OK\r\nX-A: 1\r\nx-b: 3\r\nContent-Length: 1\r\n" TAIL "a");
    ask(m, get);
    m->req.res.preset = preset;
    response_lend_preset(&m->req.res);
    response_begin(&m->req.res, &head, 0);
    response_end(&m->req.res, (capra_slice){ 0 });
    assert_made(m, "HTTP/1.1 200 OK\r\nX-A: 1\r\nx-b: 3\r\nContent-Length: 0\r\n" TAIL);
}

static void only_308_says_refresh(void **state)
{
    made *m = *state;
    ask(m, get);
    response_redirect(&m->req.res, 307, slice_text("/b"));
    assert_made(m, "HTTP/1.1 307 Temporary Redirect\r\nlocation: /b\r\nContent-Length: 2\r\n" TAIL
                   "/b");
    ask(m, get);
    response_redirect(&m->req.res, 308, slice_text("/b"));
    assert_made(m, "HTTP/1.1 308 Permanent Redirect\r\nlocation: /b\r\nRefresh: 0;url=/b\r\n"
                   "Content-Length: 2\r\n" TAIL "/b");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(writes_a_whole_answer),
        TEST(writes_any_status_and_reason),
        TEST(leaves_date_and_connection_to_flags),
        TEST(tells_a_client_that_has_it),
        TEST(a_304_of_the_handler_has_no_type_either),
        TEST(says_which_version_it_is),
        TEST(streams_in_chunks),
        TEST(streams_a_declared_length),
        TEST(closes_when_the_body_is_too_short),
        TEST(sends_no_body_to_head),
        TEST(sends_no_framing_with_204),
        TEST(interim_responses_come_before_the_answer_only),
        TEST(every_error_has_a_status_and_says_what_is_wrong),
        TEST(json_is_built_by_format),
        TEST(a_format_that_cannot_be_is_a_500_without_a_leak),
        TEST(headers_that_would_split_the_response_are_refused),
        TEST(text_is_text),
        TEST(the_type_that_a_route_has_set_stays),
        TEST(a_refused_status_leaves_no_type_behind),
        TEST(a_page_is_for_who_looks_at_pages),
        TEST(nobody_keeps_a_page_of_development),
        TEST(who_upgrades_is_told_to_what),
        TEST(next_tells_any_method_that_it_has_it),
        TEST(next_frames_in_chunks),
        TEST(next_refuses_with_the_reason),
        TEST(pages_of_next_are_powered_and_tagged),
        TEST(preset_lines_hold_unless_they_are_said_anew),
        TEST(preset_lines_that_were_lent_are_sent_only_if_they_were_left_alone),
        TEST(only_308_says_refresh),
    };
    return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
