/* SPDX-License-Identifier: MIT */
#include "http/head.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- Parsing in memory that is just as large as what has arrived ---- */

static long parse_copy(http_head *head, const char *text, size_t length, const http_limits *limits)
{
    char *copy = malloc(length);
    if (length > 0)
        memcpy(copy, text, length);
    long const result = http_head_parse(head, copy, length, limits);
    free(copy);
    return result;
}

/* In two segments, or in one when `cut` is 0. */
static long parse_cut(http_head *head, capra_slice text, size_t cut, const http_limits *limits)
{
    long result = HTTP_MORE;
    http_head_init(head);
    if (cut > 0)
        result = parse_copy(head, text.data, cut, limits);
    return result == HTTP_MORE ? parse_copy(head, text.data, text.length, limits) : result;
}

static long parse_bytes(http_head *head, capra_slice text, const http_limits *limits)
{
    long result = HTTP_MORE;
    http_head_init(head);
    for (size_t length = 0; result == HTTP_MORE && length <= text.length; length++)
        result = parse_copy(head, text.data, length, limits);
    return result;
}

/* Whole, byte by byte, cut everywhere: each time the same comes out. `head` is that of the whole.
 */
static void check_result(http_head *head, capra_slice text, const http_limits *limits,
                         long expected)
{
    http_head other;
    long const found = parse_cut(head, text, 0, limits);
    if (found != expected)
        fail_msg("%.*s: found %ld %s", (int)text.length, text.data, found, error_name((int)found));
    assert_int_equal(parse_bytes(&other, text, limits), expected);
    for (size_t cut = 1; cut < text.length; cut++)
        assert_int_equal(parse_cut(&other, text, cut, limits), expected);
}

static void check_error(const char *text, long expected)
{
    http_head head;
    check_result(&head, slice_text(text), &http_default_limits, expected);
}

static http_head parse(const char *text)
{
    http_head head;
    check_result(&head, slice_text(text), &http_default_limits, (long)strlen(text));
    return head;
}

static capra_slice target_of(const http_head *head, const char *text)
{
    return slice_of(text + head->target, head->target_length);
}

static bool field_is(const http_head *head, const char *text, int index, const char *name,
                     const char *value)
{
    const http_field *f = &head->fields[index];
    return slice_is(slice_of(text + f->name, f->name_length), name) &&
           slice_is(slice_of(text + f->value, f->value_length), value);
}

/* ---- Valid heads ---- */

static void a_whole_head(void **state)
{
    (void)state;
    static const char text[] = "POST /a?b=c HTTP/1.1\r\n"
                               "Host: example.com\r\n"
                               "X-One:1\r\n"
                               "content-TYPE: \t text/plain \t \r\n"
                               "x-one:\r\n"
                               "Content-Length: 42\r\n"
                               "\r\n";
    http_head const head = parse(text);
    assert_int_equal(head.method, HTTP_POST);
    assert_int_equal(head.minor, 1);
    assert_true(head.keeps_alive);
    assert_false(head.expects_continue);
    assert_int_equal(head.framing, HTTP_BODY_LENGTH);
    assert_int_equal(head.content_length, 42);
    assert_true(slice_is(target_of(&head, text), "/a?b=c"));
    assert_int_equal(head.length, sizeof text - 1);
    assert_int_equal(head.field_count, 5);
    assert_true(field_is(&head, text, 0, "Host", "example.com"));
    assert_true(field_is(&head, text, 1, "X-One", "1"));
    assert_true(field_is(&head, text, 2, "content-TYPE", "text/plain"));
    assert_true(field_is(&head, text, 3, "x-one", ""));
    assert_true(field_is(&head, text, 4, "Content-Length", "42"));
    assert_int_equal(head.fields[2].id, HTTP_FIELD_CONTENT_TYPE);
    assert_int_equal(head.fields[3].id, HTTP_FIELD_OTHER);
    assert_int_equal(head.first[HTTP_FIELD_HOST], 1);
    assert_int_equal(head.first[HTTP_FIELD_CONTENT_LENGTH], 5);
    assert_int_equal(head.first[HTTP_FIELD_RANGE], 0);
}

static void fields_are_looked_up(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nAccept: b\r\nx-a: 2\r\n"
                               "Accept: c\r\nX-Empty:\r\n\r\n";
    http_head const head = parse(text);
    assert_true(slice_is(http_head_known(&head, text, HTTP_FIELD_HOST), "a"));
    assert_true(slice_is(http_head_known(&head, text, HTTP_FIELD_ACCEPT), "b"));
    assert_null(http_head_known(&head, text, HTTP_FIELD_RANGE).data);
    assert_int_equal(http_head_known(&head, text, HTTP_FIELD_RANGE).length, 0);
    assert_true(slice_is(http_head_field(&head, text, slice_text("X-a")), "1"));
    assert_true(slice_is(http_head_field(&head, text, slice_text("accept")), "b"));
    assert_true(slice_is(http_head_field(&head, text, slice_text("host")), "a"));
    assert_null(http_head_field(&head, text, slice_text("x")).data);
    assert_int_equal(http_head_field(&head, text, slice_text("x")).length, 0);
    assert_null(http_head_field(&head, text, slice_text("")).data);
    assert_non_null(http_head_field(&head, text, slice_text("x-empty")).data);
    assert_int_equal(http_head_field(&head, text, slice_text("x-empty")).length, 0);
}

static void empty_lines_count(void **state)
{
    (void)state;
    static const char text[] = "\r\n\r\nGET /x HTTP/1.0\r\n\r\n";
    http_head const head = parse(text);
    assert_int_equal(head.length, sizeof text - 1);
    assert_true(slice_is(target_of(&head, text), "/x"));
}

static void what_follows_is_not_looked_at(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.0\r\n\r\n\xff\0 next";
    http_head head;
    check_result(&head, slice_of(text, sizeof text - 1), &http_default_limits, 18);
}

static void a_complete_head_stays_complete(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.0\r\n\r\n";
    http_head head = parse(text);
    assert_int_equal(parse_copy(&head, text, sizeof text - 1, &http_default_limits), 18);
}

static void the_asterisk_is_for_options(void **state)
{
    (void)state;
    static const char text[] = "OPTIONS * HTTP/1.0\r\n\r\n";
    http_head const head = parse(text);
    assert_int_equal(head.method, HTTP_OPTIONS);
    assert_true(slice_is(target_of(&head, text), "*"));
}

static void every_method_is_read(void **state)
{
    (void)state;
    for (int method = 0; method < HTTP_METHOD_COUNT; method++) {
        char text[64];
        snprintf(text, sizeof text, "%s %s HTTP/1.0\r\n\r\n", http_method_name((http_method)method),
                 method == HTTP_CONNECT ? "a:443" : "/");
        assert_int_equal(parse(text).method, method);
    }
}

/* So that an error can be answered in the client's version. */
static void version_and_method_outlive_an_error(void **state)
{
    (void)state;
    http_head head;
    capra_slice const text = slice_text("PUT / HTTP/1.1\r\nbad");
    http_head_init(&head);
    assert_int_equal(head.method, HTTP_METHOD_COUNT);
    assert_int_equal(head.minor, 0);
    assert_int_equal(parse_cut(&head, text, 0, &http_default_limits), HTTP_MORE);
    assert_int_equal(
        parse_cut(&head, slice_text("PUT / HTTP/1.1\r\nbad\r\n"), 0, &http_default_limits),
        CAPRA_E_FIELD_NAME);
    assert_int_equal(head.method, HTTP_PUT);
    assert_int_equal(head.minor, 1);
}

/* ---- Errors ---- */

static void request_lines_that_are_refused(void **state)
{
    (void)state;
    check_error("\x16\x03\x01", CAPRA_E_REQUEST_LINE);
    check_error(" ", CAPRA_E_REQUEST_LINE);
    check_error("G\xff", CAPRA_E_REQUEST_LINE);
    check_error("GET\r\n", CAPRA_E_REQUEST_LINE);
    check_error("GET  /", CAPRA_E_REQUEST_LINE);
    check_error("GET \r\n", CAPRA_E_REQUEST_LINE);
    check_error("GET /\r\n", CAPRA_E_REQUEST_LINE);
    check_error("GET /\n", CAPRA_E_REQUEST_LINE);
    check_error("GET / \r", CAPRA_E_REQUEST_LINE);
    check_error("GET / HTTP/1.1 ", CAPRA_E_REQUEST_LINE);
    check_error("GET / HTTP/a", CAPRA_E_REQUEST_LINE);
    check_error("GET / HTTP/1-", CAPRA_E_REQUEST_LINE);
    check_error("GET / HTTP/1.x", CAPRA_E_REQUEST_LINE);
    check_error("GET / http", CAPRA_E_REQUEST_LINE);
    check_error("\r\n\r\n\r\n\r\n\r", CAPRA_E_REQUEST_LINE);
    check_error("FOO ", CAPRA_E_METHOD);
    check_error("get ", CAPRA_E_METHOD);
    check_error("UNSUBSCRIBED", CAPRA_E_METHOD);
    check_error("PRI / HTTP/1.1\r\n", CAPRA_E_METHOD);
    check_error("PRI / HTTP/1.0\r\n", CAPRA_E_METHOD);
    check_error("PRI * HTTP/2.0", CAPRA_E_VERSION);
    check_error("GET / HTTP/2.0", CAPRA_E_VERSION);
    check_error("GET / HTTP/1.2", CAPRA_E_VERSION);
    check_error("GET / HTTP/0.9", CAPRA_E_VERSION);
    check_error("GET / HTTP/0.1", CAPRA_E_VERSION);
    check_error("GET /\x01", CAPRA_E_TARGET);
    check_error("GET /\x7f", CAPRA_E_TARGET);
    check_error("GET /\xc3", CAPRA_E_TARGET);
    check_error("GET \t", CAPRA_E_TARGET);
    check_error("GET * ", CAPRA_E_TARGET);
    check_error("CONNECT * ", CAPRA_E_TARGET);
    check_error("CONNECT / ", CAPRA_E_TARGET);
    check_error("CONNECT http://a/ ", CAPRA_E_TARGET);
    check_error("\n", CAPRA_E_LINE_END);
    check_error("\rX", CAPRA_E_LINE_END);
    check_error("\r\n\n", CAPRA_E_LINE_END);
    check_error("GET / HTTP/1.1\n", CAPRA_E_LINE_END);
    check_error("GET / HTTP/1.1\rX", CAPRA_E_LINE_END);
    check_error("GET / HT\n", CAPRA_E_LINE_END);
}

static void fields_that_are_refused(void **state)
{
    (void)state;
    check_error("GET / HTTP/1.1\r\n:", CAPRA_E_FIELD_NAME);
    check_error("GET / HTTP/1.1\r\n\x80", CAPRA_E_FIELD_NAME);
    check_error("GET / HTTP/1.1\r\nHost ", CAPRA_E_FIELD_NAME);
    check_error("GET / HTTP/1.1\r\nHost\r\n", CAPRA_E_FIELD_NAME);
    check_error("GET / HTTP/1.1\r\nHost: a\r\nA\x01", CAPRA_E_FIELD_NAME);
    check_error("GET / HTTP/1.1\r\nHost:\x01", CAPRA_E_FIELD_VALUE);
    check_error("GET / HTTP/1.1\r\nHost: a\x7f", CAPRA_E_FIELD_VALUE);
    check_error("GET / HTTP/1.1\r\n ", CAPRA_E_FIELD_FOLDED);
    check_error("GET / HTTP/1.1\r\n\t", CAPRA_E_FIELD_FOLDED);
    check_error("GET / HTTP/1.1\r\nHost: a\r\n ", CAPRA_E_FIELD_FOLDED);
    check_error("GET / HTTP/1.1\r\n\n", CAPRA_E_LINE_END);
    check_error("GET / HTTP/1.1\r\nHost: a\n", CAPRA_E_LINE_END);
    check_error("GET / HTTP/1.1\r\nHost: a\rX", CAPRA_E_LINE_END);
    check_error("GET / HTTP/1.1\r\nHost: a\r\r", CAPRA_E_LINE_END);
    check_error("GET / HTTP/1.1\r\nHost: a\r\n\rX", CAPRA_E_LINE_END);
}

static void messages_that_are_refused(void **state)
{
    (void)state;
    check_error("GET / HTTP/1.1\r\n\r\n", CAPRA_E_HOST);
    check_error("GET / HTTP/1.1\r\nHost: a/b\r\n", CAPRA_E_HOST);
    check_error("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", CAPRA_E_HOST);
    check_error("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n", CAPRA_E_HOST);
    check_error("GET / HTTP/1.0\r\nContent-Length:\r\n", CAPRA_E_LENGTH);
    check_error("GET / HTTP/1.0\r\nContent-Length: 1x\r\n", CAPRA_E_LENGTH);
    check_error("GET / HTTP/1.0\r\nContent-Length: -1\r\n", CAPRA_E_LENGTH);
    check_error("GET / HTTP/1.0\r\nContent-Length: 1, 1\r\n", CAPRA_E_LENGTH);
    check_error("GET / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n", CAPRA_E_LENGTH);
    check_error("GET / HTTP/1.0\r\nContent-Length: 10000000000000000000\r\n", CAPRA_E_LENGTH);
    check_error("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", CAPRA_E_ENCODING);
    check_error("GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n", CAPRA_E_ENCODING);
    check_error("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                CAPRA_E_ENCODING);
    check_error("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                CAPRA_E_FRAMING);
    check_error("GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                CAPRA_E_FRAMING);
    check_error("GET / HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                CAPRA_E_FRAMING);
    check_error("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\t\r\n", CAPRA_E_ENCODING);
    check_error("GET / HTTP/1.1\r\nTransfer-Encoding: chunked \t \r\n", CAPRA_E_ENCODING);
    check_error("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", CAPRA_E_EXPECT);
    check_error("GET / HTTP/1.1\r\nHost: a\r\nExpect:\r\n\r\n", CAPRA_E_EXPECT);
    check_error("GET / HTTP/1.1\r\nHost: a\r\nExpect: ,\r\nExpect:\r\n\r\n", CAPRA_E_EXPECT);
    check_error("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nA: b\r\nExpect: x\r\n\r\n",
                CAPRA_E_EXPECT);
}

/* Every prefix of a valid head is one that needs more. */
static void prefixes_need_more(void **state)
{
    (void)state;
    static const char text[] =
        "\r\nPOST /a HTTP/1.1\r\nHost: a\r\nX: y \r\nExpect: 100-continue\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        http_head head;
        check_result(&head, slice_of(text, length), &http_default_limits, HTTP_MORE);
    }
}

/* ---- What fields mean ---- */

static void framing(void **state)
{
    (void)state;
    http_head head = parse("GET / HTTP/1.0\r\n\r\n");
    assert_int_equal(head.framing, HTTP_BODY_NONE);
    assert_int_equal(head.content_length, 0);
    head = parse("GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(head.framing, HTTP_BODY_LENGTH);
    assert_int_equal(head.content_length, 0);
    head = parse("GET / HTTP/1.0\r\nContent-Length: 9999999999999999999\r\n\r\n");
    assert_int_equal(head.content_length, 9999999999999999999u);
    head = parse("GET / HTTP/1.0\r\nContent-Length: 0000000000000000012\r\n\r\n");
    assert_int_equal(head.content_length, 12);
    head = parse("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n");
    assert_int_equal(head.framing, HTTP_BODY_CHUNKED);
    assert_int_equal(head.content_length, 0);
}

static bool keeps_alive(int minor, const char *fields)
{
    char text[256];
    snprintf(text, sizeof text, "GET / HTTP/1.%d\r\nHost: a\r\n%s\r\n", minor, fields);
    return parse(text).keeps_alive;
}

static void connections(void **state)
{
    (void)state;
    assert_true(keeps_alive(1, ""));
    assert_false(keeps_alive(0, ""));
    assert_true(keeps_alive(1, "Connection: keep-alive\r\n"));
    assert_true(keeps_alive(0, "Connection: keep-alive\r\n"));
    assert_false(keeps_alive(1, "Connection: close\r\n"));
    assert_false(keeps_alive(0, "Connection: close\r\n"));
    assert_false(keeps_alive(0, "Connection: keep-alive, close\r\n"));
    assert_false(keeps_alive(0, "Connection: keep-alive\r\nA: b\r\nConnection: Close\r\n"));
    assert_false(keeps_alive(1, "A: b\r\nConnection: x, close\r\n"));
    assert_true(keeps_alive(0, "Connection: x\r\nConnection: Keep-Alive\r\n"));
    assert_false(keeps_alive(0, "Connection: x\r\n"));
    assert_true(keeps_alive(1, "Connection: x\r\nKeep-Alive: close\r\n"));
    assert_true(keeps_alive(1, "Connection: \"close\", \"x, close\", , closed\r\n"));
    assert_false(keeps_alive(1, "Connection: \"x,close\r\n"));
    assert_false(parse("GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n").keeps_alive);
    assert_false(keeps_alive(1, "Connection: \"x,close,y\"\r\n"));
    assert_true(keeps_alive(1, "Connection:\r\n"));
}

static bool expects_continue(int minor, const char *fields)
{
    char text[256];
    snprintf(text, sizeof text, "GET / HTTP/1.%d\r\nHost: a\r\n%s\r\n", minor, fields);
    return parse(text).expects_continue;
}

static void expectations(void **state)
{
    (void)state;
    assert_true(expects_continue(1, "Content-Length: 1\r\nExpect: 100-CONTINUE\r\n"));
    assert_true(expects_continue(1, "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"));
    assert_true(expects_continue(1, "Expect:\r\nA: b\r\nExpect: 100-continue\r\n"
                                    "Content-Length: 1\r\n"));
    assert_false(expects_continue(1, "Expect: 100-continue\r\n"));
    assert_false(expects_continue(1, "Content-Length: 0\r\nExpect: 100-continue\r\n"));
    assert_false(expects_continue(0, "Content-Length: 1\r\nExpect: 100-continue\r\n"));
    assert_false(expects_continue(0, "Content-Length: 1\r\nExpect: x\r\n"));
}

/* ---- Limits ---- */

/* The text with `count` times `filler` in the place of its only `*`. */
static capra_slice fill(char **memory, const char *text, const char *filler, size_t count)
{
    const char *star = strchr(text, '*');
    size_t const before = (size_t)(star - text), size = strlen(filler);
    *memory = malloc(strlen(text) + size * count);
    memcpy(*memory, text, before);
    for (size_t i = 0; i < count; i++)
        memcpy(*memory + before + i * size, filler, size);
    memcpy(*memory + before + size * count, star + 1, strlen(star + 1));
    return slice_of(*memory, strlen(text) - 1 + size * count);
}

/* What `check_limit` expects when all of the text makes a head. */
enum { FITS = 1 };

static void check_limit(const http_limits *limits, const char *text, const char *filler,
                        size_t count, int expected)
{
    http_head head;
    char *memory;
    capra_slice const filled = fill(&memory, text, filler, count);
    check_result(&head, filled, limits, expected == FITS ? (long)filled.length : expected);
    free(memory);
}

static void long_targets(void **state)
{
    (void)state;
    static const http_limits limits = { .head_bytes = 1000, .target_bytes = 50, .fields = 10 };
    check_limit(&limits, "GET /* HTTP/1.0\r\n\r\n", "a", 48, FITS);
    check_limit(&limits, "GET /* HTTP/1.0\r\n\r\n", "a", 49, FITS);
    check_limit(&limits, "GET /* HTTP/1.0\r\n\r\n", "a", 50, CAPRA_E_TARGET_LONG);
    check_limit(&limits, "GET /* HTTP/1.0\r\n\r\n", "a", 100, CAPRA_E_TARGET_LONG);
    check_limit(&limits, "GET /*", "a", 50, CAPRA_E_TARGET_LONG);
    check_limit(&limits, "GET /*\x01", "a", 49, CAPRA_E_TARGET);
    check_limit(&limits, "GET /*\x01", "a", 50, CAPRA_E_TARGET_LONG);
    check_limit(&limits, "GET /*", "a", 49, HTTP_MORE);
}

static void long_heads(void **state)
{
    (void)state;
    static const http_limits limits = { .head_bytes = 100, .target_bytes = 1000, .fields = 10 };
    /* The text without the star is 27 bytes long. */
    static const char text[] = "GET / HTTP/1.0\r\nName: *\r\n\r\n";
    check_limit(&limits, text, "a", 100 - (sizeof text - 2) - 1, FITS);
    check_limit(&limits, text, "a", 100 - (sizeof text - 2), FITS);
    check_limit(&limits, text, "a", 100 - (sizeof text - 2) + 1, CAPRA_E_HEAD_LONG);
    check_limit(&limits, "GET / HTTP/1.0\r\nN*: \r\n\r\n", "a", 100, CAPRA_E_HEAD_LONG);
    check_limit(&limits, "GET /* HTTP/1.0\r\n\r\n", "a", 100, CAPRA_E_HEAD_LONG);
    check_limit(&limits, "GET / HTTP/1.0\r\nN:*", " ", 100, CAPRA_E_HEAD_LONG);
    check_limit(&limits, "GET / HTTP/1.0\r\n*", "N: a\r\n", 9, HTTP_MORE);
    check_limit(&limits, "GET / HTTP/1.0\r\n*", "Na: a\r\n", 12, CAPRA_E_FIELDS_MANY);
    check_limit(&limits, "GET / HTTP/1.0\r\n*", "Na: aaaaaaaa\r\n", 6, CAPRA_E_HEAD_LONG);
}

/* The outcome at a limit is the same when it falls into the request line, or on a CR. */
static void limits_of_every_size(void **state)
{
    (void)state;
    static const char text[] = "\r\nGET /ab HTTP/1.0\r\nName: value\r\n\r\n";
    for (uint32_t bytes = 0; bytes <= sizeof text; bytes++) {
        http_limits const limits = { .head_bytes = bytes, .target_bytes = 10, .fields = 10 };
        http_head head;
        check_result(&head, slice_text(text), &limits,
                     bytes < sizeof text - 1 ? CAPRA_E_HEAD_LONG : (long)sizeof text - 1);
    }
}

static void many_fields(void **state)
{
    (void)state;
    static const http_limits limits = { .head_bytes = 5000, .target_bytes = 50, .fields = 5 };
    static const http_limits none = { .head_bytes = 5000, .target_bytes = 50, .fields = 0 };
    check_limit(&limits, "GET / HTTP/1.0\r\n*\r\n", "N: a\r\n", 4, FITS);
    check_limit(&limits, "GET / HTTP/1.0\r\n*\r\n", "N: a\r\n", 5, FITS);
    check_limit(&limits, "GET / HTTP/1.0\r\n*\r\n", "N: a\r\n", 6, CAPRA_E_FIELDS_MANY);
    check_limit(&limits, "GET / HTTP/1.0\r\n*N", "N: a\r\n", 5, CAPRA_E_FIELDS_MANY);
    check_limit(&limits, "GET / HTTP/1.0\r\n*:", "N: a\r\n", 5, CAPRA_E_FIELD_NAME);
    check_limit(&none, "GET / HTTP/1.0\r\n*\r\n", "", 0, FITS);
    check_limit(&none, "GET / HTTP/1.0\r\n*\r\n", "N: a\r\n", 1, CAPRA_E_FIELDS_MANY);
    check_limit(&http_default_limits, "GET / HTTP/1.0\r\n*\r\n", "N:\r\n", 100, FITS);
    check_limit(&http_default_limits, "GET / HTTP/1.0\r\n*\r\n", "N:\r\n", 101,
                CAPRA_E_FIELDS_MANY);
}

/* Lengths of names have 16 bits. */
static void names_beyond_64_KiB(void **state)
{
    (void)state;
    static const http_limits limits = { .head_bytes = UINT32_MAX,
                                        .target_bytes = UINT32_MAX,
                                        .fields = 10 };
    http_head head;
    char *memory;
    capra_slice text = fill(&memory, "GET / HTTP/1.0\r\n*: a\r\n\r\n", "N", UINT16_MAX);
    assert_int_equal(parse_cut(&head, text, 0, &limits), text.length);
    assert_int_equal(head.fields[0].name_length, UINT16_MAX);
    assert_int_equal(parse_cut(&head, text, UINT16_MAX, &limits), text.length);
    free(memory);
    text = fill(&memory, "GET / HTTP/1.0\r\n*: a\r\n\r\n", "N", UINT16_MAX + 1);
    assert_int_equal(parse_cut(&head, text, 0, &limits), CAPRA_E_HEAD_LONG);
    assert_int_equal(parse_cut(&head, text, UINT16_MAX, &limits), CAPRA_E_HEAD_LONG);
    assert_int_equal(parse_cut(&head, slice_of(text.data, 16 + UINT16_MAX + 1), 0, &limits),
                     CAPRA_E_HEAD_LONG);
    free(memory);
}

static void default_limits(void **state)
{
    (void)state;
    assert_int_equal(http_default_limits.head_bytes, 16384);
    assert_int_equal(http_default_limits.target_bytes, 8192);
    assert_int_equal(http_default_limits.fields, HTTP_HEAD_FIELDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_head),
        cmocka_unit_test(fields_are_looked_up),
        cmocka_unit_test(empty_lines_count),
        cmocka_unit_test(what_follows_is_not_looked_at),
        cmocka_unit_test(a_complete_head_stays_complete),
        cmocka_unit_test(the_asterisk_is_for_options),
        cmocka_unit_test(every_method_is_read),
        cmocka_unit_test(version_and_method_outlive_an_error),
        cmocka_unit_test(request_lines_that_are_refused),
        cmocka_unit_test(fields_that_are_refused),
        cmocka_unit_test(messages_that_are_refused),
        cmocka_unit_test(prefixes_need_more),
        cmocka_unit_test(framing),
        cmocka_unit_test(connections),
        cmocka_unit_test(expectations),
        cmocka_unit_test(long_targets),
        cmocka_unit_test(long_heads),
        cmocka_unit_test(limits_of_every_size),
        cmocka_unit_test(many_fields),
        cmocka_unit_test(names_beyond_64_KiB),
        cmocka_unit_test(default_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
