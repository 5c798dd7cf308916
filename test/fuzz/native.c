/* SPDX-License-Identifier: MIT */
/* Requests against routes in C, from the first byte to the last: the ones of examples/twins, and
 * some that answer later. The first byte says what the client does besides sending the others:
 * reading nothing, sending no more, leaving. Whatever comes, each request ends, and takes its
 * memory along. */
#include "random.h"
#include "support/fake_conn.h"

#include <stdlib.h>

/* Each file makes one, and all of them in this one are told apart. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define capra_route  hello_route
#define capra_config hello_config
#include "../../examples/twins/c/pages/api/hello.c"
#undef capra_route
#undef capra_config
#define capra_route  user_route
#define capra_config user_config
#include "../../examples/twins/c/pages/api/users/[id].c"
#undef capra_route
#undef capra_config
#define capra_route  document_route
#define capra_config document_config
#include "../../examples/twins/c/pages/api/docs/[...slug].c"
#undef capra_route
#undef capra_config
#define capra_route  search_route
#define capra_config search_config
#include "../../examples/twins/c/pages/api/search.c"
#undef capra_route
#undef capra_config
#define capra_route  cookies_route
#define capra_config cookies_config
#include "../../examples/twins/c/pages/api/cookies.c"
#undef capra_route
#undef capra_config
#define capra_route  headers_route
#define capra_config headers_config
#include "../../examples/twins/c/pages/api/headers.c"
#undef capra_route
#undef capra_config
#define capra_route  echo_route
#define capra_config echo_config
#include "../../examples/twins/c/pages/api/echo.c"
#undef capra_route
#undef capra_config
#define capra_route  form_route
#define capra_config form_config
#include "../../examples/twins/c/pages/api/form.c"
#undef capra_route
#undef capra_config
#define capra_route  go_route
#define capra_config go_config
#include "../../examples/twins/c/pages/api/go.c"
#undef capra_route
#undef capra_config
#define capra_route  upload_route
#define capra_config upload_config
#include "../../examples/twins/c/pages/api/upload.c"
#undef capra_route
#undef capra_config
#define capra_route  file_route
#define capra_config file_config
#include "../../examples/twins/c/pages/api/file.c"
#undef capra_route
#undef capra_config

enum { LARGEST = 1 << 16, WAITING_MAX = 256, READS_NOTHING = 1, SENDS_NO_MORE = 2, LEAVES = 4 };

/* ---- Routes that answer later: when the input has been read ---- */

typedef struct waiting {
    capra_request *req;
    capra_response *res;
    bool is_streaming;
} waiting;

static waiting all[WAITING_MAX];
static size_t waiting_count, cancelled_count;

static void on_cancel(capra_request *req, void *data)
{
    (void)data;
    cancelled_count += capra_is_cancelled(req);
}

static void wait_here(capra_request *req, capra_response *res, bool is_streaming)
{
    if (waiting_count == WAITING_MAX) {
        capra_fail(res, 503, "enough");
        return;
    }
    capra_defer(req);
    capra_on_cancel(req, on_cancel, NULL);
    all[waiting_count++] = (waiting){ req, res, is_streaming };
}

static void later(capra_request *req, capra_response *res)
{
    wait_here(req, res, false);
}

static void pieces(capra_request *req, capra_response *res)
{
    capra_response_header(res, "X-Path", capra_text(req, capra_request_path(req)));
    if (capra_response_begin(res, 200, "text/plain", -1) == 0)
        capra_response_write(res, "piece", 5);
    wait_here(req, res, true);
}

/* Some are answered, some given up. */
static void answer_all(uint64_t *seed)
{
    for (size_t i = 0; i < waiting_count; i++) {
        waiting const w = all[i];
        bool const gives_up = random_next(seed) % 4 == 0;
        if (gives_up)
            capra_abandon(w.req);
        else if (w.is_streaming)
            capra_response_end(w.res);
        else
            capra_json(w.res, 200, "{s:s}", "path", capra_text(w.req, capra_request_url(w.req)));
    }
    waiting_count = 0;
}

/* ---- The server ---- */

static server *make_server(void)
{
    app_entry const entries[] = {
        { .pattern = "/api/hello", .method = APP_ANY_METHOD, .run = hello_route.run },
        { .pattern = "/api/users/[id]", .method = APP_ANY_METHOD, .run = user_route.run },
        { .pattern = "/api/docs/[...slug]", .method = APP_ANY_METHOD, .run = document_route.run },
        { .pattern = "/api/search", .method = APP_ANY_METHOD, .run = search_route.run },
        { .pattern = "/api/cookies", .method = APP_ANY_METHOD, .run = cookies_route.run },
        { .pattern = "/api/headers", .method = APP_ANY_METHOD, .run = headers_route.run },
        { .pattern = "/api/echo", .method = HTTP_POST, .run = echo_route.run, .body_limit = 2048 },
        { .pattern = "/api/form", .method = HTTP_POST, .run = form_route.run },
        { .pattern = "/api/go", .method = HTTP_GET, .run = go_route.run },
        { .pattern = "/api/file", .method = HTTP_GET, .run = file_route.run },
        { .pattern = "/api/upload",
          .method = APP_ANY_METHOD,
          .run = upload_route.run,
          .streams_body = true },
        { .pattern = "/api/later", .method = APP_ANY_METHOD, .run = later },
        { .pattern = "/api/pieces", .method = APP_ANY_METHOD, .run = pieces },
    };
    char why[256];
    app *a;
    options o;
    options_init(&o);
    if (app_make(&a, entries, sizeof entries / sizeof *entries, NULL, why, sizeof why) != 0)
        abort();
    server *s = server_new(&o, a, NULL, NULL);
    app_release(a);
    return s;
}

static void receive_cut(fake_conn *c, const uint8_t *data, size_t size, uint64_t *seed)
{
    while (size > 0) {
        size_t const most = 1 + random_next(seed) % 512;
        size_t const part = most < size ? most : size;
        fake_conn_receive(c, data, part);
        data += part;
        size -= part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static server *s;
    if (s == NULL)
        s = make_server();
    if (size < 1 || size > LARGEST)
        return 0;
    uint64_t seed = random_seed(data, size);
    fake_conn c;
    fake_conn_open(&c, s);
    c.sends_nothing = data[0] & READS_NOTHING;
    receive_cut(&c, data + 1, size - 1, &seed);
    if (!c.is_closed && (data[0] & SENDS_NO_MORE))
        fake_conn_end(&c);
    if (data[0] & LEAVES)
        fake_conn_cleanup(&c);
    answer_all(&seed);
    fake_turn(s);
    if (!c.is_closed && c.conn.is_writing)
        fake_conn_drain(&c);
    fake_conn_cleanup(&c);
    answer_all(&seed); /* requests that came to their turn by then */
    fake_turn(s);
    if (server_in_flight(s) != 0)
        abort();
    return 0;
}
