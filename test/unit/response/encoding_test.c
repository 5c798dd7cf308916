/* SPDX-License-Identifier: MIT */
#include "response/encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Which response is compressed, how, and what its header says of it. The numbers in comments are
 * rows of the table of observed answers of Next. */

/* ---- Who gets what ---- */

typedef struct choice {
    const char *accept;
    http_coding ours, next;
} choice;

static const choice choices[] = {
    { "gzip", HTTP_GZIP, HTTP_GZIP },                      /* P304 */
    { "br", HTTP_BR, HTTP_IDENTITY },                      /* P305 */
    { "zstd", HTTP_ZSTD, HTTP_IDENTITY },                  /* O9.4-5 */
    { "deflate", HTTP_DEFLATE, HTTP_DEFLATE },             /* P306 */
    { "gzip;q=0", HTTP_IDENTITY, HTTP_IDENTITY },          /* P307 */
    { "*", HTTP_GZIP, HTTP_GZIP },                         /* P308 */
    { "gzip;q=0.5, deflate;q=0.9", HTTP_GZIP, HTTP_GZIP }, /* P309 */
    { "", HTTP_IDENTITY, HTTP_IDENTITY },                  /* P310 */
    { "gzip;q=0, *", HTTP_DEFLATE, HTTP_DEFLATE },         /* P462 */
    { "GZIP", HTTP_GZIP, HTTP_GZIP },                      /* P463 */
    { "gzip;q=0.5, identity;q=1", HTTP_IDENTITY, HTTP_IDENTITY },
    { "gzip, deflate, br, zstd", HTTP_ZSTD, HTTP_GZIP }, /* O9.4-4 */
    { "gzip, deflate, br", HTTP_BR, HTTP_GZIP },
    { "gzip, deflate", HTTP_GZIP, HTTP_GZIP },
    { "deflate, gzip", HTTP_GZIP, HTTP_GZIP },
    { "x-gzip", HTTP_IDENTITY, HTTP_IDENTITY },
    { "identity", HTTP_IDENTITY, HTTP_IDENTITY },
    { "identity;q=0", HTTP_IDENTITY, HTTP_IDENTITY },
    { "*;q=0", HTTP_IDENTITY, HTTP_IDENTITY },
    { "*;q=0, gzip", HTTP_GZIP, HTTP_GZIP },
    { "identity;q=0, *", HTTP_GZIP, HTTP_GZIP },
    { "gzip;q=0.5, *;q=0.1", HTTP_GZIP, HTTP_GZIP },
    { "gzip;q=0.5", HTTP_GZIP, HTTP_GZIP },
    { "identity, gzip", HTTP_GZIP, HTTP_IDENTITY },
    { "gzip, identity", HTTP_GZIP, HTTP_GZIP },
    { "br;q=0.9, gzip;q=1", HTTP_GZIP, HTTP_GZIP },
    { "zstd;q=0.001", HTTP_ZSTD, HTTP_IDENTITY },
    { "br;q=0.2, gzip;q=0.5", HTTP_GZIP, HTTP_GZIP },
    { "zstd;q=0, *;q=0.3", HTTP_GZIP, HTTP_GZIP },
    { "*, br", HTTP_BR, HTTP_GZIP },
    { "deflate, gzip;q=0", HTTP_DEFLATE, HTTP_DEFLATE },
    { "deflate;q=0.9, gzip;q=0.1, br;q=0.5", HTTP_BR, HTTP_GZIP },
    { "gzip;q=1.5, br;q=oops", HTTP_IDENTITY, HTTP_IDENTITY },
};

static void chooses_what_the_client_likes_best(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        http_codings accepted;
        http_codings_init(&accepted);
        http_codings_read(&accepted, slice_text(choices[i].accept));
        http_coding const ours = encoding_choose(&accepted, false);
        http_coding const next = encoding_choose(&accepted, true);
        if (ours != choices[i].ours || next != choices[i].next)
            fail_msg("\"%s\": %s, and as Next %s", choices[i].accept, http_coding_name(ours),
                     http_coding_name(next));
    }
}

/* ---- Types ---- */

static void knows_what_is_worth_it(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "text/plain",
        "text/html; charset=utf-8",
        "TEXT/CSS",
        "text/x-unknown",
        "text/event-stream",
        "image/svg+xml", /* P312 */
        "application/json",
        "application/JSON ; charset=utf-8",
        "application/vnd.api+json",
        "foo/bar+json",
        "foo/bar+text",
        "application/wasm", /* P464 */
        "application/dart",
        "application/xml-dtd",
        "application/x-www-form-urlencoded",
        "font/ttf",
        "image/bmp",
        "message/rfc822",
        "model/gltf-binary",
        "x-shader/x-vertex",
    };
    static const char *const no[] = {
        "image/png", /* P311 */
        "application/octet-stream",
        "application/pdf",
        "application/zip",
        "application/x-ndjson",
        "application/grpc",
        "font/woff2",
        "video/mp4",
        "multipart/form-data",
        "garbage",
        "",
        ";",
        "text",
        "json",
        "application/json2",
        "application/a-type-with-a-name-that-is-longer-than-any-that-would-be-in-the-table",
    };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!encoding_is_compressible(slice_text(yes[i])))
            fail_msg("%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (encoding_is_compressible(slice_text(no[i])))
            fail_msg("%s", no[i]);
    assert_false(encoding_is_compressible((capra_slice){ 0 }));
}

/* ---- Whole responses ---- */

enum { LONG = 5000 };

/* What becomes of `lines`, written out, with the coding before them: "gzip|Content-Type: …". */
static const char *decide(const char *method, const char *fields, const char *lines, int status,
                          int64_t length, bool as_next)
{
    static char out[1024];
    char text[1024];
    http_head head;
    encoding e;
    int const size =
        snprintf(text, sizeof text, "%s / HTTP/1.1\r\nHost: x\r\n%s\r\n", method, fields);
    http_head_init(&head);
    assert_int_equal(http_head_parse(&head, text, (size_t)size, &http_default_limits), size);
    encoding_decide(&e, slice_text(lines), status, length, &head, text, as_next);
    char *at = out + sprintf(out, "%s|", http_coding_name(e.coding));
    char *end = encoding_put_lines(at, slice_text(lines), &e);
    assert_true((size_t)(end - at) <= strlen(lines) + ENCODING_ROOM);
    *end = '\0';
    return out;
}

#define GZIP "Accept-Encoding: gzip\r\n"
#define TEXT "Content-Type: text/plain\r\n"
#define JSON "Content-Type: application/json; charset=utf-8\r\n"
#define VARY "Vary: Accept-Encoding\r\n"

static void compresses_what_is_long(void **state)
{
    (void)state;
    assert_string_equal(decide("GET", GZIP, TEXT, 200, 1023, false),
                        "identity|" TEXT VARY);                                           /* P303 */
    assert_string_equal(decide("GET", GZIP, TEXT, 200, 1024, false), "gzip|" TEXT VARY);  /* P304 */
    assert_string_equal(decide("GET", GZIP, TEXT, 200, -1, false), "gzip|" TEXT VARY);    /* P316 */
    assert_string_equal(decide("GET", GZIP, TEXT, 200, 10, true), "identity|" TEXT VARY); /* P317 */
    assert_string_equal(decide("POST", GZIP, TEXT, 500, LONG, false), "gzip|" TEXT VARY);
}

static void says_that_it_varies(void **state)
{
    (void)state;
    assert_string_equal(decide("GET", "", JSON, 200, 7, false), "identity|" JSON VARY);
    assert_string_equal(decide("GET", "", TEXT, 200, LONG, false),
                        "identity|" TEXT VARY); /* P310 */
    assert_string_equal(decide("GET", "Accept-Encoding: gzip;q=0\r\n", TEXT, 200, LONG, false),
                        "identity|" TEXT VARY);                                          /* P307 */
    assert_string_equal(decide("GET", GZIP, JSON, 200, LONG, false), "gzip|" JSON VARY); /* P315 */
    assert_string_equal(decide("HEAD", GZIP, JSON, 200, LONG, false),
                        "identity|" JSON VARY); /* P321 */
    assert_string_equal(decide("GET", GZIP, JSON, 304, 0, false), "identity|" JSON VARY);
    assert_string_equal(decide("GET", GZIP, TEXT, 206, LONG, false), "identity|" TEXT VARY);
}

static void leaves_other_types_alone(void **state)
{
    (void)state;
    assert_string_equal(decide("GET", GZIP, "Content-Type: image/png\r\n", 200, LONG, false),
                        "identity|Content-Type: image/png\r\n");                 /* P311 */
    assert_string_equal(decide("GET", GZIP, "", 200, LONG, false), "identity|"); /* P314 */
    assert_string_equal(decide("GET", GZIP, "X-A: 1\r\n", 200, LONG, false), "identity|X-A: 1\r\n");
}

/* P313 */
static void never_holds_events_back(void **state)
{
    (void)state;
    static const char events[] = "Content-Type: Text/Event-Stream; charset=utf-8\r\n";
    char expected[128];
    assert_string_equal(decide("GET", GZIP, events, 200, -1, false) + 9, events);
    snprintf(expected, sizeof expected, "gzip|%s" VARY, events);
    assert_string_equal(decide("GET", GZIP, events, 200, -1, true), expected);
}

/* P318 */
static void transforms_nothing_that_must_not_be(void **state)
{
    (void)state;
    static const char *const lines[] = {
        TEXT "Cache-Control: no-transform\r\n",
        "cache-control: public, no-transform, max-age=1\r\n" TEXT,
        TEXT "Cache-Control: public\r\nCache-Control: no-transform\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_string_equal(decide("GET", GZIP, lines[i], 200, LONG, false) + 9, lines[i]);
    assert_string_equal(decide("GET", GZIP, TEXT "Cache-Control: public\r\n", 200, LONG, false),
                        "gzip|" TEXT "Cache-Control: public\r\n" VARY);
}

static void leaves_a_coding_alone(void **state)
{
    (void)state;
    assert_string_equal(decide("GET", GZIP, TEXT "Content-Encoding: br\r\n", 200, LONG, false),
                        "identity|" TEXT "Content-Encoding: br\r\n" VARY); /* P319 */
    /* O9.4-8 */
    assert_string_equal(
        decide("GET", GZIP, "Content-Encoding: identity\r\n" TEXT, 200, LONG, false),
        "gzip|" TEXT VARY);
    assert_string_equal(
        decide("GET", GZIP, "Vary: A\r\ncontent-encoding: Identity\r\n" TEXT, 200, LONG, false),
        "gzip|Vary: A, Accept-Encoding\r\n" TEXT);
    assert_string_equal(
        decide("GET", GZIP, TEXT "content-encoding: Identity\r\nVary: A\r\n", 200, LONG, false),
        "gzip|" TEXT "Vary: A, Accept-Encoding\r\n");
    assert_string_equal(decide("GET", "", TEXT "Content-Encoding: identity\r\n", 200, LONG, false),
                        "identity|" TEXT "Content-Encoding: identity\r\n" VARY);
}

static void completes_a_vary(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "Vary: Origin\r\n", "Vary: Origin, Accept-Encoding\r\n" }, /* P320 */
        { "vary: Origin \r\n", "vary: Origin , Accept-Encoding\r\n" },
        { "Vary: \r\n", "Vary: Accept-Encoding\r\n" },
        { "Vary: accept-encoding\r\n", "Vary: accept-encoding\r\n" },
        { "Vary: Origin, ACCEPT-ENCODING\r\n", "Vary: Origin, ACCEPT-ENCODING\r\n" },
        { "Vary: *\r\n", "Vary: *\r\n" },
        { "Vary: A\r\nVary: B\r\n", "Vary: A\r\nVary: B, Accept-Encoding\r\n" },
        { "Vary: Accept-Encoding\r\nVary: B\r\n", "Vary: Accept-Encoding\r\nVary: B\r\n" },
        { "Vary: Accept-Encodings\r\n", "Vary: Accept-Encodings, Accept-Encoding\r\n" },
        { "X-Vary: Accept-Encoding\r\n", "X-Vary: Accept-Encoding\r\n" VARY },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lines[256], before[256], after[256];
        snprintf(lines, sizeof lines, TEXT "%s", cases[i][0]);
        snprintf(before, sizeof before, "gzip|" TEXT "%s", cases[i][1]);
        assert_string_equal(decide("GET", GZIP, lines, 200, LONG, false), before);
        if (strncmp(cases[i][0], "X-", 2) == 0)
            continue;
        snprintf(lines, sizeof lines, "%s" TEXT, cases[i][0]);
        snprintf(after, sizeof after, "gzip|%s" TEXT, cases[i][1]);
        assert_string_equal(decide("GET", GZIP, lines, 200, LONG, false), after);
    }
}

/* A client may spread its list over several lines (RFC 9110, 5.3). */
static void reads_all_lines_of_the_client(void **state)
{
    (void)state;
    assert_string_equal(decide("GET", "Accept-Encoding: gzip\r\nX: y\r\naccept-encoding: zstd\r\n",
                               TEXT, 200, LONG, false),
                        "zstd|" TEXT VARY);
}

/* Lines come from C too, without a request that could be parsed. */
static void does_without_a_request(void **state)
{
    (void)state;
    encoding e;
    encoding_decide(&e, slice_text(TEXT), 400, LONG, NULL, NULL, false);
    assert_int_equal(e.coding, HTTP_IDENTITY);
    assert_non_null(e.insert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_what_the_client_likes_best),
        cmocka_unit_test(knows_what_is_worth_it),
        cmocka_unit_test(compresses_what_is_long),
        cmocka_unit_test(says_that_it_varies),
        cmocka_unit_test(leaves_other_types_alone),
        cmocka_unit_test(never_holds_events_back),
        cmocka_unit_test(transforms_nothing_that_must_not_be),
        cmocka_unit_test(leaves_a_coding_alone),
        cmocka_unit_test(completes_a_vary),
        cmocka_unit_test(reads_all_lines_of_the_client),
        cmocka_unit_test(does_without_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
