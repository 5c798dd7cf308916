/* SPDX-License-Identifier: MIT */
#include "support/fake_conn.h"
#include "support/fake_host.h"

#include "base/error.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

/* Answers that are not made at once: files, and what is long and compressed. */

enum { BIG = 300000, LONG = 1000000, COPY_MAX = 2 * LONG };

static const char manifest[] =
    "{\"version\":1,\"routes\":["
    "{\"route\":\"/long\",\"file\":\"long.js\",\"kind\":\"script\",\"module\":\"x\"},"
    "{\"route\":\"/stream\",\"file\":\"stream.js\",\"kind\":\"script\",\"module\":\"x\"},"
    "{\"route\":\"/[id]\",\"file\":\"id.js\",\"kind\":\"script\",\"module\":\"x\"}]%s}";

typedef struct world {
    char folder[64];
    char *big, *text;
    server *server;
    script_host host;
    fake_conn conn;
    uint32_t stream;
    int ended;
} world;

static void on_request(void *data, capra_request *req)
{
    world *w = data;
    response_head const head = { .status = 200,
                                 .lines = slice_text("Content-Type: text/plain\r\n") };
    if (slice_is(req->target.path, "/long")) {
        response_send(&req->res, &head, slice_of(w->text, LONG));
    } else if (slice_is(req->target.path, "/stream")) {
        w->stream = req->id;
        response_begin(&req->res, &head, -1);
        server_wrote(req);
    } else {
        response_send(&req->res, &head, slice_text("dynamic"));
    }
}

static void on_ended(void *data, uint32_t id, script_end why)
{
    (void)id;
    (void)why;
    ((world *)data)->ended++;
}

static void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, length, out), length);
    fclose(out);
}

/* The working directory is the project, as for a worker. */
static void make_project(world *w, const char *settings)
{
    char text[1024];
    strcpy(w->folder, "/tmp/capra-pull-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    assert_int_equal(chdir(w->folder), 0);
    assert_int_equal(mkdir("public", 0777), 0);
    write_file("public/big.txt", w->big, BIG);
    write_file("public/small.txt", "0123456789", 10);
    write_file("public/empty.txt", "", 0);
    write_file("public/index.html", "<p>", 3);
    write_file("public/photo.png", w->big, BIG);
    int const length = snprintf(text, sizeof text, manifest, settings);
    write_file("manifest.json", text, (size_t)length);
}

static world *begin(const char *settings)
{
    world *w = calloc(1, sizeof *w);
    char why[256] = "";
    options o;
    app *a;
    w->big = malloc(BIG);
    w->text = malloc(LONG);
    for (size_t i = 0; i < BIG; i++)
        w->big[i] = (char)('a' + i * i % 23);
    for (size_t i = 0; i < LONG; i++)
        w->text[i] = (char)('A' + i % 26 * (i / 1000 % 2));
    make_project(w, settings);
    options_init(&o);
    if (app_load(&a, "manifest.json", APP_WHOLE, why, sizeof why) != 0)
        fail_msg("%s", why);
    w->host = fake_host(w);
    w->host.request = on_request;
    w->host.ended = on_ended;
    w->server = server_new(&o, a, &w->host, NULL);
    app_release(a);
    fake_conn_open(&w->conn, w->server);
    return w;
}

static int set_up(void **state)
{
    *state = begin("");
    return 0;
}

static int set_up_as_next(void **state)
{
    *state = begin(",\"settings\":{\"parity\":true}");
    return 0;
}

static int set_up_uncompressed(void **state)
{
    *state = begin(",\"settings\":{\"compress\":false}");
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    char command[128];
    fake_conn_cleanup(&w->conn);
    assert_int_equal(server_in_flight(w->server), 0);
    server_free(w->server);
    assert_int_equal(chdir("/tmp"), 0);
    snprintf(command, sizeof command, "rm -r %s", w->folder);
    assert_int_equal(system(command), 0);
    free(w->big);
    free(w->text);
    free(w);
    return 0;
}

/* ---- Helpers ---- */

static const char *sent(world *w)
{
    buffer_append(&w->conn.sent, "", 1);
    w->conn.sent.end--;
    return w->conn.sent.data + w->conn.sent.start;
}

static void ask(world *w, const char *method, const char *path, const char *fields)
{
    char text[512];
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", method, path, fields);
    buffer_cleanup(&w->conn.sent);
    fake_conn_receive_text(&w->conn, text);
}

static void assert_has(world *w, const char *needle)
{
    if (strstr(sent(w), needle) == NULL)
        fail_msg("`%s` is not in %.600s", needle, sent(w));
}

static void assert_lacks(world *w, const char *needle)
{
    if (strstr(sent(w), needle) != NULL)
        fail_msg("`%s` is in %.600s", needle, sent(w));
}

/* What follows the head. */
static capra_slice body_of(world *w)
{
    const char *end = strstr(sent(w), "\r\n\r\n");
    assert_non_null(end);
    capra_slice const all = buffer_slice(&w->conn.sent);
    return slice_from(all, (size_t)(end + 4 - all.data));
}

static void assert_body(world *w, const char *bytes, size_t length)
{
    capra_slice const found = body_of(w);
    assert_int_equal(found.length, length);
    assert_memory_equal(found.data, bytes, length);
}

static void assert_status(world *w, const char *status)
{
    if (strncmp(sent(w) + 9, status, 3) != 0)
        fail_msg("not %s: %.300s", status, sent(w));
}

/* The chunks put together, up to and without the last one. */
static buffer join_chunks(capra_slice text, bool *has_ended)
{
    buffer out = { 0 };
    char *end;
    *has_ended = false;
    while (text.length > 0) {
        size_t const length = strtoul(text.data, &end, 16);
        text = slice_from(text, (size_t)(end - text.data) + 2);
        buffer_append(&out, text.data, length);
        text = slice_from(text, length + 2);
        *has_ended = length == 0;
    }
    return out;
}

static size_t gunzip(char *out, const buffer *in)
{
    z_stream z = { .next_in = (Bytef *)in->data,
                   .avail_in = (uInt)buffer_length(in),
                   .next_out = (Bytef *)out,
                   .avail_out = COPY_MAX };
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    inflate(&z, Z_SYNC_FLUSH);
    size_t const length = z.total_out;
    inflateEnd(&z);
    return length;
}

/* All that was sent so far, decompressed. Returns whether the last chunk has come. */
static bool assert_gunzipped(world *w, const char *bytes, size_t length)
{
    bool has_ended;
    buffer in = join_chunks(body_of(w), &has_ended);
    char *out = malloc(COPY_MAX);
    assert_int_equal(gunzip(out, &in), length);
    assert_memory_equal(out, bytes, length);
    free(out);
    buffer_cleanup(&in);
    return has_ended;
}

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

static const char gzip[] = "Accept-Encoding: gzip\r\n";

/* ---- Files ---- */

static void sends_a_file(void **state)
{
    world *w = *state;
    int const before = open_descriptors();
    ask(w, "GET", "/big.txt", "");
    assert_status(w, "200");
    assert_has(w, "\r\nContent-Length: 300000\r\n");
    assert_has(w,
               "\r\nAccept-Ranges: bytes\r\nCache-Control: public, max-age=0\r\nLast-Modified: ");
    assert_has(w, "\r\nETag: W/\"493e0-");
    assert_has(w, "\r\nContent-Type: text/plain; charset=UTF-8\r\nVary: Accept-Encoding\r\n");
    assert_body(w, w->big, BIG);
    ask(w, "GET", "/small.txt?x=1", "");
    assert_body(w, "0123456789", 10);
    ask(w, "GET", "/", gzip);
    assert_body(w, "<p>", 3);
    ask(w, "GET", "/empty.txt", gzip);
    assert_has(w, "\r\nContent-Length: 0\r\n");
    assert_body(w, "", 0);
    assert_int_equal(open_descriptors(), before);
}

static void sends_the_head_alone(void **state)
{
    world *w = *state;
    ask(w, "HEAD", "/big.txt", gzip);
    assert_has(w, "\r\nContent-Length: 300000\r\n");
    assert_lacks(w, "Content-Encoding");
    assert_body(w, "", 0);
    ask(w, "HEAD", "/small.txt", "Range: bytes=1-2\r\n");
    assert_status(w, "200");
    assert_has(w, "\r\nContent-Length: 10\r\n");
    assert_body(w, "", 0);
}

static void goes_before_dynamic_routes(void **state)
{
    world *w = *state;
    ask(w, "GET", "/other.txt", "");
    assert_body(w, "dynamic", 7);
    ask(w, "GET", "/.hidden", "");
    assert_body(w, "dynamic", 7);
}

/* P392 */
static void refuses_other_methods(void **state)
{
    world *w = *state;
    static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "PATCH" };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        ask(w, methods[i], "/small.txt", "");
        assert_status(w, "405");
        assert_has(w, "\r\nAllow: GET\r\nAllow: HEAD\r\n");
        assert_has(w, "Method Not Allowed.");
    }
}

static void compresses_a_file(void **state)
{
    world *w = *state;
    ask(w, "GET", "/big.txt", gzip);
    assert_has(w, "\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n");
    assert_lacks(w, "Content-Length");
    assert_true(assert_gunzipped(w, w->big, BIG));
    ask(w, "GET", "/photo.png", gzip);
    assert_lacks(w, "Content-Encoding");
    assert_lacks(w, "Vary");
    assert_body(w, w->big, BIG);
}

static void compresses_nothing_when_it_is_off(void **state)
{
    world *w = *state;
    ask(w, "GET", "/big.txt", gzip);
    assert_lacks(w, "Content-Encoding");
    assert_lacks(w, "Vary");
    assert_body(w, w->big, BIG);
    ask(w, "GET", "/big.txt", "If-None-Match: *\r\n");
    assert_status(w, "304");
    assert_lacks(w, "Vary");
    ask(w, "GET", "/long", gzip);
    assert_lacks(w, "Vary");
    assert_body(w, w->text, LONG);
}

typedef struct part_case {
    const char *fields, *status, *range, *text;
} part_case;

static void sends_parts(void **state)
{
    world *w = *state;
    static const part_case cases[] = {
        { "Range: bytes=2-4\r\n", "206", "Content-Range: bytes 2-4/10\r\n", "234" },
        { "Range: bytes=8-\r\n", "206", "Content-Range: bytes 8-9/10\r\n", "89" },
        { "Range: bytes=-3\r\n", "206", "Content-Range: bytes 7-9/10\r\n", "789" },
        { "Range: bytes=0-\r\nAccept-Encoding: gzip\r\n", "206", "bytes 0-9/10\r\n", "0123456789" },
        { "Range: bytes=0-0,5-6\r\n", "200", "Content-Length: 10\r\n", "0123456789" },
        { "Range: bytes=4-2\r\n", "200", "Content-Length: 10\r\n", "0123456789" },
        { "Range: lines=1-2\r\n", "200", "Content-Length: 10\r\n", "0123456789" },
        { "Range: bytes=10-\r\n", "416", "Content-Range: bytes */10\r\n",
          "Range Not Satisfiable\n" },
        { "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n", "200", "Content-Length: 10\r\n",
          "0123456789" },
        { "Range: bytes=1-2\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "200",
          "Content-Length", "0123456789" },
        { "Range: bytes=1-2\r\nIf-Range: nonsense\r\n", "200", "Content-Length", "0123456789" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask(w, "GET", "/small.txt", cases[i].fields);
        assert_status(w, cases[i].status);
        assert_has(w, cases[i].range);
        assert_body(w, cases[i].text, strlen(cases[i].text));
    }
}

/* The value of a field of the last answer, in a field line for the next request. */
static const char *as_condition(world *w, const char *field, const char *condition)
{
    static char line[256];
    const char *at = strstr(sent(w), field);
    assert_non_null(at);
    at += strlen(field) + 2;
    snprintf(line, sizeof line, "%s: %.*s\r\n", condition, (int)strcspn(at, "\r"), at);
    return line;
}

static void heeds_conditions(void **state)
{
    world *w = *state;
    char date[256], tag[256], fields[700];
    ask(w, "GET", "/small.txt", "");
    strcpy(date, as_condition(w, "Last-Modified", "If-Modified-Since"));
    strcpy(tag, as_condition(w, "ETag", "If-None-Match"));
    const char *const fresh[] = { date, tag, "If-None-Match: *\r\n",
                                  "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT\r\n" };
    for (size_t i = 0; i < sizeof fresh / sizeof *fresh; i++) {
        ask(w, i % 2 == 0 ? "GET" : "HEAD", "/small.txt", fresh[i]);
        assert_status(w, "304");
        assert_has(w, "\r\nETag: W/\"");
        assert_has(w, "\r\nVary: Accept-Encoding\r\n");
        assert_lacks(w, "Content-");
        assert_body(w, "", 0);
        snprintf(fields, sizeof fields, "%sCache-Control: max-age=0, no-cache\r\n", fresh[i]);
        ask(w, "GET", "/small.txt", fields);
        assert_status(w, "200");
    }
    /* The tag decides when there are both (RFC 9110, 13.2.2). */
    snprintf(fields, sizeof fields, "%sIf-None-Match: W/\"other\"\r\n", date);
    ask(w, "GET", "/small.txt", fields);
    assert_status(w, "200");
    snprintf(fields, sizeof fields, "%sIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", tag);
    ask(w, "GET", "/small.txt", fields);
    assert_status(w, "304");
    ask(w, "GET", "/small.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    assert_status(w, "200");
    ask(w, "GET", "/small.txt", "If-Modified-Since: yesterday\r\n");
    assert_status(w, "200");
}

static void takes_a_date_for_a_part(void **state)
{
    world *w = *state;
    char date[256], fields[700];
    ask(w, "GET", "/big.txt", "");
    strcpy(date, as_condition(w, "Last-Modified", "If-Range"));
    snprintf(fields, sizeof fields, "Range: bytes=0-3\r\n%s", date);
    ask(w, "GET", "/big.txt", fields);
    assert_status(w, "206");
    assert_body(w, w->big, 4);
    /* The part that the client has may be one of the compressed bytes. */
    snprintf(fields, sizeof fields, "Range: bytes=0-3\r\n%s%s", date, gzip);
    ask(w, "GET", "/big.txt", fields);
    assert_status(w, "200");
    assert_true(assert_gunzipped(w, w->big, BIG));
}

/* ---- A client that does not take it ---- */

static void reads_no_more_than_the_client_takes(void **state)
{
    world *w = *state;
    w->conn.sends_nothing = true;
    ask(w, "GET", "/big.txt", "");
    size_t const most = RESPONSE_PIECE_BYTES + 1024;
    for (int i = 0; i < 3; i++) {
        fake_turn(w->server);
        assert_true(buffer_length(&w->conn.conn.out) <= most);
        fake_conn_drain(&w->conn);
        w->conn.sends_nothing = true;
    }
    assert_int_equal(server_in_flight(w->server), 0);
}

static void answers_in_order_what_comes_meanwhile(void **state)
{
    world *w = *state;
    w->conn.sends_nothing = true;
    ask(w, "GET", "/big.txt", "");
    fake_conn_receive_text(&w->conn, "GET /small.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    fake_conn_receive_text(&w->conn, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    fake_conn_drain(&w->conn);
    capra_slice const rest = slice_from(body_of(w), BIG);
    assert_memory_equal(body_of(w).data, w->big, BIG);
    assert_non_null(strstr(rest.data, "\r\n\r\n0123456789HTTP/1.1 200 OK"));
    assert_memory_equal(rest.data + rest.length - 7, "dynamic", 7);
}

static void forgets_a_client_that_leaves(void **state)
{
    world *w = *state;
    static const char *const paths[] = { "/big.txt", "/long" };
    for (int i = 0; i < 4; i++) {
        int const before = open_descriptors();
        w->conn.sends_nothing = true;
        ask(w, "GET", paths[i % 2], i < 2 ? "" : gzip);
        fake_conn_cleanup(&w->conn);
        assert_int_equal(server_in_flight(w->server), 0);
        assert_int_equal(open_descriptors(), before);
        fake_conn_open(&w->conn, w->server);
    }
    assert_int_equal(w->ended, 0); /* the handler was done long before */
}

/* What was promised cannot be sent, and the client must see that. */
static void cuts_a_file_that_has_shrunk(void **state)
{
    world *w = *state;
    for (int i = 0; i < 2; i++) {
        w->conn.sends_nothing = true;
        ask(w, "GET", "/big.txt", i == 0 ? "" : "Accept-Encoding: zstd\r\n");
        write_file("public/big.txt", "gone", 4);
        fake_conn_drain(&w->conn);
        assert_true(w->conn.is_closed);
        fake_conn_cleanup(&w->conn);
        fake_conn_open(&w->conn, w->server);
        write_file("public/big.txt", w->big, BIG);
    }
}

static void serves_a_client_that_has_said_all(void **state)
{
    world *w = *state;
    buffer_cleanup(&w->conn.sent);
    w->conn.sends_nothing = true;
    fake_conn_receive_text(&w->conn, "GET /big.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    fake_conn_end(&w->conn);
    fake_conn_drain(&w->conn);
    assert_body(w, w->big, BIG);
    assert_true(w->conn.conn.lingers);
}

static void closes_after_the_last_piece(void **state)
{
    world *w = *state;
    ask(w, "GET", "/big.txt", "Connection: close\r\n");
    assert_has(w, "\r\nConnection: close\r\n");
    assert_body(w, w->big, BIG);
    assert_true(w->conn.conn.lingers);
}

/* ---- What handlers send ---- */

static void compresses_a_long_answer_in_pieces(void **state)
{
    world *w = *state;
    ask(w, "GET", "/long", gzip);
    assert_has(w, "\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n");
    assert_true(assert_gunzipped(w, w->text, LONG));
    ask(w, "GET", "/long", "");
    assert_body(w, w->text, LONG);
    assert_int_equal(w->ended, 0);
}

/* HTTP/1.0 knows no chunks. */
static void ends_the_connection_for_want_of_chunks(void **state)
{
    world *w = *state;
    buffer_cleanup(&w->conn.sent);
    fake_conn_receive_text(
        &w->conn, "GET /long HTTP/1.0\r\nConnection: keep-alive\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_has(w, "\r\nConnection: close\r\n");
    assert_lacks(w, "Transfer-Encoding");
    capra_slice const found = body_of(w);
    buffer in = { 0 };
    buffer_append_slice(&in, found);
    char *out = malloc(COPY_MAX);
    assert_int_equal(gunzip(out, &in), LONG);
    assert_memory_equal(out, w->text, LONG);
    free(out);
    buffer_cleanup(&in);
    assert_true(w->conn.conn.lingers);
}

static void write_piece(world *w, const char *text)
{
    capra_request *req = server_request(w->server, w->stream);
    assert_non_null(req);
    response_write(&req->res, slice_text(text));
    server_wrote(req);
}

static void holds_no_piece_back(void **state)
{
    world *w = *state;
    ask(w, "GET", "/stream", gzip);
    assert_has(w, "\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n");
    write_piece(w, "one ");
    fake_turn(w->server);
    assert_false(assert_gunzipped(w, "one ", 4));
    write_piece(w, "two ");
    write_piece(w, "three ");
    fake_turn(w->server);
    assert_false(assert_gunzipped(w, "one two three ", 14));
    response_end(&server_request(w->server, w->stream)->res, (capra_slice){ 0 });
    fake_turn(w->server);
    assert_true(assert_gunzipped(w, "one two three ", 14));
}

/* In parity the compressor decides, until it is told to flush: with nothing written. */
static void holds_back_as_next_does(void **state)
{
    world *w = *state;
    ask(w, "GET", "/stream", gzip);
    write_piece(w, "one ");
    fake_turn(w->server);
    assert_false(assert_gunzipped(w, "", 0));
    write_piece(w, "");
    fake_turn(w->server);
    assert_false(assert_gunzipped(w, "one ", 4));
    response_end(&server_request(w->server, w->stream)->res, (capra_slice){ 0 });
    fake_turn(w->server);
    assert_true(assert_gunzipped(w, "one ", 4));
    ask(w, "GET", "/stream", "Accept-Encoding: br, zstd\r\n");
    assert_lacks(w, "Content-Encoding");
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(sends_a_file),
        IN_WORLD(sends_the_head_alone),
        IN_WORLD(goes_before_dynamic_routes),
        IN_WORLD(refuses_other_methods),
        IN_WORLD(compresses_a_file),
        cmocka_unit_test_setup_teardown(compresses_nothing_when_it_is_off, set_up_uncompressed,
                                        tear_down),
        IN_WORLD(sends_parts),
        IN_WORLD(heeds_conditions),
        IN_WORLD(takes_a_date_for_a_part),
        IN_WORLD(reads_no_more_than_the_client_takes),
        IN_WORLD(answers_in_order_what_comes_meanwhile),
        IN_WORLD(forgets_a_client_that_leaves),
        IN_WORLD(cuts_a_file_that_has_shrunk),
        IN_WORLD(serves_a_client_that_has_said_all),
        IN_WORLD(closes_after_the_last_piece),
        IN_WORLD(compresses_a_long_answer_in_pieces),
        IN_WORLD(ends_the_connection_for_want_of_chunks),
        IN_WORLD(holds_no_piece_back),
        cmocka_unit_test_setup_teardown(holds_back_as_next_does, set_up_as_next, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
